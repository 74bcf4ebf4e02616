import assert from "node:assert/strict";
import { test } from "node:test";
import { findServer, type Surroundings } from "../src/findServer";

function at(changes: Partial<Surroundings>, ...programs: string[]): Surroundings {
  return {
    setting: "",
    searchPath: "/usr/bin:/opt/bin",
    platform: "linux",
    home: "/home/ada",
    folder: "/ws",
    isExecutable: (path) => programs.includes(path),
    ...changes,
  };
}

test("without a setting, locus is looked for on PATH", () => {
  assert.deepEqual(findServer(at({}, "/opt/bin/locus")), { path: "/opt/bin/locus" });
  assert.match((findServer(at({})) as { problem: string }).problem, /no locus on PATH/);
});

test("a relative entry of PATH is passed over", () => {
  assert.ok("problem" in findServer(at({ searchPath: ".:bin:" }, "bin/locus", "locus")));
});

test("the setting may be absolute, start at home or be a name", () => {
  const program = "/home/ada/bin/locus";
  assert.deepEqual(findServer(at({ setting: program }, program)), { path: program });
  assert.deepEqual(findServer(at({ setting: "~/bin/locus" }, program)), { path: program });
  assert.deepEqual(findServer(at({ setting: "locus-next" }, "/usr/bin/locus-next")), { path: "/usr/bin/locus-next" });
});

test("a setting that names no program is an error, not a reason to look elsewhere", () => {
  const found = findServer(at({ setting: "/gone/locus" }, "/usr/bin/locus"));
  assert.match((found as { problem: string }).problem, /\/gone\/locus/);
});

test("a relative setting starts from a trusted folder only", () => {
  const relative = { setting: ".venv/bin/locus" };
  assert.deepEqual(findServer(at(relative, "/ws/.venv/bin/locus")), { path: "/ws/.venv/bin/locus" });
  assert.ok("problem" in findServer(at({ ...relative, folder: undefined }, "/ws/.venv/bin/locus", ".venv/bin/locus")));
});

test("Windows: the program is an .exe, and PATH is split at semicolons", () => {
  const windows = { platform: "win32", searchPath: "C:\\a;C:\\b" } as const;
  assert.deepEqual(findServer(at(windows, "C:\\b\\locus.exe")), { path: "C:\\b\\locus.exe" });
});

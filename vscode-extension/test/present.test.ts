import assert from "node:assert/strict";
import { test } from "node:test";
import {
  explain,
  failureOf,
  fit,
  isActive,
  linesToWrite,
  nameOfRun,
  presentKept,
  presentSnapshot,
  presentQuestion,
  presentStatus,
  sizeOf,
} from "../src/present";
import type { KeptWorktree, RunView } from "../src/protocol";

const RUN: RunView = {
  id: "r1",
  folder: "file:///f",
  kind: "standalone",
  state: "running",
  tasks: [{ number: 4, title: "Fix", state: "working" }],
  questions: [],
  startedAt: "2026-01-01T00:00:00Z",
};

test("the status bar shows an icon for the state and a background only when something is wrong", () => {
  const working = presentStatus({ state: "working", text: "2/5", tooltip: "Sprint 1" });
  assert.deepEqual(working, { text: "$(sync~spin) Locus: 2/5", tooltip: "Sprint 1" });
  const failed = presentStatus({ state: "failed", text: "Locus: 1 failed", tooltip: "" });
  assert.equal(failed.text, "$(error) Locus: 1 failed");
  assert.equal(failed.tooltip, "Locus: 1 failed");
  assert.equal(failed.background, "statusBarItem.errorBackground");
  const attention = presentStatus({ state: "attention", text: "asks", tooltip: "" });
  assert.equal(attention.background, "statusBarItem.warningBackground");
});

test("text from a tracker draws no icon", () => {
  assert.equal(presentStatus({ state: "idle", text: "$(flame) x", tooltip: "" }).text, "$(check) Locus: $ (flame) x");
});

test("an error's hint follows its message", () => {
  const error = Object.assign(new Error("#12 belongs to Sprint 1"), { data: { hint: "run the sprint" } });
  assert.equal(explain(error), "#12 belongs to Sprint 1 — run the sprint");
  assert.equal(explain(Object.assign(new Error("no"), { data: { hint: null } })), "no");
  assert.equal(explain("odd"), "odd");
});

test("a run is named by its sprint, its only task or its tasks' numbers", () => {
  const run = RUN;
  assert.equal(nameOfRun(run), "#4 Fix");
  assert.equal(nameOfRun({ ...run, tasks: [...run.tasks, { number: 7, title: "x", state: "done" }] }), "#4, #7");
  assert.equal(nameOfRun({ ...run, sprint: "Sprint 1" }), "Sprint 1");
});

const ONCE = { id: "once", label: "Allow once", kind: "allow_once" };
const ALWAYS = { id: "always", label: "Always in this run: make db", kind: "allow_always" };

test("what an answer for good covers is said beside its button, once", () => {
  const question = {
    id: "4-1",
    task: 4,
    kind: "permission",
    title: "May it?",
    detail: "Why.",
    options: [ONCE, ALWAYS],
  };
  assert.deepEqual(presentQuestion(question), {
    title: "#4: May it?",
    detail: "Why.\n\nAlways in this run: make db",
    buttons: ["Allow once", "Always in this run"],
  });
  assert.equal(presentQuestion({ ...question, title: "May it run `make db`?" }).detail, "Why.");
  const allow = { id: "allow", label: "Allow", kind: "allow_always" };
  assert.deepEqual(presentQuestion({ ...question, options: [allow] }).buttons, ["Allow"]);
});

test("buttons that would be cut short do not fit", () => {
  assert.ok(fit("Allow once", "Always in this run", "Deny", "Show Details"));
  assert.ok(!fit("Base branch main", "My branch feature at 0123456789", "Including my uncommitted changes"));
});

test("a run that waits for an answer is told without the terminal's command", () => {
  const task = { number: 4, title: "Fix", state: "blocked", error: "nobody has answered", hint: "locus answer" };
  const question = { id: "4-1", task: 4, kind: "permission", title: "May it?", detail: "", options: [ONCE] };
  const run: RunView = { ...RUN, state: "failed", tasks: [task], questions: [question] };
  assert.equal(failureOf(run), "#4 Fix failed: nobody has answered");
});

test("a failed run says why and what to do, of its task where that is known", () => {
  const task = { number: 4, title: "Fix", state: "failed", error: "the tests fail", hint: "see the log" };
  const run: RunView = { ...RUN, state: "failed", reason: "a task failed", tasks: [task] };
  assert.equal(failureOf(run), "#4 Fix failed: the tests fail — see the log");
  const refused: RunView = { ...RUN, state: "refused", reason: "not allowed", hint: "allow it" };
  assert.equal(failureOf(refused), "#4 Fix refused: not allowed — allow it");
  assert.equal(failureOf({ ...RUN, sprint: "Sprint 1", state: "lost" }), "Sprint 1 lost");
});

test("a run that has ended is not active", () => {
  assert.ok(isActive("stopping"));
  assert.ok(!isActive("lost"));
});

test("a log that is told again goes on where it was, and a gap is said", () => {
  const message = { runId: "r1", task: 1, from: 0, lines: ["a", "b", "c"] };
  assert.deepEqual(linesToWrite(0, message), ["a", "b", "c"]);
  assert.deepEqual(linesToWrite(2, message), ["c"]);
  assert.deepEqual(linesToWrite(5, message), []);
  assert.deepEqual(linesToWrite(1, { ...message, from: 3 }), ["[2 lines are not shown]", "a", "b", "c"]);
});

const SNAPSHOT = { ref: "refs/locus/keep/r1/4/2", at: "2026-01-01T10:20:30.000Z", bytes: 2_000_000 };
const NAMELESS: KeptWorktree = {
  path: "/p/.locus/worktrees/issue-4",
  branch: "",
  state: "failed",
  reason: "failed: $(flame)",
  bytes: 512,
  createdAt: "2026-01-01T00:00:00.000Z",
  keepRefs: [SNAPSHOT],
};
const KEPT: KeptWorktree = { ...NAMELESS, branch: "locus/issue-4", task: 4, keepRefs: [] };

test("what is kept says why, how old and how large it is", () => {
  const line = presentKept(KEPT, new Date("2026-01-03T01:00:00Z"));
  assert.deepEqual(line, {
    label: "#4 locus/issue-4",
    description: "failed · 2 days old · 512 B",
    detail: "failed: $ (flame)",
  });
  const today = presentKept(NAMELESS, new Date("2026-01-01T01:00:00Z"));
  assert.equal(today.label, "issue-4");
  assert.equal(today.description, "failed · today · 512 B · 1 snapshot");
});

test("a snapshot says since when and until when it is kept", () => {
  const line = presentSnapshot({ ...SNAPSHOT, keptUntil: "2026-01-31T10:20:30.000Z" });
  assert.equal(line.label, "$(history) Restore snapshot 2");
  assert.equal(line.description, "2026-01-01 10:20 UTC · 1.9 MB · kept until 2026-01-31");
});

test("bytes are said as a person says them", () => {
  assert.deepEqual([0, 999, 1000, 20_000, 5 * 1024 ** 3].map(sizeOf), ["0 B", "999 B", "1.0 KB", "20 KB", "5.0 GB"]);
});

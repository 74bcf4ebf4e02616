/** Which program the language server is. Pure but for the question whether a file can be executed. */
import { posix, win32 } from "node:path";

export interface Surroundings {
  /** The setting `locus.server.path`. */
  readonly setting: string;
  /** The PATH variable. */
  readonly searchPath: string;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** A trusted folder that a relative setting starts from; none in a folder that is not trusted. */
  readonly folder: string | undefined;
  readonly isExecutable: (path: string) => boolean;
}

/** The program's path, or why there is none. */
export type Found = { readonly path: string } | { readonly problem: string };

export function findServer(at: Surroundings): Found {
  const setting = at.setting.trim();
  if (setting === "") {
    const path = onSearchPath("locus", at);
    return path ? { path } : { problem: "Locus's language server was not found: there is no locus on PATH." };
  }
  const path = named(setting, at);
  return path !== undefined && at.isExecutable(path)
    ? { path }
    : { problem: `Locus's language server was not found: locus.server.path is ${setting}, which is not a program.` };
}

function named(setting: string, at: Surroundings): string | undefined {
  const paths = at.platform === "win32" ? win32 : posix;
  if (paths.isAbsolute(setting)) return setting;
  if (/^~[\\/]/.test(setting)) return paths.join(at.home, setting.slice(2));
  if (!/[\\/]/.test(setting)) return onSearchPath(setting, at);
  return at.folder === undefined ? undefined : paths.join(at.folder, setting);
}

/** A program of this name in the absolute folders of PATH; a relative one would let the open folder choose the program. */
function onSearchPath(name: string, at: Surroundings): string | undefined {
  const windows = at.platform === "win32";
  const paths = windows ? win32 : posix;
  const file = windows && !/\.exe$/i.test(name) ? `${name}.exe` : name;
  return at.searchPath
    .split(paths.delimiter)
    .filter((folder) => paths.isAbsolute(folder))
    .map((folder) => paths.join(folder, file))
    .find((path) => at.isExecutable(path));
}

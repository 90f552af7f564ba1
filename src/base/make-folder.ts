import { mkdirSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those above it that are missing; one that is there stays as it is. Throws what the system says, with
 * its code. `mkdirSync` with `recursive` never ends where the system makes no folders, as in `/proc`.
 */
export function makeFolder(folder: string, { mode = 0o777 }: { readonly mode?: number } = {}): Stats {
  try {
    mkdirSync(folder, { mode });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const above = dirname(folder);
    if (code === "ENOENT" && above !== folder) {
      makeFolder(above, { mode });
      makeLast(folder, mode);
    } else if (!isFolder(folder, code)) throw cause;
  }
  return statSync(folder);
}

/** Of a folder that is there, that there is none means something else. */
function makeLast(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw Object.assign(new Error(`no folder can be made in ${dirname(folder)}`, { cause }), { code: "ENOTSUP" });
    // Another process has made it meanwhile.
    if (!isFolder(folder, code)) throw cause;
  }
}

/** Throws where a link is there that leads nowhere. */
function isFolder(folder: string, code: string | undefined): boolean {
  return statSync(folder, { throwIfNoEntry: code === "EEXIST" })?.isDirectory() ?? false;
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** File contents by path relative to the target folder. */
export type Files = Record<string, string>;

export function readFiles(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path).replaceAll("\\", "/"), readFileSync(path, "utf8")];
      }),
  );
}

/** Replaces the whole folder, so that nothing stale stays behind. */
export function writeFiles(folder: string, files: Files): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** One sentence for each file that is missing, edited or left over. */
export function compareFiles(folder: string, files: Files): string[] {
  const present = existsSync(folder) ? readFiles(folder) : {};
  const changed = Object.entries(files)
    .filter(([name, text]) => present[name] !== text)
    .map(([name]) => `${name} ${present[name] === undefined ? "is missing" : "differs from its source"}`);
  const left = Object.keys(present)
    .filter((name) => files[name] === undefined)
    .map((name) => `${name} has no source`);
  return [...changed, ...left];
}

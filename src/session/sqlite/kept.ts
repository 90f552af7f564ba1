import { existsSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/**
 * A file beside the database that says that there are sessions in it. A database that was emptied or removed looks like one
 * that is new; with this beside it, it does not.
 */
export function toKeptPath(path: string): string {
  return `${path}-kept`;
}

/** What a database that had sessions has become, in words; undefined where it has them, or never had any. */
export function findLoss(path: string): "missing" | "empty" | undefined {
  if (!existsSync(toKeptPath(path))) return undefined;
  if (!existsSync(path)) return "missing";
  // With a write-ahead log beside it, the sessions may all be in there.
  return statSync(path).size === 0 && !existsSync(`${path}-wal`) ? "empty" : undefined;
}

/** Remembers that there are sessions. Throws where it cannot be written. */
export function markKept(path: string): void {
  const text = `There are sessions in ${basename(path)} beside this file. If that is missing or empty, clawgate does not start, unless this file is deleted.\n`;
  if (!existsSync(toKeptPath(path))) writeFileSync(toKeptPath(path), text, { mode: 0o600 });
}

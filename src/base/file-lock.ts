import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** A file that its process keeps locked until it closes it or ends, however it ends. */
export interface FileLock {
  close(): void;
}

/** Whoever looks whether a file is locked holds it for a moment. */
const probeMs = 250;

/**
 * Makes the file (0600) where it is missing, and locks it. Node has no locks of files, and SQLite has: an empty file is a
 * database to it, and a transaction on it a lock. Throws if the file cannot be made, or somebody holds its lock.
 */
export function lockFile(file: string): FileLock {
  closeSync(openSync(file, "a", 0o600));
  const lock = new DatabaseSync(file, { timeout: probeMs });
  try {
    // A journal in memory, so that there is no other file.
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw cause;
  }
  return lock;
}

/** False also for a file that is not there, and where nobody can tell. */
export function isUnlocked(file: string): boolean {
  if (!existsSync(file)) return false;
  // Read-only, so that the file is not made anew if it goes meanwhile.
  try {
    using probe = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    probe.prepare("SELECT 1 FROM sqlite_schema").all();
    return true;
  } catch {
    return false;
  }
}

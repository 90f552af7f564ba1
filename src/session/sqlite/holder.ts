import { existsSync, readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isUnlocked, lockFile } from "../../base/file-lock.ts";
import type { WorkerOptions } from "./protocol.ts";

/**
 * A store as the others on its file know it: by an empty file beside the database that it keeps locked until it closes, or
 * until its process ends, however it ends. The lock is the system's, so it is right where ids of processes are not: they
 * are given out again, and in two containers on one volume they are equal, as names of hosts may be.
 */
export interface Holder {
  /** Written into leases. */
  readonly name: string;
  /**
   * Whether a name is that of a store which is certainly gone. False where nobody can tell, as of a lock file that
   * somebody has removed: the leases of that holder end when their time is over.
   */
  isGone(name: string): boolean;
  /** The other way round: false unless it certainly works on this database, of which its lock file is proof. */
  isHere(name: string): boolean;
  /** Removes the lock files of stores that are gone. */
  sweep(): void;
  /** Unlocks and removes this store's own. */
  close(): void;
}

/** The lock files of all stores that are open on a database. */
export function listHolders(path: string): readonly string[] {
  const stem = `${basename(path)}-holder-`;
  return readdirSync(dirname(path))
    .filter((file) => file.startsWith(stem))
    .map((file) => join(dirname(path), file))
    .filter((file) => existsSync(file) && !isUnlocked(file));
}

const namePattern = /^lock:([0-9a-f-]{36}):/;

/** `path` is that of the database, whose folder must exist. Throws if the lock file cannot be made or locked. */
export function openHolder({ path, id: own }: WorkerOptions): Holder {
  const stem = `${path}-holder-`;
  const lock = lockFile(stem + own);

  const toId = (name: string): string | undefined => namePattern.exec(name)?.[1];

  function isGone(name: string): boolean {
    const id = toId(name);
    return id !== undefined && id !== own && isUnlocked(stem + id);
  }

  return {
    // Host and process are for whoever reads the table.
    name: `lock:${own}:${hostname()}:${process.pid}`,
    isGone,
    isHere(name) {
      const id = toId(name);
      return id === own || (id !== undefined && existsSync(stem + id) && !isGone(name));
    },
    sweep() {
      const folder = dirname(path);
      for (const file of readdirSync(folder)) {
        if (!file.startsWith(basename(stem)) || join(folder, file) === stem + own) continue;
        if (isUnlocked(join(folder, file))) rmSync(join(folder, file), { force: true });
      }
    },
    close() {
      lock.close();
      rmSync(stem + own, { force: true });
    },
  };
}

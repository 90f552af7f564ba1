import type { DatabaseSync } from "node:sqlite";
import { isFlushFailure } from "./batch.ts";
import { busyMs } from "./database.ts";

/** How often it is tried again while nobody calls. */
const tryAgainMs = 1_000;

export interface Purge {
  /** Tries, where it is wanted now or is still owed. Throws as a batch does. */
  run(isWanted: boolean): void;
  /** Tries no more. */
  stop(): void;
}

/**
 * Until it is moved into the database, the write-ahead log holds what was erased as it was written. Where that fails, as on
 * a full disk, or while another process reads what was there before, it is tried again: what was asked for is done all the
 * same. A try that throws by itself ends the thread, as one behind a call does.
 */
export function createPurge(database: DatabaseSync): Purge {
  let isOwed = false;
  let timer: NodeJS.Timeout | undefined;
  const attempt = (): void => {
    clearTimeout(timer);
    isOwed = !emptyLog(database);
    if (isOwed) timer = setTimeout(attempt, tryAgainMs).unref();
  };
  return {
    run(isWanted) {
      isOwed ||= isWanted;
      if (isOwed) attempt();
    },
    stop: () => clearTimeout(timer),
  };
}

/** Waits for nobody: all sessions would wait with it. */
function emptyLog(database: DatabaseSync): boolean {
  database.exec("PRAGMA busy_timeout = 0");
  try {
    // Whoever is in its way is said in the answer, and no error.
    return database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
  } catch (error) {
    if (isFlushFailure(error)) throw error;
    return false;
  } finally {
    database.exec(`PRAGMA busy_timeout = ${busyMs}`);
  }
}

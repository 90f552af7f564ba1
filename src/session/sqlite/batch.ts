import type { DatabaseSync } from "node:sqlite";
import { toFailure } from "./store-failure.ts";
import { accessOf } from "./access.ts";
import type { Perform } from "./store-operations.ts";
import type { Answer, Call } from "./protocol.ts";

/**
 * Group commit: runs the calls in one transaction, in order, and returns their answers once it is over, so that one
 * flush of the disk pays for all of them. A call that fails is undone by itself; if the transaction fails, all have.
 *
 * Throws only when the disk failed to flush. Then nobody knows what is on it: the kernel may have dropped the pages,
 * and a later flush would succeed without them. The worker must end; a restart reads what is there.
 */
export type RunBatch = (calls: readonly Call[]) => readonly Answer[];

export function createBatch(database: DatabaseSync, perform: Perform, assertInPlace: () => void): RunBatch {
  const save = database.prepare("SAVEPOINT operation");
  const keep = database.prepare("RELEASE operation");
  const undo = database.prepare("ROLLBACK TO operation");

  function attempt(call: Call): Answer {
    save.run();
    try {
      const reply = perform(call);
      keep.run();
      return { id: call.id, ok: true, reply };
    } catch (error) {
      // A full or failing disk makes SQLite roll back everything, and with it the calls that went well.
      if (!database.isTransaction) throw error;
      undo.run();
      keep.run();
      return { id: call.id, ok: false, failure: toFailure(error) };
    }
  }

  return (calls) => {
    try {
      begin(database, calls);
      const answers = calls.map(attempt);
      assertInPlace();
      database.exec("COMMIT");
      return answers;
    } catch (error) {
      if (isFlushFailure(error)) throw error;
      if (database.isTransaction) database.exec("ROLLBACK");
      return calls.map(({ id }) => ({ id, ok: false, failure: toFailure(error) }));
    }
  };
}

function begin(database: DatabaseSync, calls: readonly Call[]): void {
  const accesses = new Set(calls.map((call) => accessOf[call.name]));
  // In WAL mode NORMAL means that a commit is not flushed by itself, but with the next one that is.
  database.exec(accesses.has("durable") ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  // Taking the write lock at once avoids a deadlock between two readers that both want to write.
  database.exec(accesses.has("durable") || accesses.has("write") ? "BEGIN IMMEDIATE" : "BEGIN");
}

/** SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC (https://sqlite.org/rescode.html). */
const flushFailures: readonly unknown[] = [1034, 1290];

export function isFlushFailure(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && flushFailures.includes(error.errcode);
}

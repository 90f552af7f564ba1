import type { DatabaseSync } from "node:sqlite";
import { type Retention, traceFactor } from "../run-store.ts";

/** Taking away what runs have said. Every function runs inside the caller's transaction. */
export interface RunRetention {
  prune(retention: Retention): boolean;
  /** What the ended runs of a session have said. */
  erase(sessionKey: string): void;
}

/** A run may have many events, and the others wait meanwhile. */
const prunedAtOnce = 8;

interface EndedRow {
  readonly number: number;
  readonly ended_at: number;
}

export function createRunRetention(database: DatabaseSync): RunRetention {
  const count = database.prepare("SELECT count(*) AS runs FROM run WHERE ended_at IS NOT NULL AND expired IN (0, ?)");
  const getOldest = database.prepare(`
    SELECT number, ended_at FROM run WHERE ended_at IS NOT NULL AND expired = ?
    ORDER BY ended_at, number LIMIT ${prunedAtOnce}`);
  const getOfSession = database.prepare(
    "SELECT number FROM run WHERE session_key = ? AND ended_at IS NOT NULL AND expired = 0",
  );
  const removeEvents = database.prepare("DELETE FROM run_event WHERE run = ?");
  const removeKey = database.prepare("DELETE FROM run_key WHERE run = ?");
  // What went wrong is said by its code, and the text may be the client's.
  const expire = database.prepare(
    "UPDATE run SET expired = 1, answer = NULL, error = NULL, form = '' WHERE number = ?",
  );
  const remove = database.prepare("DELETE FROM run WHERE number = ?");

  function empty(number: number): void {
    removeEvents.run(number);
    removeKey.run(number);
    expire.run(number);
  }

  /** Of those that are expired or not, the oldest that are beyond what is kept. */
  function listBeyond(expired: 0 | 1, { ageMs, runsMax }: Retention): readonly number[] {
    const excess = Number(count.get(expired)?.["runs"]) - runsMax;
    const before = Date.now() - ageMs;
    const rows = getOldest.all(expired) as unknown as EndedRow[];
    return rows.filter((row, index) => index < excess || row.ended_at < before).map(({ number }) => number);
  }

  return {
    prune({ ageMs, runsMax }) {
      const whole = listBeyond(0, { ageMs, runsMax });
      for (const number of whole) empty(number);
      const traces = listBeyond(1, { ageMs: ageMs * traceFactor, runsMax: runsMax * traceFactor });
      for (const number of traces) remove.run(number);
      return whole.length === prunedAtOnce || traces.length === prunedAtOnce;
    },
    erase(sessionKey) {
      for (const row of getOfSession.all(sessionKey)) empty(Number(row["number"]));
    },
  };
}

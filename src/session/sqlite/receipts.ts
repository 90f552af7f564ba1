import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { type Arrival, besideMs, isAnswerTo, mayBeAnswered, type Receipt, receiptMs } from "../store.ts";

/** What calls of the last minutes were answered. Every function runs inside the caller's transaction. */
export interface Receipts {
  /** As `SessionStore.open` says of arrivals. A receipt that does not match its checksum counts as none. */
  meet(key: string, arrival: Arrival | undefined): Receipt | undefined;
  put(key: string, receipt: Receipt): void;
  erase(key: string): void;
}

interface ReceiptRow {
  readonly answer: string;
  readonly checksum: number;
  readonly again: number;
  readonly created_at: number;
}

/** How many receipts that are too old go with each new one, so that old ones never gather. */
const prunedAtOnce = 4;

export function createReceipts(database: DatabaseSync): Receipts {
  const get = database.prepare(`
    SELECT answer, checksum, again, created_at FROM receipt WHERE session_key = ? AND digest = ?`);
  const put = database.prepare(`
    INSERT OR REPLACE INTO receipt (session_key, digest, answer, checksum, again, created_at) VALUES (?, ?, ?, ?, ?, ?)`);
  const forget = database.prepare(`
    DELETE FROM receipt WHERE session_key = ? AND (created_at <= ? OR (digest = ? AND created_at <= ?))`);
  const erase = database.prepare("DELETE FROM receipt WHERE session_key = ?");
  // Ids are given in the order of time.
  const prune = database.prepare(`
    DELETE FROM receipt WHERE id IN (SELECT id FROM receipt ORDER BY id LIMIT ${prunedAtOnce}) AND created_at < ?`);

  function find(key: string, digest: string): Receipt | undefined {
    const row = get.get(key, digest) as ReceiptRow | undefined;
    if (row === undefined || crc32(row.answer) !== row.checksum) return undefined;
    // A clock may have been set back, or forward.
    return Math.abs(Date.now() - row.created_at) > receiptMs
      ? undefined
      : { digest, answer: row.answer, again: row.again !== 0 };
  }

  return {
    meet(key, arrival) {
      if (arrival === undefined) return undefined;
      const { at, digest = "", again } = arrival;
      if (!again) forget.run(key, at - besideMs, digest, at);
      if (!mayBeAnswered(arrival, Date.now())) return undefined;
      const receipt = find(key, digest);
      return receipt !== undefined && isAnswerTo(arrival, receipt) ? receipt : undefined;
    },
    put(key, { digest, answer, again }) {
      const now = Date.now();
      prune.run(now - receiptMs);
      put.run(key, digest, answer, crc32(answer), again ? 1 : 0, now);
    },
    erase: (key) => void erase.run(key),
  };
}

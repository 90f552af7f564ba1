import type { DatabaseSync } from "node:sqlite";
import type { Snapshot } from "../cache.ts";
import { type ChainedRow, findBreak, startChain, toChainedRows } from "../chain.ts";
import { StoreFailure } from "./store-failure.ts";

/** Sessions and their messages. Every function runs inside the caller's transaction. */
export interface Transcripts {
  /** Throws `StoreFailure` `corrupt` if what is stored does not match its checksums. */
  read(key: string, knownRevision: number): Snapshot;
  /** The same without messages, which nothing is read of. */
  find(key: string): Snapshot;
  /** Throws as `read` does. */
  assertIntact(key: string): void;
  /** Supersedes all but `keep` messages, appends `bodies`, and returns the new revision. Throws `keep-out-of-range`. */
  append(key: string, keep: number, bodies: readonly string[]): number;
  /** Removes every message, and the session from every list until the next `append`. */
  erase(key: string): void;
}

// The tables are STRICT, so the columns have the types that these rows claim.
interface SessionRow {
  readonly revision: number;
  readonly length: number;
  readonly last_sequence: number;
  readonly checksum: number;
  /** 0 where there is no session. */
  readonly updated_at: number;
}

/** The end of the kept messages: where the chain of checksums goes on. */
interface Tail {
  readonly sequence: number;
  readonly checksum: number;
}

export function createTranscripts(database: DatabaseSync): Transcripts {
  const getSession = database.prepare(`
    SELECT revision, length, last_sequence, checksum, iif(deleted_at IS NULL, updated_at, 0) AS updated_at
    FROM session WHERE session_key = ?`);
  const putSession = database.prepare(`
    INSERT INTO session (session_key, revision, length, last_sequence, checksum, created_at, updated_at)
    VALUES ($key, $revision, $length, $lastSequence, $checksum, $now, $now)
    ON CONFLICT (session_key) DO UPDATE SET revision = excluded.revision, length = excluded.length,
      last_sequence = excluded.last_sequence, checksum = excluded.checksum,
      created_at = iif(deleted_at IS NULL, created_at, excluded.created_at),
      updated_at = max(updated_at, excluded.updated_at), deleted_at = NULL`);
  const removeMessages = database.prepare("DELETE FROM message WHERE session_key = ?");
  const emptySession = database.prepare(
    "UPDATE session SET revision = revision + 1, length = 0, checksum = ?, deleted_at = ? WHERE session_key = ?",
  );
  const getMessages = database.prepare(
    "SELECT body, checksum FROM message WHERE session_key = ? AND superseded_at IS NULL ORDER BY sequence",
  );
  const getTail = database.prepare(`
    SELECT sequence, checksum FROM message WHERE session_key = ? AND superseded_at IS NULL
    ORDER BY sequence LIMIT 1 OFFSET ?`);
  const supersede = database.prepare(
    "UPDATE message SET superseded_at = ? WHERE session_key = ? AND superseded_at IS NULL AND sequence > ?",
  );
  const putMessage = database.prepare(
    "INSERT INTO message (session_key, sequence, turn, body, checksum, created_at) VALUES (?, ?, ?, ?, ?, ?)",
  );

  function toSession(key: string): SessionRow {
    const row = getSession.get(key) as SessionRow | undefined;
    return row ?? { revision: 0, length: 0, last_sequence: 0, checksum: startChain(key), updated_at: 0 };
  }

  function cut(key: string, session: SessionRow, keep: number, now: number): Tail {
    if (keep === session.length) return { sequence: session.last_sequence, checksum: session.checksum };
    // The checksum of the row before the first is that of the key.
    const start: Tail = { sequence: 0, checksum: startChain(key) };
    const tail = keep === 0 ? start : (getTail.get(key, keep - 1) as Tail | undefined);
    if (tail === undefined) throw toDamage(key, "There are fewer messages than there should be");
    supersede.run(now, key, tail.sequence);
    return tail;
  }

  function readIntact(key: string, session: SessionRow): readonly ChainedRow[] {
    const rows = getMessages.all(key) as unknown as ChainedRow[];
    assertIntact(key, session, rows);
    return rows;
  }

  return {
    find(key) {
      const { revision, updated_at: updatedAt } = toSession(key);
      return { revision, updatedAt, messages: undefined };
    },
    assertIntact: (key) => void readIntact(key, toSession(key)),
    read(key, knownRevision) {
      const session = toSession(key);
      const { revision, updated_at: updatedAt } = session;
      if (revision === knownRevision) return { revision, updatedAt, messages: undefined };
      const rows = readIntact(key, session);
      return { revision, updatedAt, messages: `[${rows.map((row) => row.body).join(",")}]` };
    },
    append(key, keep, bodies) {
      const session = toSession(key);
      if (!(keep >= 0 && keep <= session.length)) {
        throw new StoreFailure("keep-out-of-range", `keep is ${keep}, the session has ${session.length} messages.`);
      }
      const now = Date.now();
      const revision = session.revision + 1;
      const tail = cut(key, session, keep, now);
      const rows = toChainedRows(tail.checksum, bodies);
      putSession.run({
        key,
        revision,
        length: keep + bodies.length,
        lastSequence: session.last_sequence + bodies.length,
        checksum: rows.at(-1)?.checksum ?? tail.checksum,
        now,
      });
      for (const [index, { body, checksum }] of rows.entries()) {
        putMessage.run(key, session.last_sequence + 1 + index, revision, body, checksum, now);
      }
      return revision;
    },
    erase(key) {
      removeMessages.run(key);
      emptySession.run(startChain(key), Date.now(), key);
    },
  };
}

function assertIntact(key: string, session: SessionRow, rows: readonly ChainedRow[]): void {
  const fault = findBreak(key, session, rows);
  if (fault !== undefined) throw toDamage(key, fault);
}

/** For the log, which says the key so that somebody can look after it. */
function toDamage(column: string, what: string): StoreFailure {
  return new StoreFailure("corrupt", `${what}: session '${column.slice(0, 256)}'.`);
}

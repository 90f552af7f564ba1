import type { DatabaseSync } from "node:sqlite";
import { StoreFailure } from "./store-failure.ts";

/**
 * The schema, step by step. A step that has been released is never changed; a change is a new step at the end.
 *
 * Times are milliseconds since 1970; the order of messages is by sequence, whatever the clock says. The row of a session
 * is never deleted, so that its revision and sequence never start again: `deleted_at` says that it counts as gone, and
 * then it has no messages. `checksum` is the CRC-32 of a message's body,
 * begun with the checksum of the message before it: a changed, lost or foreign row breaks the chain.
 */
const steps: readonly string[] = [
  `
  CREATE TABLE session (
    session_key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    length INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE message (
    session_key TEXT NOT NULL REFERENCES session (session_key),
    sequence INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    superseded_at INTEGER,
    PRIMARY KEY (session_key, sequence)
  ) STRICT;

  -- Reading a transcript must not slow down with the turns that its client has abandoned.
  CREATE INDEX message_active ON message (session_key, sequence) WHERE superseded_at IS NULL;

  -- AUTOINCREMENT: a fence is never given out twice, though the row goes when the lease does.
  CREATE TABLE lease (
    fence INTEGER PRIMARY KEY AUTOINCREMENT,
    session_key TEXT NOT NULL UNIQUE,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE session ADD COLUMN deleted_at INTEGER;
  CREATE INDEX session_listed ON session (created_at, session_key) WHERE deleted_at IS NULL;
  `,
  `
  -- What keys with a budget have spent, by the number of the day in UTC.
  CREATE TABLE key_use (
    name TEXT NOT NULL,
    day INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (name, day)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Of the last minutes only. The checksum is the CRC-32 of the answer.
  CREATE TABLE receipt (
    id INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (session_key, digest)
  ) STRICT;
  `,
  `
  -- AUTOINCREMENT: an event that is left over is never taken for one of a later run. The form, the answer and the error are
  -- JSON; with the checksum of an event, the CRC-32 of its body, its number is checked as well.
  CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    principal TEXT NOT NULL,
    namespace TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    detached INTEGER NOT NULL,
    form TEXT NOT NULL,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    cancel INTEGER NOT NULL DEFAULT 0,
    awaited INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0,
    usage TEXT,
    answer TEXT,
    error TEXT,
    expired INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER
  ) STRICT;
  CREATE INDEX run_active ON run (holder) WHERE ended_at IS NULL;
  CREATE INDEX run_ended ON run (expired, ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX run_session ON run (session_key);

  CREATE TABLE run_key (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    run INTEGER NOT NULL UNIQUE REFERENCES run (number),
    PRIMARY KEY (principal, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run_event (
    run INTEGER NOT NULL REFERENCES run (number),
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- As in run-checksum.ts; null for what an earlier version has written.
  ALTER TABLE run ADD COLUMN form_checksum INTEGER;
  ALTER TABLE run ADD COLUMN end_checksum INTEGER;
  `,
  `
  -- Whether the call that was answered had been sent before.
  ALTER TABLE receipt ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- As in run-checksum.ts; null for what an earlier version has written.
  ALTER TABLE run ADD COLUMN entry_checksum INTEGER;
  `,
  `
  -- When a lease ends, by a clock that nobody sets (host-clock.ts); null for what an earlier version has leased.
  ALTER TABLE lease ADD COLUMN clock TEXT;
  ALTER TABLE lease ADD COLUMN clock_until INTEGER;
  `,
];

/** How many steps this program knows. */
export const knownSteps = steps.length;

/**
 * Brings the schema up to date, in one transaction; two processes may do so at once. Throws `StoreFailure`
 * `schema-newer` for a database that knows steps which this program does not, and leaves it as it is.
 */
export function migrate(database: DatabaseSync): void {
  if (readVersion(database) === knownSteps) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = readVersion(database);
    if (version > knownSteps) {
      throw new StoreFailure("schema-newer", `The database has schema ${version}; this program knows ${knownSteps}.`);
    }
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${knownSteps}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** 0 for a database that has nothing in it. */
export function readVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

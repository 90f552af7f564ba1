import type { ClientBase } from "pg";
import { GatewayError } from "../../base/errors.ts";

/**
 * The schema, step by step. A step that has been released is never changed; a change is a new step at the end.
 *
 * Times are milliseconds since 1970 by the clock of the database; the order of messages is by sequence, whatever the
 * clock says. The row of a session with turns is never deleted, so that its revision and sequence never start again:
 * `deleted_at` says that it counts as gone, and then it has no messages. Keys are escaped as in a JSON string, and found
 * by their SHA-256, since a key may be longer than an index takes. Checksums are as in `chain.ts`.
 */
interface Step {
  readonly sql: string;
  /**
   * The fewest steps that a program must know to work with what this one leaves. Steps only add, so that older gateways go
   * on while newer ones start; what they no longer need is taken away by a later step, which raises this.
   */
  readonly knownMin: number;
}

const steps: readonly Step[] = [
  {
    knownMin: 1,
    sql: `
    CREATE SEQUENCE fence;

    CREATE TABLE session (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key_hash bytea NOT NULL UNIQUE,
      key text COLLATE "C" NOT NULL,
      revision bigint NOT NULL DEFAULT 0,
      length bigint NOT NULL DEFAULT 0,
      last_sequence bigint NOT NULL DEFAULT 0,
      checksum bigint NOT NULL,
      -- Null until the first turn: before that there is a lease, and no session.
      created_at bigint,
      updated_at bigint,
      deleted_at bigint,
      -- The lease, or nulls.
      fence bigint,
      holder text,
      leased_until bigint,
      -- Whose turn it is when the lease is given back, and for how long others wait for it.
      next_holder text,
      next_until bigint,
      -- Of the last turn, for whoever has not heard what came of its commit.
      committed_fence bigint
    ) WITH (fillfactor = 70);
    CREATE INDEX session_listed ON session (created_at) WHERE created_at IS NOT NULL AND deleted_at IS NULL;

    CREATE TABLE message (
      session_id bigint NOT NULL,
      sequence bigint NOT NULL,
      turn bigint NOT NULL,
      body text NOT NULL,
      checksum bigint NOT NULL,
      created_at bigint NOT NULL,
      superseded_at bigint,
      PRIMARY KEY (session_id, sequence)
    );
    -- Reading a transcript must not slow down with the turns that its client has abandoned.
    CREATE INDEX message_active ON message (session_id, sequence) WHERE superseded_at IS NULL;

    -- The first call of each holder that waits for a session.
    CREATE TABLE waiting (
      key_hash bytea NOT NULL,
      holder text NOT NULL,
      arrived_at bigint NOT NULL,
      until bigint NOT NULL,
      PRIMARY KEY (key_hash, holder)
    );

    -- Of the last minutes only. The checksum is the CRC-32 of the answer.
    CREATE TABLE receipt (
      session_id bigint NOT NULL,
      digest text COLLATE "C" NOT NULL,
      answer text NOT NULL,
      checksum bigint NOT NULL,
      created_at bigint NOT NULL,
      PRIMARY KEY (session_id, digest)
    );
    CREATE INDEX receipt_age ON receipt (created_at);

    -- What keys with a budget have spent, by the number of the day in UTC.
    CREATE TABLE key_use (
      name text COLLATE "C" NOT NULL,
      day integer NOT NULL,
      tokens bigint NOT NULL,
      PRIMARY KEY (name, day)
    );

    -- Holders of runs that have not ended, and until when they are taken to be there.
    CREATE TABLE holder (
      name text COLLATE "C" PRIMARY KEY,
      until bigint NOT NULL
    );

    -- The form, the answer, the error and the usage are JSON.
    CREATE TABLE run (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text COLLATE "C" NOT NULL UNIQUE,
      principal text COLLATE "C" NOT NULL,
      namespace text COLLATE "C" NOT NULL,
      agent_id text COLLATE "C" NOT NULL,
      session_key text NOT NULL,
      session_hash bytea NOT NULL,
      detached boolean NOT NULL,
      form text NOT NULL,
      state text NOT NULL,
      holder text COLLATE "C" NOT NULL,
      epoch bigint NOT NULL,
      cancel boolean NOT NULL DEFAULT false,
      awaited boolean NOT NULL DEFAULT false,
      last_seq bigint NOT NULL DEFAULT 0,
      usage text,
      answer text,
      error text,
      expired boolean NOT NULL DEFAULT false,
      created_at bigint NOT NULL,
      started_at bigint,
      ended_at bigint
    ) WITH (fillfactor = 70);
    CREATE INDEX run_active ON run (holder) WHERE ended_at IS NULL;
    CREATE INDEX run_ended ON run (expired, ended_at) WHERE ended_at IS NOT NULL;
    CREATE INDEX run_session ON run (session_hash);

    CREATE TABLE run_key (
      principal text COLLATE "C" NOT NULL,
      key_hash bytea NOT NULL,
      request_hash text NOT NULL,
      run_id text COLLATE "C" NOT NULL UNIQUE,
      PRIMARY KEY (principal, key_hash)
    );

    -- With the checksum of an event, the CRC-32 of its body, its number is checked as well.
    CREATE TABLE run_event (
      run bigint NOT NULL,
      seq bigint NOT NULL,
      body text NOT NULL,
      checksum bigint NOT NULL,
      PRIMARY KEY (run, seq)
    );`,
  },
  {
    knownMin: 1,
    sql: `
    -- Of the requests that keys may make in a minute, what gateways have been given: for each slice its id, the number of
    -- requests, and until when they count.
    CREATE TABLE key_rate (
      name text COLLATE "C" PRIMARY KEY,
      slices jsonb NOT NULL
    ) WITH (fillfactor = 50);`,
  },
  {
    knownMin: 1,
    sql: `
    -- As in run-checksum.ts; null for what an earlier version has written.
    ALTER TABLE run ADD COLUMN form_checksum bigint, ADD COLUMN end_checksum bigint;`,
  },
  {
    knownMin: 1,
    sql: `
    -- Whether the call that was answered had been sent before.
    ALTER TABLE receipt ADD COLUMN again boolean NOT NULL DEFAULT false;`,
  },
  {
    knownMin: 1,
    sql: `
    -- Where somebody is told of a session, there may be none yet, and until when.
    CREATE TABLE observed (
      key_hash bytea NOT NULL,
      holder text NOT NULL,
      until bigint NOT NULL,
      PRIMARY KEY (key_hash, holder)
    );`,
  },
  {
    knownMin: 1,
    sql: `
    -- As in run-checksum.ts; null for what an earlier version has written.
    ALTER TABLE run ADD COLUMN entry_checksum bigint;`,
  },
];

/** How many steps this program knows. */
export const knownSteps = steps.length;

export interface Applied {
  readonly version: number;
  readonly known_min: number;
}

/** Another gateway that migrates holds the lock for seconds, not minutes. */
const lockMs = 60_000;

/** What stands in a FROM for the last step that a database has seen. */
export function toLastStep(schema: string): string {
  return `(SELECT version, known_min FROM "${schema}".schema_step ORDER BY version DESC LIMIT 1) AS last_step`;
}

/**
 * Brings the schema up to date in one transaction; several gateways may do so at once. Does nothing, and needs no rights
 * to, where it is. Rejects where the database knows steps which this program does not and cannot do without.
 */
export async function migrate(client: ClientBase, schema: string): Promise<void> {
  const before = await readApplied(client, schema);
  if (before !== undefined && before.version >= steps.length) return assertServes(before);
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockMs}`);
    // Given back with the transaction, however that ends, and whatever stands between here and the server.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`clawgate ${schema}`]);
    await apply(client, schema);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

async function apply(client: ClientBase, schema: string): Promise<void> {
  // Read from the table: what a connection remembers of names may be older than the lock, where a pooler has kept it.
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1) AS found",
    [schema],
  );
  if (rows[0]?.found !== true) await client.query(`CREATE SCHEMA "${schema}"`);
  await client.query(`SET LOCAL search_path TO "${schema}"`);
  await client.query(`
    CREATE TABLE IF NOT EXISTS schema_step (
      version integer PRIMARY KEY,
      known_min integer NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  const applied = await readApplied(client, schema);
  if (applied !== undefined) assertServes(applied);
  for (const [index, { sql, knownMin }] of steps.entries()) {
    if (index < (applied?.version ?? 0)) continue;
    await client.query(sql);
    await client.query("INSERT INTO schema_step (version, known_min) VALUES ($1, $2)", [index + 1, knownMin]);
  }
}

/** The last step that the database has seen; undefined where there is none. */
export async function readApplied(client: ClientBase, schema: string): Promise<Applied | undefined> {
  const { rows: found } = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [
    `"${schema}".schema_step`,
  ]);
  if (found[0]?.found !== true) return undefined;
  const { rows } = await client.query<Applied>(`SELECT * FROM ${toLastStep(schema)}`);
  return rows[0];
}

/** Throws where a database of these steps needs a later program. */
export function assertServes({ version, known_min: knownMin }: Applied): void {
  if (knownMin <= steps.length) return;
  throw new GatewayError(
    "storage_unavailable",
    `The database has schema ${version}, which needs a program that knows schema ${knownMin}; this one knows ${steps.length}. Start the version of clawgate that has written it, or a later one.`,
  );
}

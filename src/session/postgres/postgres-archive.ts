import type { ClientBase } from "pg";
import type { Archived, ArchivedMessage, ArchivedSession, SessionTarget } from "../archive.ts";
import { toDigest } from "../archive.ts";
import { fromColumn, toColumn } from "../column.ts";
import { DatabaseClock } from "./database-clock.ts";
import { toKeyColumns } from "./key-columns.ts";
import { openSchema } from "./open-schema.ts";
import { connect } from "./pool.ts";

export interface PostgresTargetOptions {
  readonly url: string;
  readonly schema: string;
}

/** Rows of one INSERT. */
const rowsMax = 500;

interface SessionRow {
  readonly id: number;
  readonly key: string;
  readonly revision: number;
  readonly length: number;
  readonly last_sequence: number;
  readonly checksum: number;
  readonly created_at: number | null;
  readonly updated_at: number | null;
  readonly deleted_at: number | null;
}

/** Opens a database to put sessions into it. Rejects as the store itself does. */
export async function openPostgresTarget({ url, schema }: PostgresTargetOptions): Promise<SessionTarget> {
  await openSchema(url, schema, new DatabaseClock());
  const client = await connect(url, "clawgate migrate");
  const s = `"${schema}"`;

  async function read(key: string): Promise<ArchivedSession | undefined> {
    const { rows } = await client.query<SessionRow>(`SELECT * FROM ${s}.session WHERE key_hash = $1`, [
      toKeyColumns(key).hash,
    ]);
    const [row] = rows;
    if (row === undefined || row.created_at === null) return undefined;
    const { rows: messages } = await client.query<ArchivedMessage>(
      `SELECT sequence, turn, body, checksum, created_at AS "createdAt", superseded_at AS "supersededAt"
      FROM ${s}.message WHERE session_id = $1 ORDER BY sequence`,
      [row.id],
    );
    return {
      key: fromColumn(row.key),
      revision: row.revision,
      length: row.length,
      lastSequence: row.last_sequence,
      checksum: row.checksum,
      createdAt: row.created_at,
      updatedAt: row.updated_at ?? row.created_at,
      deletedAt: row.deleted_at,
      messages,
    };
  }

  async function insert(session: ArchivedSession): Promise<boolean> {
    const { column, hash } = toKeyColumns(session.key);
    const { revision, length, lastSequence, checksum, createdAt, updatedAt, deletedAt, messages } = session;
    // A row without a turn is somebody's lease on a session that was not there.
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO ${s}.session AS s
        (key_hash, key, revision, length, last_sequence, checksum, created_at, updated_at, deleted_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (key_hash) DO UPDATE SET revision = excluded.revision, length = excluded.length,
        last_sequence = excluded.last_sequence, checksum = excluded.checksum, created_at = excluded.created_at,
        updated_at = excluded.updated_at, deleted_at = excluded.deleted_at
      WHERE s.created_at IS NULL AND s.fence IS NULL RETURNING id`,
      [hash, column, revision, length, lastSequence, checksum, createdAt, updatedAt, deletedAt],
    );
    const [row] = rows;
    if (row === undefined) return false;
    for (let start = 0; start < messages.length; start += rowsMax)
      await insertMessages(client, s, row.id, messages.slice(start, start + rowsMax));
    return true;
  }

  async function compare(session: ArchivedSession): Promise<Archived> {
    const found = await read(session.key);
    return found !== undefined && toDigest(found) === toDigest(session) ? "there" : "other";
  }

  return {
    async put(session) {
      await client.query("BEGIN");
      try {
        const isPut = await insert(session);
        await client.query("COMMIT");
        return isPut ? "put" : await compare(session);
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      }
    },
    take: read,
    async putKeyUses(uses) {
      const text = `INSERT INTO ${s}.key_use (name, day, tokens) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
      for (const { name, day, tokens } of uses) await client.query(text, [toColumn(name), day, tokens]);
    },
    close: () => client.end(),
  };
}

async function insertMessages(
  client: ClientBase,
  s: string,
  session: number,
  messages: readonly ArchivedMessage[],
): Promise<void> {
  const rows = messages.map((_, index) => {
    const values = Array.from({ length: 6 }, (__, column) => `$${2 + 6 * index + column}`);
    return `($1, ${values.join(", ")})`;
  });
  await client.query(
    `INSERT INTO ${s}.message (session_id, sequence, turn, body, checksum, created_at, superseded_at)
    VALUES ${rows.join(", ")}`,
    [
      session,
      ...messages.flatMap((one) => [one.sequence, one.turn, one.body, one.checksum, one.createdAt, one.supersededAt]),
    ],
  );
}

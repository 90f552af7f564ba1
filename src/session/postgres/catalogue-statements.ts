import type { Statement } from "./pool.ts";

/** What finds sessions and reads their history. */
export interface CatalogueStatements {
  /** key_hash → `EntryRow` */
  readonly find: Statement;
  /** key_hash → created_at of a session that is or was */
  readonly creation: Statement;
  /** from, to, prefixes or null, created at or null, after, limit → `EntryRow`s */
  readonly list: Statement;
  /** key_hash, after, limit, superseded too, characters → `HistoryRow`s, with how many were found */
  readonly history: Statement;
  /** The same from the end, the last one first. */
  readonly lastHistory: Statement;
  /** after, limit → id and key of sessions */
  readonly all: Statement;
  /** names, days, tokens, the first day that is kept → what each has spent */
  readonly addUse: Statement;
}

export interface EntryRow {
  readonly key: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly length: number;
}

export interface MessageRow {
  readonly sequence: number;
  readonly body: string;
  readonly created_at: number;
  readonly superseded_at: number | null;
  readonly found: number;
}

const exists = "created_at IS NOT NULL AND deleted_at IS NULL";

export function toCatalogueStatements(s: string): CatalogueStatements {
  return {
    find: {
      name: "find",
      text: `SELECT key, created_at, updated_at, length FROM ${s}.session WHERE key_hash = $1::bytea AND ${exists}`,
    },
    creation: {
      name: "creation",
      text: `SELECT created_at FROM ${s}.session WHERE key_hash = $1::bytea AND created_at IS NOT NULL`,
    },
    list: {
      name: "list",
      text: `
      SELECT key, created_at, updated_at, length FROM ${s}.session
      WHERE ${exists} AND key >= $1::text AND key < $2::text
        AND ($4::bigint IS NULL OR (created_at <= $4::bigint AND (created_at < $4::bigint OR key < $5::text)))
        AND ($3::text[] IS NULL OR EXISTS (
          SELECT 1 FROM unnest($3::text[]) AS prefix WHERE key >= prefix || ':' AND key < prefix || ';'))
      ORDER BY created_at DESC, key DESC LIMIT $6::bigint`,
    },
    history: { name: "history", text: toHistory(s, "ASC") },
    lastHistory: { name: "last history", text: toHistory(s, "DESC") },
    all: {
      name: "all",
      text: `SELECT id, key FROM ${s}.session WHERE ${exists} AND id > $1::bigint ORDER BY id LIMIT $2::bigint`,
    },
    addUse: {
      name: "add use",
      text: `
      WITH forgotten AS (DELETE FROM ${s}.key_use WHERE day < $4::integer)
      INSERT INTO ${s}.key_use AS u (name, day, tokens)
      SELECT name, day, sum(tokens) FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS given (name, day, tokens)
      GROUP BY name, day ORDER BY name, day
      ON CONFLICT (name, day) DO UPDATE
      SET tokens = least(u.tokens + excluded.tokens, ${Number.MAX_SAFE_INTEGER}) RETURNING name, day, tokens`,
    },
  };
}

function toHistory(s: string, order: "ASC" | "DESC"): string {
  return `
      SELECT sequence, body, created_at, superseded_at, found FROM (
        SELECT *, count(*) OVER () AS found, row_number() OVER page AS place, sum(length(body)) OVER page AS characters
        FROM (
          SELECT m.* FROM ${s}.message AS m JOIN ${s}.session AS s ON s.id = m.session_id
          WHERE s.key_hash = $1::bytea AND m.sequence > $2::bigint AND (m.superseded_at IS NULL OR $4::boolean)
          ORDER BY m.sequence ${order} LIMIT $3::bigint + 1
        ) AS found_messages
        WINDOW page AS (ORDER BY sequence ${order})
      ) AS measured
      WHERE place <= $3::bigint AND (place = 1 OR characters <= $5::bigint) ORDER BY sequence ${order}`;
}

import { besideMs, leaseMsMax, observedMs } from "../store.ts";
import type { Statement } from "./pool.ts";
import { toEmptied } from "./run-statements.ts";
import { inPassing, now } from "./sql.ts";

/** How long others wait for the one whose turn it is. */
export const turnMs = 2_000;
/** A place in line is kept for so long after its holder has last asked. */
export const placeMs = 5_000;

/** What takes and gives back leases. Each is one statement, and one transaction: it sees one state, whatever it waits for. */
export interface LeaseStatements {
  /**
   * Of several sessions key_hash, key, checksum; holder; of each lease ms, arrived at, digest, asked anew; may be their own →
   * a `TakenRow` for each that is free
   */
  readonly take: Statement;
  /** id, fence, holder, lease ms → a row if it was still theirs */
  readonly renew: Statement;
  /** id, fence, holder, key_hash, next → `GivenRow` */
  readonly release: Statement;
  /** id, fence, holder, key_hash, next, checksum, sent again → `GivenRow` */
  readonly erase: Statement;
  /** key_hash, holder, arrived at → now */
  readonly place: Statement;
  /** key_hash, holder → a row for the one whose turn it is then, if there is one */
  readonly leave: Statement;
  /** Several key_hash, holder */
  readonly observe: Statement;
}

/** A session that was leased, before the turn. */
export interface TakenRow {
  /** Among those that were asked for, from 1. */
  readonly place: number;
  readonly id: number;
  readonly fence: number;
  readonly revision: number;
  readonly length: number;
  readonly last_sequence: number;
  readonly checksum: number;
  /** 0 where there is no session. */
  readonly updated_at: number;
  /** By another holder. */
  readonly observed: boolean;
  readonly now: number;
}

/** What came of giving a lease back. */
export interface GivenRow {
  readonly given: boolean;
  /** The holder whose turn it is next; null if nobody waits. */
  readonly next: string | null;
}

/**
 * Gives the lease back in an UPDATE of `session`, and the turn to the call that has waited longest: it is written into the
 * row itself, so that whoever waits for this very row sees it.
 */
export function giveTo(next: string): string {
  return `fence = NULL, holder = NULL, leased_until = NULL, next_holder = ${next},
    next_until = CASE WHEN ${next} IS NOT NULL THEN ${now} + ${turnMs} END`;
}

/** The holder that waits longest, or null. Of the giver's own process that is the call that came at `next`, if one did. */
export function toNextOf(s: string, keyHash: string, holder: string, next: string): string {
  return `(SELECT holder FROM (
      SELECT holder, arrived_at FROM ${s}.waiting
      WHERE key_hash = ${keyHash} AND holder <> ${holder} AND until > ${now}
      UNION ALL SELECT ${holder}, ${next} WHERE ${next} IS NOT NULL
    ) AS waiting ORDER BY arrived_at LIMIT 1)`;
}

/** The same for the one session of a statement. */
export function toLine(s: string, keyHash: string, holder: string, next: string): string {
  return `line AS MATERIALIZED (SELECT ${toNextOf(s, keyHash, holder, next)} AS holder)`;
}

/** Gives it to whom `line` names. */
export const giveBack = giveTo("(SELECT holder FROM line)");

/** `s` is the name of the schema, as it stands in a statement. */
export function toLeaseStatements(s: string): LeaseStatements {
  return {
    take: {
      name: "take",
      text: `
      WITH asked AS MATERIALIZED (
        SELECT * FROM unnest($1::bytea[], $2::text[], $3::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::boolean[])
          WITH ORDINALITY AS a (key_hash, key, checksum, lease_ms, arrived_at, digest, asks_anew, place)
      ), taken AS (
        INSERT INTO ${s}.session AS s (key_hash, key, checksum, fence, holder, leased_until)
        SELECT key_hash, key, checksum, nextval('${s}.fence'), $4::text, ${now} + lease_ms FROM asked WHERE ${inPassing}
        ORDER BY key_hash
        ON CONFLICT (key_hash) DO UPDATE SET fence = nextval('${s}.fence'), holder = excluded.holder,
          leased_until = excluded.leased_until, next_holder = NULL, next_until = NULL
        WHERE (s.leased_until IS NULL OR s.leased_until <= ${now} OR s.leased_until > ${now} + ${leaseMsMax}
            OR (s.holder = $4::text AND $9::boolean))
          AND CASE WHEN s.next_until > ${now} AND s.next_until <= ${now} + ${turnMs} THEN s.next_holder = $4::text
            ELSE NOT EXISTS (SELECT 1 FROM ${s}.waiting AS w WHERE w.key_hash = s.key_hash AND w.holder <> $4::text
              AND until > ${now} AND until <= ${now} + ${placeMs}
              AND w.arrived_at < (SELECT asked.arrived_at FROM asked WHERE asked.key_hash = s.key_hash)) END
        RETURNING s.key_hash, s.id, s.fence, s.revision, s.length, s.last_sequence, s.checksum,
          CASE WHEN s.deleted_at IS NULL THEN coalesce(s.updated_at, 0) ELSE 0 END AS updated_at
      ), forgotten AS (
        DELETE FROM ${s}.receipt AS r USING taken JOIN asked ON asked.key_hash = taken.key_hash
        WHERE r.session_id = taken.id AND asked.asks_anew AND (r.created_at <= asked.arrived_at - ${besideMs}
          OR (r.digest = asked.digest AND r.created_at <= asked.arrived_at))
      )
      SELECT place, id, fence, revision, length, last_sequence, taken.checksum, updated_at,
        EXISTS (SELECT 1 FROM ${s}.observed AS o
          WHERE o.key_hash = taken.key_hash AND o.holder <> $4::text AND o.until > ${now}) AS observed,
        ${now} AS now
      FROM taken JOIN asked ON asked.key_hash = taken.key_hash`,
    },
    renew: {
      name: "renew",
      text: `
      UPDATE ${s}.session SET leased_until = ${now} + $4::bigint
      WHERE id = $1::bigint AND fence = $2::bigint AND holder = $3::text AND ${inPassing} RETURNING id`,
    },
    release: {
      name: "release",
      text: `
      WITH ${toLine(s, "$4::bytea", "$3::text", "$5::bigint")},
      given AS (
        UPDATE ${s}.session SET ${giveBack}
        WHERE id = $1::bigint AND fence = $2::bigint AND holder = $3::text AND ${inPassing}
          AND (revision > 0 OR (SELECT holder FROM line) IS NOT NULL) RETURNING id
      ), removed AS (
        -- Of a session that has never been there nothing is left.
        DELETE FROM ${s}.session
        WHERE id = $1::bigint AND fence = $2::bigint AND holder = $3::text AND ${inPassing}
          AND revision = 0 AND (SELECT holder FROM line) IS NULL RETURNING id
      )
      SELECT EXISTS (SELECT 1 FROM given) OR EXISTS (SELECT 1 FROM removed) AS given, (SELECT holder FROM line) AS next`,
    },
    erase: {
      name: "erase",
      text: `
      WITH ${toLine(s, "$4::bytea", "$3::text", "$5::bigint")},
      given AS (
        UPDATE ${s}.session SET ${giveBack}, committed_fence = fence, length = 0, checksum = $6::bigint,
          revision = CASE WHEN revision > 0 THEN revision + 1 ELSE 0 END,
          deleted_at = CASE WHEN revision > 0 THEN ${now} END
        WHERE id = $1::bigint AND fence = $2::bigint AND holder = $3::text RETURNING id
      ), messages AS (DELETE FROM ${s}.message USING given WHERE session_id = given.id),
      receipts AS (DELETE FROM ${s}.receipt USING given WHERE session_id = given.id),
      ${toEmptied(s, "session_hash = $4::bytea AND EXISTS (SELECT 1 FROM given)")}
      SELECT EXISTS (SELECT 1 FROM given)
        OR ($7::boolean AND EXISTS (SELECT 1 FROM ${s}.session WHERE id = $1::bigint AND committed_fence = $2::bigint)) AS given,
        (SELECT holder FROM line) AS next`,
    },
    place: {
      name: "place",
      text: `
      WITH gone AS (DELETE FROM ${s}.waiting WHERE until < ${now} - 60000)
      INSERT INTO ${s}.waiting (key_hash, holder, arrived_at, until)
      SELECT $1::bytea, $2::text, $3::bigint, ${now} + ${placeMs} WHERE ${inPassing}
      ON CONFLICT (key_hash, holder) DO UPDATE SET arrived_at = excluded.arrived_at, until = excluded.until
      RETURNING ${now} AS now`,
    },
    observe: {
      name: "observe",
      text: `
      WITH gone AS (DELETE FROM ${s}.observed WHERE until < ${now} - 60000)
      INSERT INTO ${s}.observed (key_hash, holder, until)
      SELECT key_hash, $2::text, ${now} + ${observedMs} FROM unnest($1::bytea[]) AS asked (key_hash) WHERE ${inPassing}
      ORDER BY key_hash
      ON CONFLICT (key_hash, holder) DO UPDATE SET until = excluded.until`,
    },
    leave: {
      name: "leave",
      text: `
      WITH gone AS (DELETE FROM ${s}.waiting WHERE key_hash = $1::bytea AND holder = $2::text AND ${inPassing}),
      ${toLine(s, "$1::bytea", "$2::text", "NULL::bigint")}
      UPDATE ${s}.session SET next_holder = (SELECT holder FROM line),
        next_until = CASE WHEN (SELECT holder FROM line) IS NOT NULL THEN ${now} + ${turnMs} END
      WHERE key_hash = $1::bytea AND next_holder = $2::text RETURNING next_holder AS next`,
    },
  };
}

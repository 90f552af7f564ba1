import { sliceMs, type TakeSlice } from "../../base/request-slices.ts";
import { toColumn } from "../column.ts";
import type { Pool, Statement } from "./pool.ts";
import { inPassing, now } from "./sql.ts";

/** One for each slice that counts, and the time. */
interface SliceRow {
  readonly id: string;
  readonly count: number;
  /** Until when it counts. */
  readonly until: number;
  readonly now: number;
}

const minuteMs = 60_000;

/**
 * One statement that changes one row: of gateways that ask at once each sees what was given before. What was given counts
 * for a minute after it was used, or may have been; that is known where it was asked for by requests that wait.
 */
function toStatement(s: string): Statement {
  const slice = (count: string, moment: string): string =>
    `jsonb_build_object('id', $2::text, 'count', ${count}, 'until',
      ${moment} + ${minuteMs} + CASE WHEN ${count} > $4::integer THEN ${sliceMs} ELSE 0 END)`;
  return {
    name: "take slice",
    text: `
    WITH written AS (
      INSERT INTO ${s}.key_rate AS r (name, slices)
      SELECT $1::text, CASE WHEN $2::text IS NULL THEN '[]' ELSE jsonb_build_array(${slice("least($5::integer, $3::integer)", now)}) END
      WHERE ${inPassing}
      ON CONFLICT (name) DO UPDATE SET slices = (
        WITH clock AS (SELECT ${now} AS moment),
        live AS (
          SELECT id, CASE WHEN id = $6::text THEN $7::integer ELSE count END AS count,
            CASE WHEN id = $6::text THEN least(until, moment + ${minuteMs}) ELSE until END AS until
          FROM clock, jsonb_to_recordset(r.slices) AS e (id text, count integer, until bigint)
          -- An end that is further away was written before the clock was set back.
          WHERE until > moment AND until <= moment + ${minuteMs + sliceMs}
        ),
        spare AS (SELECT least($5::integer, $3::integer - coalesce(sum(count), 0)::integer) AS count FROM live),
        every AS (
          SELECT jsonb_build_object('id', id, 'count', count, 'until', until) AS e FROM live WHERE count > 0
          UNION ALL
          SELECT ${slice("count", "moment")} FROM spare, clock
          WHERE count > 0 AND $2::text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM live WHERE id = $2::text)
        )
        SELECT coalesce(jsonb_agg(e), '[]') FROM every
      )
      RETURNING slices
    )
    SELECT id, count, until, ${now} AS now
    FROM written, jsonb_to_recordset(written.slices) AS e (id text, count integer, until bigint)`,
  };
}

/** What gateways take of the requests of keys, in a row for each key. */
export function createTakeSlice(pool: Pool, s: string): TakeSlice {
  const statement = toStatement(s);
  return async ({ name, id, limit, wanted, most, last }) => {
    const values = [toColumn(name), id ?? null, limit, wanted, most, last?.id ?? null, last?.used ?? null];
    const rows = await pool.run<SliceRow>(statement, () => values);
    const ends = rows.map(({ until, now: moment }) => Math.max(0, until - moment));
    const taken = rows.reduce((sum, { count }) => sum + count, 0);
    return {
      given: rows.find((row) => row.id === id)?.count ?? 0,
      left: Math.max(0, limit - taken),
      nextMs: Math.min(...ends, minuteMs),
      resetMs: Math.max(...ends, 0),
    };
  };
}

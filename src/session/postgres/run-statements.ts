import type { CheckedEntry } from "../run-checksum.ts";
import type { Statement } from "./pool.ts";
import { Parameters } from "./parameters.ts";
import { inPassing, now } from "./sql.ts";
import { preparedMax, remember, type WriteStatement } from "./write-statement.ts";

/** A holder of runs is taken for gone when the database has not heard of it for so long. */
export const holderMs = 15_000;

/** What writes and reads runs. */
export interface RunStatements {
  /** name */
  readonly here: Statement;
  /** name: it says good-bye, and its runs are interrupted */
  readonly gone: Statement;
  /** Interrupts the runs of holders that are not here any more. */
  readonly interrupt: Statement;
  /** `admitValues` → epoch; nothing if the id, or the key, is there already */
  readonly admit: Statement;
  /** principal, key_hash → `KeyRow` */
  readonly key: Statement;
  /** id, awaited, detached: what somebody has asked of a run that was there */
  readonly meet: Statement;
  /** Adds so many events → `{ written }` */
  readonly append: (events: number) => WriteStatement;
  /** Ends a run with so many events → `{ written }` */
  readonly finish: (events: number) => WriteStatement;
  /** id → `RecordRow` */
  readonly find: Statement;
  /** before, namespace, principal, session hash, agent ids, states (each may be null), limit → `RunRow`s */
  readonly list: Statement;
  /** id, after, limit, characters → `EventRow`s */
  readonly events: Statement;
  /** id → a row, if it has not ended */
  readonly cancel: Statement;
  /** holder → id, cancel, awaited */
  readonly wishes: Statement;
  /** expired, limit → number, ended_at, and of all of them the count and the time */
  readonly oldest: Statement;
  /** numbers: takes from them what they have said */
  readonly empty: Statement;
  /** numbers */
  readonly remove: Statement;
}

export interface RunRow extends CheckedEntry {
  readonly principal: string;
  readonly namespace: string;
  readonly agent_id: string;
  readonly session_key: string;
  readonly detached: boolean;
  readonly last_seq: number;
  readonly expired: boolean;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

export interface RecordRow extends RunRow {
  readonly form: string;
  readonly answer: string | null;
  readonly form_checksum: number | null;
  readonly end_checksum: number | null;
  readonly holder: string;
  readonly epoch: number;
  /** It is not ended, and its holder is not here any more. */
  readonly left: boolean;
}

export interface EventRow {
  readonly seq: number;
  readonly body: string;
  readonly checksum: number;
  /** How many there are, up to one more than were asked for. */
  readonly found: number;
}

const runColumns = `id, principal, namespace, agent_id, session_key, detached, state, last_seq, usage, error, expired,
  created_at, started_at, ended_at, entry_checksum`;

/** The row of a run that its holder may write to. */
export function toHeldRun(p: Parameters): string {
  return `run.id = ${p.at("runId", "text")} AND run.holder = ${p.at("holder", "text")}
    AND epoch = ${p.at("epoch", "bigint")} AND ended_at IS NULL AND last_seq = ${p.at("from", "bigint")} - 1`;
}

/** Sets what an end says. */
export function toEndOf(p: Parameters, events: number): string {
  return `last_seq = last_seq + ${events}, state = ${p.at("state", "text")}, usage = ${p.at("usage", "text")},
    answer = ${p.at("runAnswer", "text")}, error = ${p.at("error", "text")}, end_checksum = ${p.at("runChecksum", "bigint")},
    entry_checksum = ${p.at("entryChecksum", "bigint")}, ended_at = ${now},
    started_at = CASE WHEN ${p.at("begun", "boolean")} THEN coalesce(started_at, ${now}) ELSE started_at END`;
}

/** Inserts events for the run whose number `held` has; nothing where there are none. */
export function toEventRows(s: string, p: Parameters, events: number): string {
  if (events === 0) return "";
  const rows = Array.from({ length: events }, (_, index) => {
    return `(${index}, ${p.at(`event ${index}`, "text")}, ${p.at(`event checksum ${index}`, "bigint")})`;
  });
  return `, events AS (
    INSERT INTO ${s}.run_event (run, seq, body, checksum)
    SELECT held.number, ${p.at("from", "bigint")} + e.place, e.body, e.checksum
    FROM held, (VALUES ${rows.join(", ")}) AS e (place, body, checksum))`;
}

/** One write of a run. Where it was sent before, it may have been written. */
function toWrite(s: string, name: string, p: Parameters, events: number, change: string, more = ""): WriteStatement {
  const text = `
    WITH held AS (UPDATE ${s}.run SET ${change} WHERE ${toHeldRun(p)} RETURNING number, id)
    ${more}${toEventRows(s, p, events)}
    SELECT EXISTS (SELECT 1 FROM held) OR (${p.at("again", "boolean")} AND EXISTS (
      SELECT 1 FROM ${s}.run WHERE id = ${p.at("runId", "text")} AND holder = ${p.at("holder", "text")}
        AND last_seq = ${p.at("from", "bigint")} - 1 + ${events})) AS written`;
  return {
    name: events > preparedMax ? undefined : `${name} ${events}`,
    text,
    toValues: (values) => p.toValues(values),
  };
}

function toAppend(s: string, events: number): WriteStatement {
  const p = new Parameters();
  const begun = p.at("begun", "boolean");
  const change = `last_seq = last_seq + ${events}, state = CASE WHEN ${begun} THEN 'running' ELSE state END,
    started_at = CASE WHEN ${begun} AND ${inPassing} THEN coalesce(started_at, ${now}) ELSE started_at END`;
  return toWrite(s, "append", p, events, change);
}

function toFinish(s: string, events: number): WriteStatement {
  const p = new Parameters();
  const freed = `, freed AS (
    DELETE FROM ${s}.run_key USING held WHERE run_id = held.id AND ${p.at("freesKey", "boolean")})`;
  return toWrite(s, "finish", p, events, toEndOf(p, events), freed);
}

export function toRunStatements(s: string): RunStatements {
  const here = `EXISTS (SELECT 1 FROM ${s}.holder WHERE name = run.holder AND until > ${now} AND until <= ${now} + ${holderMs})`;
  const interrupted = `state = 'interrupted', epoch = epoch + 1, ended_at = ${now}`;

  return {
    here: {
      name: "here",
      text: `
      INSERT INTO ${s}.holder (name, until) SELECT $1::text, ${now} + ${holderMs} WHERE ${inPassing}
      ON CONFLICT (name) DO UPDATE SET until = excluded.until`,
    },
    gone: {
      text: `
      WITH gone AS (DELETE FROM ${s}.holder WHERE name = $1::text)
      UPDATE ${s}.run SET ${interrupted} WHERE holder = $1::text AND ended_at IS NULL`,
    },
    interrupt: {
      name: "interrupt",
      text: `
      WITH old AS (DELETE FROM ${s}.holder WHERE until < ${now} - 3600000)
      UPDATE ${s}.run SET ${interrupted} WHERE ended_at IS NULL AND NOT ${here}`,
    },
    admit: {
      name: "admit",
      text: `
      WITH here AS (
        INSERT INTO ${s}.holder (name, until) VALUES ($1::text, ${now} + ${holderMs})
        ON CONFLICT (name) DO UPDATE SET until = excluded.until
      ), key AS (
        INSERT INTO ${s}.run_key (principal, key_hash, request_hash, run_id)
        SELECT $3::text, $10::bytea, $11::text, $2::text WHERE $10::bytea IS NOT NULL
        ON CONFLICT (principal, key_hash) DO NOTHING RETURNING 1
      )
      INSERT INTO ${s}.run (id, principal, namespace, agent_id, session_key, session_hash, detached, form, form_checksum, state, holder, epoch, created_at)
      SELECT $2::text, $3::text, $4::text, $5::text, $6::text, $7::bytea, $8::boolean, $9::text, $12::bigint, 'queued', $1::text, 1, ${now}
      WHERE $10::bytea IS NULL OR EXISTS (SELECT 1 FROM key)
      ON CONFLICT (id) DO NOTHING RETURNING epoch`,
    },
    key: {
      name: "key",
      text: `SELECT request_hash, run_id FROM ${s}.run_key WHERE principal = $1::text AND key_hash = $2::bytea`,
    },
    meet: {
      name: "meet",
      text: `
      UPDATE ${s}.run SET awaited = awaited OR $2::boolean, detached = detached OR $3::boolean
      WHERE id = $1::text AND ended_at IS NULL`,
    },
    append: remember(String, (events: number) => toAppend(s, events)),
    finish: remember(String, (events: number) => toFinish(s, events)),
    find: {
      name: "find run",
      text: `
      SELECT ${runColumns}, form, answer, form_checksum, end_checksum, holder, epoch, ended_at IS NULL AND NOT ${here} AS left
      FROM ${s}.run WHERE id = $1::text`,
    },
    list: {
      name: "list runs",
      text: `
      SELECT ${runColumns} FROM ${s}.run
      WHERE ($1::text IS NULL OR id < $1::text)
        AND ($2::text IS NULL OR namespace = $2::text)
        AND ($3::text IS NULL OR principal = $3::text)
        AND ($4::bytea IS NULL OR session_hash = $4::bytea)
        AND ($5::text[] IS NULL OR agent_id = ANY ($5::text[]))
        AND ($6::text[] IS NULL OR state = ANY ($6::text[]))
      ORDER BY id DESC LIMIT $7::bigint`,
    },
    events: {
      name: "events",
      text: `
      SELECT seq, body, checksum, found FROM (
        SELECT *, count(*) OVER () AS found, row_number() OVER page AS place, sum(length(body)) OVER page AS characters
        FROM (
          SELECT e.* FROM ${s}.run_event AS e JOIN ${s}.run ON run.number = e.run
          WHERE run.id = $1::text AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint + 1
        ) AS found_events
        WINDOW page AS (ORDER BY seq)
      ) AS measured
      WHERE place <= $3::bigint AND (place = 1 OR characters <= $4::bigint) ORDER BY seq`,
    },
    cancel: {
      name: "cancel",
      text: `UPDATE ${s}.run SET cancel = true WHERE id = $1::text AND ended_at IS NULL AND ${here} RETURNING number`,
    },
    wishes: {
      name: "wishes",
      text: `
      SELECT id, cancel, awaited FROM ${s}.run
      WHERE ended_at IS NULL AND holder = $1::text AND (cancel OR awaited)`,
    },
    oldest: {
      name: "oldest",
      text: `
      SELECT number, ended_at, ${now} AS now,
        (SELECT count(*) FROM ${s}.run WHERE ended_at IS NOT NULL AND (expired = $1::boolean OR $1::boolean)) AS total
      FROM ${s}.run WHERE ended_at IS NOT NULL AND expired = $1::boolean ORDER BY ended_at, number LIMIT $2::bigint`,
    },
    empty: { name: "empty", text: `WITH ${toEmptied(s, "number = ANY ($1::bigint[])")} SELECT` },
    remove: { name: "remove", text: `DELETE FROM ${s}.run WHERE number = ANY ($1::bigint[])` },
  };
}

/** Takes from ended runs that meet a condition what they have said. What went wrong may be said with a client's text. */
export function toEmptied(s: string, condition: string): string {
  return `emptied AS (
    UPDATE ${s}.run SET expired = true, answer = NULL, error = NULL, form = ''
    WHERE ended_at IS NOT NULL AND NOT expired AND ${condition} RETURNING number, id
  ), emptied_events AS (DELETE FROM ${s}.run_event USING emptied WHERE run = emptied.number),
  emptied_keys AS (DELETE FROM ${s}.run_key USING emptied WHERE run_id = emptied.id)`;
}

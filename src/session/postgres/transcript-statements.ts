import { giveBack, toLine } from "./lease-statements.ts";
import type { Statement } from "./pool.ts";
import { Parameters } from "./parameters.ts";
import { toEndOf, toEventRows, toHeldRun } from "./run-statements.ts";
import { preparedMax, remember, type WriteStatement } from "./write-statement.ts";
import { now } from "./sql.ts";

/** What reads and writes messages. */
export interface TranscriptStatements {
  /** key_hash, known revision → one `ReadRow` for each message, or one without; none for a session that never was */
  readonly read: Statement;
  /** id, how many are kept → the last of them */
  readonly tail: Statement;
  /** Writes a turn of this shape → `GivenRow`. Fails with `runLost` if its run was lost meanwhile. */
  readonly commit: (shape: TurnShape) => WriteStatement;
  /** key_hash, digest → answer, checksum, again, created_at */
  readonly receipt: Statement;
  /** milliseconds */
  readonly prune: Statement;
}

export interface ReadRow {
  readonly revision: number;
  readonly length: number;
  readonly end_checksum: number;
  readonly updated_at: number;
  /** Null in the one row of a session with no messages, or none that are asked for. */
  readonly body: string | null;
  readonly checksum: number | null;
}

/** What a turn writes: a statement has what it needs and no more, since every part of it takes time. */
export interface TurnShape {
  readonly messages: number;
  /** Of the run that ends with it, if one does: how many last events. */
  readonly events: number | undefined;
  /** Not all messages of before are kept. */
  readonly supersedes: boolean;
  /** None is. */
  readonly begins: boolean;
  readonly receipt: boolean;
}

/** SQLSTATE `division_by_zero`: how a statement is undone that has found out too late. */
export const runLost = "22012";

export function toTranscriptStatements(s: string): TranscriptStatements {
  return {
    read: {
      name: "read",
      text: `
      SELECT s.revision, s.length, s.checksum AS end_checksum, m.body, m.checksum,
        CASE WHEN s.deleted_at IS NULL THEN coalesce(s.updated_at, 0) ELSE 0 END AS updated_at
      FROM ${s}.session AS s
      LEFT JOIN ${s}.message AS m ON m.session_id = s.id AND m.superseded_at IS NULL AND s.revision <> $2::bigint
      WHERE s.key_hash = $1::bytea ORDER BY m.sequence`,
    },
    tail: {
      name: "tail",
      text: `
      SELECT sequence, checksum FROM ${s}.message WHERE session_id = $1::bigint AND superseded_at IS NULL
      ORDER BY sequence LIMIT 1 OFFSET $2::bigint - 1`,
    },
    commit: remember(toShapeName, (shape) => toCommit(s, shape)),
    receipt: {
      name: "receipt",
      text: `
      SELECT answer, r.checksum, r.again, r.created_at, ${now} AS now FROM ${s}.receipt AS r JOIN ${s}.session AS s ON s.id = r.session_id
      WHERE s.key_hash = $1::bytea AND digest = $2::text`,
    },
    prune: { name: "prune", text: `DELETE FROM ${s}.receipt WHERE created_at < ${now} - $1::bigint` },
  };
}

function toShapeName({ messages, events, supersedes, begins, receipt }: TurnShape): string {
  const words = [supersedes ? "superseding" : "", begins ? "beginning" : "", receipt ? "receipted" : ""];
  return ["commit", messages, ...words, events === undefined ? "" : `run ${events}`]
    .filter((word) => word !== "")
    .join(" ");
}

/**
 * One turn, in one statement: every row of it depends on the one that is updated only where the fence is still the
 * session's.
 */
function toCommit(s: string, shape: TurnShape): WriteStatement {
  const p = new Parameters();
  const [id, fence, holder] = [p.at("id", "bigint"), p.at("fence", "bigint"), p.at("holder", "text")];
  const ofRun = shape.events === undefined ? undefined : toRunOfTurn(s, p, shape.events);
  const text = `
  WITH ${toLine(s, p.at("keyHash", "bytea"), holder, p.at("next", "bigint"))},
  given AS (
    UPDATE ${s}.session SET ${giveBack}, committed_fence = fence, revision = ${p.at("revision", "bigint")},
      length = ${p.at("length", "bigint")}, last_sequence = ${p.at("lastSequence", "bigint")},
      checksum = ${p.at("endChecksum", "bigint")},
      created_at = CASE WHEN created_at IS NULL OR deleted_at IS NOT NULL THEN ${now} ELSE created_at END,
      updated_at = greatest(updated_at, ${now}), deleted_at = NULL
    WHERE id = ${id} AND fence = ${fence} AND holder = ${holder} ${ofRun?.condition ?? ""}
    RETURNING id, ${now} AS moment
  )${toMessageRows(s, p, shape.messages)}${shape.supersedes ? toSuperseded(s, p) : ""}${toReceiptRows(s, p, shape)}${ofRun?.parts ?? ""}
  SELECT EXISTS (SELECT 1 FROM given) OR (${p.at("again", "boolean")}
      AND EXISTS (SELECT 1 FROM ${s}.session WHERE id = ${id} AND committed_fence = ${fence})) AS given,
    (SELECT holder FROM line) AS next${ofRun?.check ?? ""}`;
  const isRare = shape.messages > preparedMax || (shape.events ?? 0) > preparedMax;
  return { name: isRare ? undefined : toShapeName(shape), text, toValues: (values) => p.toValues(values) };
}

function toMessageRows(s: string, p: Parameters, messages: number): string {
  if (messages === 0) return "";
  const rows = Array.from({ length: messages }, (_, index) => {
    const columns = [p.at(`body ${index}`, "text"), p.at(`checksum ${index}`, "bigint")];
    return `(${index - messages + 1}, ${columns.join(", ")})`;
  });
  return `, appended AS (
    INSERT INTO ${s}.message (session_id, sequence, turn, body, checksum, created_at)
    SELECT given.id, ${p.at("lastSequence", "bigint")} + m.place, ${p.at("revision", "bigint")}, m.body, m.checksum,
      given.moment
    FROM given, (VALUES ${rows.join(", ")}) AS m (place, body, checksum))`;
}

function toSuperseded(s: string, p: Parameters): string {
  return `, superseded AS (
    UPDATE ${s}.message SET superseded_at = given.moment FROM given
    WHERE session_id = given.id AND superseded_at IS NULL AND sequence > ${p.at("tail", "bigint")})`;
}

function toReceiptRows(s: string, p: Parameters, { begins, receipt }: TurnShape): string {
  // Whoever begins a session anew goes on from nothing that was said in it.
  const other = receipt ? `AND digest <> ${p.at("digest", "text")}` : "";
  const forgotten = `, forgotten AS (DELETE FROM ${s}.receipt USING given WHERE session_id = given.id ${other})`;
  const kept = (): string => `, kept AS (
    INSERT INTO ${s}.receipt (session_id, digest, answer, checksum, again, created_at)
    SELECT given.id, ${p.at("digest", "text")}, ${p.at("answer", "text")}, ${p.at("answerChecksum", "bigint")},
      ${p.at("answersAgain", "boolean")}, given.moment FROM given
    ON CONFLICT (session_id, digest) DO UPDATE
    SET answer = excluded.answer, checksum = excluded.checksum, again = excluded.again, created_at = excluded.created_at)`;
  return (begins ? forgotten : "") + (receipt ? kept() : "");
}

/** The end of a run in the statement of its turn: both are written or neither. */
function toRunOfTurn(s: string, p: Parameters, events: number) {
  const held = toHeldRun(p);
  return {
    condition: `AND EXISTS (SELECT 1 FROM ${s}.run WHERE ${held})`,
    parts: `, held AS (
      UPDATE ${s}.run SET ${toEndOf(p, events)} FROM given WHERE ${held} RETURNING number, run.id AS run_id
    ), freed AS (DELETE FROM ${s}.run_key USING held WHERE run_key.run_id = held.run_id AND ${p.at("freesKey", "boolean")})
    ${toEventRows(s, p, events)}`,
    // Somebody may have interrupted it after the statement had begun to look.
    check: ", CASE WHEN EXISTS (SELECT 1 FROM given) THEN 1 / (SELECT count(*) FROM held) END AS ended",
  };
}

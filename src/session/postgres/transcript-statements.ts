import { giveBack, toLine } from "./lease-statements.ts";
import type { Statement } from "./pool.ts";
import { toEndOf, toEventRows, toHeldRun, toName } from "./run-statements.ts";
import { now } from "./sql.ts";

/** What reads and writes messages. */
export interface TranscriptStatements {
  /** key_hash, known revision → one `ReadRow` for each message, or one without; none for a session that never was */
  readonly read: Statement;
  /** id, how many are kept → the last of them */
  readonly tail: Statement;
  /**
   * A turn of so many messages, and of a run with so many last events, if it is of one → `GivenRow`. The parameters are
   * `commitValues`; for each message its body and checksum; for the run its id, holder, epoch, from and `endValues`; and
   * for each event its body and checksum. Fails with `runLost` if the run was lost meanwhile.
   */
  readonly commit: (messages: number, events?: number) => Statement;
  /** key_hash, digest → answer, checksum, created_at */
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

/** The first parameters of a commit, in this order. */
export const commitValues = [
  "id",
  "fence",
  "holder",
  "keyHash",
  "next",
  "again",
  "revision",
  "length",
  "lastSequence",
  "checksum",
  "tail",
  "begins",
  "digest",
  "answer",
  "answerChecksum",
] as const;

/** SQLSTATE `division_by_zero`: how a statement is undone that has found out too late. */
export const runLost = "22012";

export type CommitValue = string | number | boolean | Buffer | null | undefined;

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
    commit: (messages, events) => ({
      name: events === undefined ? toName("commit", messages) : toName("commit of run", messages, events),
      text: toCommit(s, messages, events),
    }),
    receipt: {
      name: "receipt",
      text: `
      SELECT answer, r.checksum, r.created_at, ${now} AS now FROM ${s}.receipt AS r JOIN ${s}.session AS s ON s.id = r.session_id
      WHERE s.key_hash = $1::bytea AND digest = $2::text`,
    },
    prune: { name: "prune", text: `DELETE FROM ${s}.receipt WHERE created_at < ${now} - $1::bigint` },
  };
}

/**
 * One turn, in one statement: every row of it depends on the one that is updated only where the fence is still the
 * session's. `tail` is the sequence after which messages are superseded, or null where all stay.
 */
function toCommit(s: string, messages: number, events?: number): string {
  const firstMessage = commitValues.length + 1;
  const firstOfRun = firstMessage + 2 * messages;
  const ofRun = events === undefined ? undefined : toRunOfTurn(s, firstOfRun, events);
  const rows = Array.from({ length: messages }, (_, index) => {
    const at = firstMessage + 2 * index;
    return `(${index - messages + 1}, $${at}::text, $${at + 1}::bigint)`;
  });
  const appended = `, appended AS (
    INSERT INTO ${s}.message (session_id, sequence, turn, body, checksum, created_at)
    SELECT given.id, $9::bigint + m.place, $7::bigint, m.body, m.checksum, given.moment
    FROM given, (VALUES ${rows.join(", ")}) AS m (place, body, checksum))`;
  return `
  WITH ${toLine(s, "$4::bytea", "$3::text", "$5::bigint")},
  given AS (
    UPDATE ${s}.session SET ${giveBack}, committed_fence = fence, revision = $7::bigint, length = $8::bigint,
      last_sequence = $9::bigint, checksum = $10::bigint,
      created_at = CASE WHEN created_at IS NULL OR deleted_at IS NOT NULL THEN ${now} ELSE created_at END,
      updated_at = greatest(updated_at, ${now}), deleted_at = NULL
    WHERE id = $1::bigint AND fence = $2::bigint AND holder = $3::text ${ofRun?.condition ?? ""}
    RETURNING id, ${now} AS moment
  ), superseded AS (
    UPDATE ${s}.message SET superseded_at = given.moment FROM given
    WHERE session_id = given.id AND superseded_at IS NULL AND sequence > $11::bigint
  ), forgotten AS (
    -- Whoever begins a session anew goes on from nothing that was said in it.
    DELETE FROM ${s}.receipt USING given WHERE session_id = given.id AND $12::boolean AND digest IS DISTINCT FROM $13::text
  ), kept AS (
    INSERT INTO ${s}.receipt (session_id, digest, answer, checksum, created_at)
    SELECT given.id, $13::text, $14::text, $15::bigint, given.moment FROM given WHERE $13::text IS NOT NULL
    ON CONFLICT (session_id, digest) DO UPDATE
    SET answer = excluded.answer, checksum = excluded.checksum, created_at = excluded.created_at
  )${messages === 0 ? "" : appended}${ofRun?.parts ?? ""}
  SELECT EXISTS (SELECT 1 FROM given)
    OR ($6::boolean AND EXISTS (SELECT 1 FROM ${s}.session WHERE id = $1::bigint AND committed_fence = $2::bigint)) AS given,
    (SELECT holder FROM line) AS next${ofRun?.check ?? ""}`;
}

/** The end of a run in the statement of its turn: both are written or neither. */
function toRunOfTurn(s: string, first: number, events: number) {
  const held = toHeldRun(first);
  const end = first + 4;
  return {
    condition: `AND EXISTS (SELECT 1 FROM ${s}.run WHERE ${held})`,
    parts: `, held AS (
      UPDATE ${s}.run SET ${toEndOf(end, events)} FROM given WHERE ${held} RETURNING number, run.id AS run_id
    ), freed AS (DELETE FROM ${s}.run_key USING held WHERE run_key.run_id = held.run_id AND $${end + 4}::boolean)
    ${toEventRows(s, "held", `$${first + 3}::bigint`, end + 6, events)}`,
    // Somebody may have interrupted it after the statement had begun to look.
    check: ", CASE WHEN EXISTS (SELECT 1 FROM given) THEN 1 / (SELECT count(*) FROM held) END AS ended",
  };
}

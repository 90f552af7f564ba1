import { giveTo, toNextOf } from "./lease-statements.ts";
import { Parameters } from "./parameters.ts";
import type { Values } from "./run-values.ts";
import { now } from "./sql.ts";
import type { TurnShape } from "./transcript-statements.ts";
import { remember, type WriteStatement } from "./write-statement.ts";

/** What the turns of one statement write, any of them: it has what they need and no more. */
export interface JointShape {
  readonly supersedes: boolean;
  readonly begins: boolean;
  readonly receipt: boolean;
}

/** What each turn gives, and where that stands among its values. */
const columns = [
  ["id", "bigint", "id"],
  ["fence", "bigint", "fence"],
  ["key_hash", "bytea", "keyHash"],
  ["own_next", "bigint", "next"],
  ["revision", "bigint", "revision"],
  ["length", "bigint", "length"],
  ["last_sequence", "bigint", "lastSequence"],
  ["checksum", "bigint", "endChecksum"],
  ["tail", "bigint", "tail"],
  ["begins", "boolean", "begins"],
  ["digest", "text", "digest"],
  ["answer", "text", "answer"],
  ["answer_checksum", "bigint", "answerChecksum"],
  ["answers_again", "boolean", "answersAgain"],
] as const;

/** Several turns, each of another session → a `GivenRow` for each, with its `place` among them. */
export type JointCommit = (shape: JointShape) => WriteStatement;

export function createJointCommit(s: string): JointCommit {
  return remember(toShapeName, (shape) => toJointCommit(s, shape));
}

/** The values of such a statement, of those that each turn has in a statement of its own. */
export function toJointValues(turns: readonly { readonly shape: TurnShape; readonly values: Values }[]): Values {
  const all = turns.map(({ shape, values }): Values => ({ ...values, begins: shape.begins }));
  const messages = turns.flatMap(({ shape, values }, index) =>
    Array.from({ length: shape.messages }, (_, at) => ({
      turn: index + 1,
      place: at - shape.messages + 1,
      body: values[`body ${at}`],
      checksum: values[`checksum ${at}`],
    })),
  );
  return {
    ...Object.fromEntries(columns.map(([name, , source]) => [name, all.map((values) => values[source])])),
    "message turn": messages.map(({ turn }) => turn),
    "message place": messages.map(({ place }) => place),
    "message body": messages.map(({ body }) => body),
    "message checksum": messages.map(({ checksum }) => checksum),
  };
}

function toShapeName({ supersedes, begins, receipt }: JointShape): string {
  const words = [supersedes ? "superseding" : "", begins ? "beginning" : "", receipt ? "receipted" : ""];
  return ["commit together", ...words].filter((word) => word !== "").join(" ");
}

/**
 * As the statement of one turn: every row of a turn depends on the one that is updated only where the fence is still the
 * session's, and a turn that has lost its session is no matter to the others. All statements that lock several sessions do so
 * in one order.
 */
function toJointCommit(s: string, shape: JointShape): WriteStatement {
  const p = new Parameters();
  const holder = p.at("holder", "text");
  const arrays = columns.map(([name, type]) => p.at(name, `${type}[]`));
  const message = (["turn", "place"] as const).map((name) => p.at(`message ${name}`, "bigint[]"));
  const text = `
  WITH asked AS MATERIALIZED (
    SELECT a.*, ${toNextOf(s, "a.key_hash", holder, "a.own_next")} AS next
    FROM unnest(${arrays.join(", ")}) WITH ORDINALITY AS a (${columns.map(([name]) => name).join(", ")}, place)
  ), locked AS MATERIALIZED (
    SELECT s.id AS locked_id FROM ${s}.session AS s JOIN asked ON asked.id = s.id ORDER BY s.key_hash FOR UPDATE OF s
  ), given AS (
    UPDATE ${s}.session AS s SET ${giveTo("a.next")}, committed_fence = s.fence, revision = a.revision, length = a.length,
      last_sequence = a.last_sequence, checksum = a.checksum,
      created_at = CASE WHEN s.created_at IS NULL OR s.deleted_at IS NOT NULL THEN ${now} ELSE s.created_at END,
      updated_at = greatest(s.updated_at, ${now}), deleted_at = NULL
    FROM asked AS a JOIN locked ON locked_id = a.id
    WHERE s.id = a.id AND s.fence = a.fence AND s.holder = ${holder}
    RETURNING a.*, ${now} AS moment
  ), appended AS (
    INSERT INTO ${s}.message (session_id, sequence, turn, body, checksum, created_at)
    SELECT given.id, given.last_sequence + m.place, given.revision, m.body, m.checksum, given.moment
    FROM unnest(${message.join(", ")}, ${p.at("message body", "text[]")}, ${p.at("message checksum", "bigint[]")})
      AS m (turn, place, body, checksum) JOIN given ON given.place = m.turn
  )${shape.supersedes ? toSuperseded(s) : ""}${shape.begins ? toForgotten(s) : ""}${shape.receipt ? toKept(s) : ""}
  SELECT asked.place, asked.next, given.id IS NOT NULL OR (${p.at("again", "boolean")}
      AND EXISTS (SELECT 1 FROM ${s}.session AS s WHERE s.id = asked.id AND committed_fence = asked.fence)) AS given
  FROM asked LEFT JOIN given ON given.place = asked.place`;
  return { name: toShapeName(shape), text, toValues: (values) => p.toValues(values) };
}

function toSuperseded(s: string): string {
  return `, superseded AS (
    UPDATE ${s}.message SET superseded_at = given.moment FROM given
    WHERE session_id = given.id AND superseded_at IS NULL AND sequence > given.tail)`;
}

/** Whoever begins a session anew goes on from nothing that was said in it. */
function toForgotten(s: string): string {
  return `, forgotten AS (
    DELETE FROM ${s}.receipt AS r USING given
    WHERE r.session_id = given.id AND given.begins AND r.digest IS DISTINCT FROM given.digest)`;
}

function toKept(s: string): string {
  return `, kept AS (
    INSERT INTO ${s}.receipt (session_id, digest, answer, checksum, again, created_at)
    SELECT id, digest, answer, answer_checksum, answers_again, moment FROM given WHERE digest IS NOT NULL
    ON CONFLICT (session_id, digest) DO UPDATE
    SET answer = excluded.answer, checksum = excluded.checksum, again = excluded.again, created_at = excluded.created_at)`;
}

import type { Edit } from "../defence/break.ts";

const file = "src/session/postgres/transcript-statements.ts";
const joint = "src/session/postgres/joint-commit.ts";

/**
 * A turn is written whoever holds the session by now. The numbers of its messages would still be taken, and nothing
 * written; so they follow what is there.
 */
export const withoutFence: readonly Edit[] = [
  // What keeps a gateway that was late from coming so far: its clients have left, and its lease is seen to be lost.
  { file: "src/base/loop-watch.ts", from: "return now < this.#stillUntil || this.#isStill(now);", to: "return false;" },
  { file: "src/run/run.ts", from: "...(turn === undefined ? [] : [turn.lost]),", to: "" },
  {
    file,
    from: "WHERE id = ${id} AND fence = ${fence} AND holder = ${holder}",
    to: "WHERE id = ${id} AND ${fence} > 0 AND ${holder} <> ''",
  },
  {
    file,
    from: '${p.at("lastSequence", "bigint")} + m.place,',
    to: '0 * ${p.at("lastSequence", "bigint")} + (SELECT coalesce(max(sequence), 0) FROM ${s}.message WHERE session_id = given.id) + ${messages} + m.place,',
  },
  { file: joint, from: "AND s.fence = a.fence AND s.holder = ${holder}", to: "AND ${holder} <> ''" },
  {
    file: joint,
    from: "given.last_sequence + m.place",
    to: "(SELECT coalesce(max(sequence), 0) FROM ${s}.message WHERE session_id = given.id) + given.length + m.place",
  },
];

import type { Edit } from "../defence/break.ts";

const file = "src/session/postgres/transcript-statements.ts";

/**
 * A turn is written whoever holds the session by now. The numbers of its messages would still be taken, and nothing
 * written; so they follow what is there.
 */
export const withoutFence: readonly Edit[] = [
  { file, from: "WHERE id = $1::bigint AND fence = $2::bigint AND holder = $3::text", to: "WHERE id = $1::bigint" },
  {
    file,
    from: "SELECT given.id, $9::bigint + m.place, $7::bigint",
    to: "SELECT given.id, (SELECT coalesce(max(sequence), 0) FROM ${s}.message WHERE session_id = given.id) + ${messages} + m.place, $7::bigint",
  },
];

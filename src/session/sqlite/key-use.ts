import type { DatabaseSync } from "node:sqlite";
import type { KeyUse } from "../store.ts";

/** For so many days it can be looked up by hand what keys have spent. */
const daysKept = 31;

/** Adds to what keys have spent, inside the caller's transaction. Returns what each has spent on its day. */
export function createAddUse(database: DatabaseSync): (uses: readonly KeyUse[]) => number[] {
  const add = database.prepare(`
    INSERT INTO key_use (name, day, tokens) VALUES ($name, $day, $tokens)
    ON CONFLICT (name, day) DO UPDATE SET tokens = min(tokens + excluded.tokens, ${Number.MAX_SAFE_INTEGER})
    RETURNING tokens`);
  const forget = database.prepare("DELETE FROM key_use WHERE day < ?");
  return (uses) => {
    const totals = uses.map(({ name, day, tokens }) => Number(add.get({ name, day, tokens })?.["tokens"]));
    forget.run(Math.max(0, ...uses.map(({ day }) => day)) - daysKept);
    return totals;
  };
}

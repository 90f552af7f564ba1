import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { BodyTurns } from "./body-turns.ts";

test.for<[what: string, sizes: readonly number[], turns: readonly number[]]>([
  ["one, of whatever size, at once", [10_000_000], [0]],
  ["some that are short, at once", [16_000, 16_000, 16_000], [0, 0, 0]],
  ["of those that are long one in a turn", [100_000, 100_000, 100_000], [0, 1, 2]],
  ["short ones after a long one in order", [10_000_000, 20_000, 20_000, 20_000, 20_000, 20_000], [0, 1, 1, 1, 1, 2]],
  ["a long one with what is left of a turn", [60_000, 100_000, 100_000], [0, 0, 1]],
])("there is time for %s", async ([, sizes, wanted]) => {
  const bodies = new BodyTurns();
  const turns: (number | undefined)[] = sizes.map(() => undefined);
  let turn = 0;
  for (const [index, bytes] of sizes.entries()) {
    const waiting = bodies.wait(bytes);
    if (waiting === undefined) turns[index] = turn;
    else void waiting.then(() => (turns[index] = turn));
  }
  for (; turn < sizes.length;) {
    turn++;
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await nextTurn();
  }
  expect(turns).toEqual(wanted);
});

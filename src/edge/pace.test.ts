import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Due, fewMax, type Kind, Pace } from "./pace.ts";

test.for<Kind>(["modest", "ahead"])(
  "a connection that is %s and due again has the next turn, not the same one",
  async (kind) => {
    const pace = new Pace<Due>();
    let calls = 0;
    const due: Due = {
      kind,
      sendsAhead: kind === "ahead",
      goOn() {
        calls++;
        // It would never end.
        if (calls < 1_000) pace.noteDue(due);
      },
    };
    pace.noteDue(due);
    const seen: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await nextTurn();
      seen.push(calls);
    }
    expect(seen).toEqual([1, 2, 3]);
  },
);

test("however long a turn takes, a few that send one after the other are begun in the next, and of others one", async () => {
  const pace = new Pace<Due>();
  const begun = { modest: 0, ahead: 0 };
  const toDue = (kind: "modest" | "ahead"): Due => ({
    kind,
    sendsAhead: kind === "ahead",
    goOn() {
      pace.begun++;
      pace.noteBegun(this);
      begun[kind]++;
    },
  });
  const turns = 10;
  for (let turn = 0; turn < turns; turn++) {
    for (let count = 0; count < 100; count++) pace.noteDue(toDue("modest"));
    for (let count = 0; count < 100; count++) pace.noteDue(toDue("ahead"));
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await nextTurn();
    // What goes on already takes all of it.
    const until = performance.now() + 30;
    while (performance.now() < until);
    if (turn === turns / 2) begun.modest = begun.ahead = 0;
  }
  expect(begun.modest).toBe((turns / 2 - 1) * fewMax);
  expect(begun.ahead).toBeLessThanOrEqual(turns / 2);
});

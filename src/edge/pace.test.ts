import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Due, type Kind, Pace } from "./pace.ts";

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

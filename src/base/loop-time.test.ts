import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LoopTime } from "./loop-time.ts";

function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** For the order in which they come. */
function listen(promises: Record<string, Promise<void> | undefined>): string[] {
  const told: string[] = [];
  for (const [name, promise] of Object.entries(promises)) void promise?.then(() => told.push(name));
  return told;
}

test("who is alone begins at once, and goes on at once, until his share is used up", async () => {
  const time = new LoopTime();
  expect(time.begin()).toBeUndefined();
  work(20);
  const waiting = time.goOn();
  expect(waiting).toBeInstanceOf(Promise);
  await waiting;
});

test("who gives way does so for a turn of the loop also where nobody waits, and else for those that do", async () => {
  const time = new LoopTime();
  const told: string[] = [];
  setImmediate(() => told.push("another"));
  await time.giveWay();
  expect(told).toEqual(["another"]);
  void time.begin();
  work(11);
  await Promise.all([time.goOn()?.then(() => told.push("first")), time.giveWay().then(() => told.push("second"))]);
  expect(told).toEqual(["another", "first", "second"]);
});

test("of many that begin at once a few do in each turn, in the order in which they came", async () => {
  const time = new LoopTime();
  const turns: number[] = [];
  let turn = 0;
  const state = { isOver: false };
  const begun: number[] = [];
  const all = Promise.all(
    Array.from({ length: 24 }, async (_, index) => {
      await time.begin();
      turns.push(turn);
      begun.push(index);
      work(6);
    }),
  ).then(() => (state.isOver = true));
  // oxlint-disable-next-line no-await-in-loop -- one turn after the other
  for (; !state.isOver; turn++) await nextTurn();
  await all;
  expect(begun).toEqual(begun.toSorted((one, other) => one - other));
  const most = Math.max(...turns.map((at) => turns.filter((other) => other === at).length));
  // Two in a share, of which two may end within what is counted as one turn.
  expect(most).toBeLessThanOrEqual(4);
});

test("what goes on comes before what would begin", async () => {
  const time = new LoopTime();
  void time.begin();
  work(11);
  const told = listen({ first: time.begin(), new: time.begin(), begun: time.goOn(), "begun too": time.goOn() });
  await time.begin();
  expect(told).toEqual(["begun", "begun too", "first", "new"]);
});

test("what would begin is not kept waiting for ever by what goes on and on", async () => {
  const time = new LoopTime({ patienceMs: 20 });
  const state = { isBegun: false };
  const goOn = async (): Promise<void> => {
    while (!state.isBegun) {
      // oxlint-disable-next-line no-await-in-loop -- on and on
      await time.goOn();
      work(3);
    }
  };
  const going = [goOn(), goOn(), goOn()];
  await time.begin();
  state.isBegun = true;
  await Promise.all(going);
});

test("while connections come they are let in first, and then it goes on all the same", async () => {
  const time = new LoopTime();
  void time.begin();
  work(11);
  const waiting = time.begin();
  expect(waiting).toBeInstanceOf(Promise);
  const state = { isOver: false };
  void waiting?.then(() => (state.isOver = true));
  const began = performance.now();
  while (!state.isOver) {
    time.greet();
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await nextTurn();
  }
  expect(performance.now() - began).toBeGreaterThan(40);
});

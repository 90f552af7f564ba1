import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Together } from "./together.ts";

const refusal = new Error("refused");
// How long a statement takes is for each test to say, not for the machine.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const nextTurn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** Statements that wait for their answer, each with its calls. */
function createSent() {
  const sent: { readonly calls: readonly string[]; readonly answer: (error?: Error) => Promise<void> }[] = [];
  const together = new Together<string, string>({
    toKey: (call) => call[0],
    isDivisible: (error) => error === refusal,
    send(calls) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const answer = async (error?: Error): Promise<void> => {
        if (error === undefined) resolve(calls.map((call) => `${call}!`));
        else reject(error);
        await nextTurn();
        // Its end may have let in others.
        await nextTurn();
      };
      sent.push({ calls, answer });
      return promise;
    },
  });
  return { sent, together };
}

const list = (sent: readonly { readonly calls: readonly string[] }[]): string[] =>
  sent.map(({ calls }) => calls.join());

test("what comes in one turn of the loop is sent together, and what comes meanwhile with the next, in order", async () => {
  const { sent, together } = createSent();
  const results = ["a1", "b1", "c1"].map((call) => together.run(call));
  await nextTurn();
  expect(list(sent)).toEqual(["a1,b1,c1"]);
  for (const call of ["d1", "e1", "d2", "f1"]) results.push(together.run(call));
  await nextTurn();
  expect(list(sent)).toHaveLength(1);
  await sent[0]?.answer();
  expect(list(sent).slice(1)).toEqual(["d1,e1,f1"]);
  await sent[1]?.answer();
  expect(list(sent).slice(2)).toEqual(["d2"]);
  await sent[2]?.answer();
  expect(await Promise.all(results)).toEqual(["a1!", "b1!", "c1!", "d1!", "e1!", "d2!", "f1!"]);
});

test("beside a statement that takes long others are sent, few of them at once", async () => {
  const { sent, together } = createSent();
  const results: Promise<string>[] = [];
  for (const key of ["a", "b", "c", "d"]) {
    results.push(together.run(`${key}1`), together.run(`${key}2`));
    await nextTurn();
    vi.advanceTimersByTime(1_000);
    await nextTurn();
  }
  expect(list(sent)).toEqual(["a1", "a2", "b1"]);
  await sent[1]?.answer();
  expect(list(sent).slice(3)).toEqual(["b2,c1,d1"]);
  for (const { answer } of sent) await answer();
  expect(await Promise.all(results)).toEqual(["a1!", "a2!", "b1!", "b2!", "c1!", "c2!", "d1!", "d2!"]);
});

test("what was refused together is sent alone, and fails alone; what nobody knows of fails together", async () => {
  const { sent, together } = createSent();
  const settled = Promise.allSettled(["a1", "b1"].map((call) => together.run(call)));
  await nextTurn();
  await sent[0]?.answer(refusal);
  expect(list(sent).slice(1)).toEqual(["a1", "b1"]);
  await sent[1]?.answer(refusal);
  await sent[2]?.answer();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);

  const lost = new Error("lost");
  const others = Promise.allSettled(["a1", "b1"].map((call) => together.run(call)));
  await nextTurn();
  await sent[3]?.answer(lost);
  expect(list(sent)).toHaveLength(4);
  expect(await others).toEqual([
    { status: "rejected", reason: lost },
    { status: "rejected", reason: lost },
  ]);
});

test("no call is lost, doubled or answered as another, however they come and statements end", async () => {
  const calls = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("run", "answer", "refuse")), {
    minLength: 1,
    maxLength: 200,
  });
  await fc.assert(
    fc.asyncProperty(calls, async (steps) => {
      const { sent, together } = createSent();
      let answered = 0;
      const results: { readonly call: string; readonly end: Promise<unknown> }[] = [];
      for (const [index, [key, step]] of steps.entries()) {
        const call = `${key}${index}`;
        if (step === "run") results.push({ call, end: together.run(call).catch((error: unknown) => error) });
        else await sent[answered++]?.answer(step === "refuse" ? refusal : undefined);
        answered = Math.min(answered, sent.length);
      }
      await nextTurn();
      for (; answered < sent.length; answered += 1) await sent[answered]?.answer();
      for (const { call, end } of results) expect([`${call}!`, refusal]).toContain(await end);
      for (const { calls: one } of sent) expect(new Set(one.map(([key]) => key)).size).toBe(one.length);
    }),
    { numRuns: 100 },
  );
});

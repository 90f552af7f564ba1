import fc from "fast-check";
import { expect, test } from "vitest";
import { Together } from "./together.ts";

const refusal = new Error("refused");

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
        await new Promise((next) => setImmediate(next));
      };
      sent.push({ calls, answer });
      return promise;
    },
  });
  return { sent, together };
}

const list = (sent: readonly { readonly calls: readonly string[] }[]): string[] =>
  sent.map(({ calls }) => calls.join());

test("what comes while little is under way is sent at once and alone, the rest with the next, in order", async () => {
  const { sent, together } = createSent();
  const results = ["a1", "b1", "c1", "d1", "e1", "d2", "f1"].map((call) => together.run(call));
  expect(list(sent)).toEqual(["a1", "b1", "c1"]);
  await sent[1]?.answer();
  expect(list(sent)).toEqual(["a1", "b1", "c1", "d1,e1,f1"]);
  await sent[0]?.answer();
  expect(list(sent).at(-1)).toBe("d2");
  for (const { answer } of sent) await answer();
  expect(await Promise.all(results)).toEqual(["a1!", "b1!", "c1!", "d1!", "e1!", "d2!", "f1!"]);
});

test("what was refused together is sent alone, and fails alone; what nobody knows of fails together", async () => {
  const { sent, together } = createSent();
  const results = ["a1", "b1", "c1", "d1", "e1"].map((call) => together.run(call));
  const settled = Promise.allSettled(results);
  for (const { answer } of sent.slice(0, 3)) await answer();
  await sent[3]?.answer(refusal);
  expect(list(sent).slice(4)).toEqual(["d1", "e1"]);
  await sent[4]?.answer(refusal);
  await sent[5]?.answer();
  expect((await settled).map(({ status }) => status)).toEqual([
    ...Array.from({ length: 3 }, () => "fulfilled"),
    "rejected",
    "fulfilled",
  ]);

  const lost = new Error("lost");
  const others = Promise.allSettled(["a1", "b1", "c1", "d1", "e1"].map((call) => together.run(call)));
  for (const { answer } of sent.slice(6, 9)) await answer();
  await sent[9]?.answer(lost);
  expect(list(sent)).toHaveLength(10);
  expect((await others).filter(({ status }) => status === "rejected")).toEqual([
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
      for (; answered < sent.length; answered += 1) await sent[answered]?.answer();
      for (const { call, end } of results) expect([`${call}!`, refusal]).toContain(await end);
      for (const { calls: one } of sent) expect(new Set(one.map(([key]) => key)).size).toBe(one.length);
    }),
    { numRuns: 100 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { toForm, toHead } from "./answer-form.ts";
import { createChunkJson } from "./chunks.ts";
import { answers, heads, steps } from "./chunks.fixture.ts";
import type { AnswerHead } from "./head.ts";
import { NumberedChunks } from "./numbered-chunks.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

interface Numbered {
  readonly seq: number;
  readonly json: string;
}

/** The chunks behind number `after`, as they stand on the wire. */
function toChunks(events: readonly RunEvent[], answer: RunAnswer, head: AnswerHead, after: number): Numbered[] {
  const list: Numbered[] = [];
  const toJson = createChunkJson(head);
  const chunks = new NumberedChunks(head, after, (chunk) => void list.push({ seq: chunks.seq, json: toJson(chunk) }));
  for (const event of events) chunks.add(event);
  chunks.end(answer);
  return list;
}

const runs = fc
  .array(steps, { maxLength: 12 })
  .map((events): RunEvent[] => [
    { type: "run-start", runId: "run_1" },
    { type: "model-start", model: "house/small" },
    ...events,
  ]);

test("a stream that is cut anywhere, as often as one likes, goes on with the same bytes and has none twice", () => {
  fc.assert(
    fc.property(heads, runs, answers, fc.array(fc.nat(20), { maxLength: 4 }), (head, events, answer, cuts) => {
      const whole = toChunks(events, answer, head, 0);
      const seqs = whole.map(({ seq }) => seq);
      expect(seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0))).toBe(true);
      const got: Numbered[] = [];
      // Each time the reader takes some of what it is sent, and leaves.
      for (const taken of cuts) got.push(...toChunks(events, answer, head, got.at(-1)?.seq ?? 0).slice(0, taken));
      got.push(...toChunks(events, answer, head, got.at(-1)?.seq ?? 0));
      expect(got).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

test("a chunk has the number of its event, and those of the end go on from there", () => {
  fc.assert(
    fc.property(heads, runs, answers, (head, events, answer) => {
      const chunks = toChunks(events, answer, head, 0);
      expect(chunks[0]).toMatchObject({ seq: 1, json: expect.stringContaining('"role":"assistant"') as string });
      const ending = chunks.filter(({ seq }) => seq > events.length);
      expect(ending.map(({ seq }) => seq)).toEqual(ending.map((_, index) => events.length + 1 + index));
      expect(ending.length).toBeGreaterThan(0);
    }),
  );
});

test("what is stored of a run makes the same chunks as the run itself", () => {
  fc.assert(
    fc.property(heads, runs, answers, (head, events, answer) => {
      const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
      const stored = toChunks(copy(events), copy(answer), toHead(toForm(head)), 0);
      expect(stored).toEqual(toChunks(events, answer, head, 0));
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { Chunks, createChunkJson, toIdleChunk } from "./chunks.ts";
import type { AnswerHead } from "./head.ts";
import type { ChatCompletionChunk } from "../../base/contract.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

/** Any string at all: control characters, quotes, line separators and lone surrogates too. */
const texts = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", '"', "\\", "\n", "\u2028\u2029", "\ud83d\ude00", "\ud800", "</script>", '","choices":[]'),
  fc.string(),
);
const heads: fc.Arbitrary<AnswerHead> = fc.record({
  id: texts,
  created: fc.nat(),
  model: texts,
  includeUsage: fc.boolean(),
  legacy: fc.boolean(),
  include: fc.subarray(["reasoning", "tools"] as const).map((words) => new Set(words)),
  stateless: fc.boolean(),
});
const usages = fc.record({ prompt_tokens: fc.nat(), completion_tokens: fc.nat(), total_tokens: fc.nat() });
const kinds = fc.constantFrom("function" as const, "custom" as const);
const logprob = { token: "a", logprob: -0.5, bytes: [97], top_logprobs: [] };
const steps: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ type: fc.constantFrom("text-delta" as const, "refusal-delta" as const), text: texts }),
  fc.record({ type: fc.constant("reasoning-delta" as const), text: texts }),
  fc.record({ type: fc.constant("text-delta" as const), text: texts, logprobs: fc.constant([logprob]) }),
  fc.record({ type: fc.constant("tool-start" as const), id: texts, name: texts }),
  fc.record({ type: fc.constant("tool-end" as const), id: texts, name: texts, failed: fc.boolean() }),
  fc.record({ type: fc.constant("tool-call-start" as const), index: fc.nat(3), id: texts, kind: kinds, name: texts }),
  fc.record({ type: fc.constant("tool-call-delta" as const), index: fc.nat(3), kind: kinds, text: texts }),
);
const answers: fc.Arbitrary<RunAnswer> = fc.record({
  model: texts,
  message: fc.record({ role: fc.constant("assistant" as const), content: texts }),
  reasoning: texts,
  logprobs: fc.constantFrom(undefined, [logprob]),
  finishReason: fc.constantFrom("stop" as const, "length" as const, "tool_calls" as const),
  usage: usages,
});

function toChunks(events: readonly RunEvent[], answer: RunAnswer, head: AnswerHead): ChatCompletionChunk[] {
  const list: ChatCompletionChunk[] = [];
  const chunks = new Chunks(head, (chunk) => void list.push(chunk));
  chunks.begin();
  for (const event of events) chunks.add(event);
  chunks.end(answer);
  return list;
}

test("every chunk that a run can make is written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(heads, fc.array(steps, { maxLength: 6 }), answers, (head, events, answer) => {
      const toJson = createChunkJson(head);
      for (const chunk of [toIdleChunk(head), ...toChunks(events, answer, head)]) {
        expect(toJson(chunk)).toBe(JSON.stringify(chunk));
        expect(JSON.parse(toJson(chunk))).toEqual(JSON.parse(JSON.stringify(chunk)));
      }
    }),
  );
});

test("only the end of a run gives a finish reason", () => {
  fc.assert(
    fc.property(heads, fc.array(steps, { maxLength: 6 }), answers, (head, events, answer) => {
      const reasons = toChunks(events, answer, head).flatMap(({ choices }) =>
        choices.map((choice) => choice.finish_reason),
      );
      expect(reasons.filter((reason) => reason !== null)).toHaveLength(1);
      expect(reasons.at(-1)).not.toBeNull();
    }),
  );
});

test("a chunk is one line, whatever its text", () => {
  fc.assert(
    fc.property(heads, texts, (head, text) => {
      const json = createChunkJson(head)({ ...toIdleChunk(head), choices: [toChoice(text)] });
      expect(json).not.toMatch(/[\r\n]/);
      expect((JSON.parse(json) as ChatCompletionChunk).choices).toEqual([toChoice(text)]);
    }),
  );
});

function toChoice(content: string): ChatCompletionChunk["choices"][number] {
  return { index: 0, delta: { content }, logprobs: null, finish_reason: null };
}

import fc from "fast-check";
import type { AnswerHead } from "./head.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

/** Any string at all: control characters, quotes, line separators and lone surrogates too. */
export const texts = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", '"', "\\", "\n", "\u2028\u2029", "\ud83d\ude00", "\ud800", "</script>", '","choices":[]'),
  fc.string(),
);
export const heads: fc.Arbitrary<AnswerHead> = fc.record({
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
export const steps: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ type: fc.constantFrom("text-delta" as const, "refusal-delta" as const), text: texts }),
  fc.record({ type: fc.constant("reasoning-delta" as const), text: texts }),
  fc.record({ type: fc.constant("text-delta" as const), text: texts, logprobs: fc.constant([logprob]) }),
  fc.record({ type: fc.constant("tool-start" as const), id: texts, name: texts }),
  fc.record({ type: fc.constant("tool-end" as const), id: texts, name: texts, failed: fc.boolean() }),
  fc.record({ type: fc.constant("tool-call-start" as const), index: fc.nat(3), id: texts, kind: kinds, name: texts }),
  fc.record({ type: fc.constant("tool-call-delta" as const), index: fc.nat(3), kind: kinds, text: texts }),
);
export const answers: fc.Arbitrary<RunAnswer> = fc.record({
  model: texts,
  message: fc.record({ role: fc.constant("assistant" as const), content: texts }),
  reasoning: texts,
  logprobs: fc.constantFrom(undefined, [logprob]),
  finishReason: fc.constantFrom("stop" as const, "length" as const, "tool_calls" as const),
  usage: usages,
});

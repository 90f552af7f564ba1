import { expect, test } from "vitest";
import type { Usage } from "../base/contract.ts";
import type { ModelDelta } from "../model/model.ts";
import { addUsage, AnswerBuilder, noUsage } from "./answer.ts";

const of = (prompt: number, completion: number, more: Partial<Usage> = {}): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...more,
});

const rows: readonly { readonly name: string; readonly left: Usage; readonly right: Usage; readonly want: Usage }[] = [
  { name: "counts", left: of(1, 2), right: of(10, 20), want: of(11, 22) },
  { name: "nothing and one", left: noUsage, right: of(3, 4), want: of(3, 4) },
  {
    name: "details of the first alone",
    left: of(1, 2, { prompt_tokens_details: { cached_tokens: 1 } }),
    right: of(1, 2),
    want: of(2, 4, { prompt_tokens_details: { cached_tokens: 1 } }),
  },
  {
    name: "details of the second alone",
    left: noUsage,
    right: of(1, 2, { completion_tokens_details: { reasoning_tokens: 2 } }),
    want: of(1, 2, { completion_tokens_details: { reasoning_tokens: 2 } }),
  },
  {
    name: "different details of both",
    left: of(1, 2, { completion_tokens_details: { reasoning_tokens: 1 } }),
    right: of(1, 2, { completion_tokens_details: { reasoning_tokens: 2, audio_tokens: 5 } }),
    want: of(2, 4, { completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 5 } }),
  },
  {
    name: "totals as the models counted them",
    left: { ...of(1, 2), total_tokens: 9 },
    right: of(1, 2),
    want: { ...of(2, 4), total_tokens: 12 },
  },
];

test.each(rows)("a run pays for all its calls: $name", ({ left, right, want }) => {
  expect(addUsage(left, right)).toEqual(want);
});

const text = (said: string): ModelDelta => ({ type: "text-delta", text: said });
const call = (kind: "function" | "custom", said: string): ModelDelta[] => [
  { type: "tool-call-start", index: 0, id: "call_a", kind, name: "go" },
  { type: "tool-call-delta", index: 0, kind, text: said },
];

test.each<{ readonly name: string; readonly deltas: readonly ModelDelta[]; readonly counted?: Usage; want: Usage }>([
  { name: "nothing", deltas: [], want: of(6, 0) },
  { name: "text", deltas: [text("one "), text("two")], want: of(6, 2) },
  { name: "text and reasoning", deltas: [{ type: "reasoning-delta", text: "hm" }, text("one two")], want: of(6, 3) },
  { name: "a refusal", deltas: [{ type: "refusal-delta", text: "no" }], want: of(6, 1) },
  { name: "a function's arguments", deltas: call("function", "one two"), want: of(6, 2) },
  { name: "a custom tool's input", deltas: [text("one"), ...call("custom", "two")], want: of(6, 2) },
  { name: "what the provider has counted", deltas: [text("one two")], counted: of(3, 4), want: of(3, 4) },
])("an answer costs what it says, where nobody has counted: $name", async ({ deltas, counted, want }) => {
  const builder = new AnswerBuilder();
  for (const delta of deltas) builder.add(delta);
  const request = { messages: [{ role: "user", content: "Hello?" }], tools: [] } as const;
  expect((await builder.finish({ finishReason: "stop", usage: counted }, request)).usage).toEqual(want);
});

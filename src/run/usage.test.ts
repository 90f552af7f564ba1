import { expect, test } from "vitest";
import type { Usage } from "../base/contract.ts";
import { addUsage, noUsage } from "./usage.ts";

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

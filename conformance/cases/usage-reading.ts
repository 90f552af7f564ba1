import { expectObject, expectThat, isObject } from "../expect.ts";
import { type StreamReading } from "../lens/stream.ts";

const counts = ["prompt_tokens", "completion_tokens", "total_tokens"] as const;

export type Counts = Readonly<Record<(typeof counts)[number], number>>;

/** The three counts of a `usage`; a failure unless each is a whole number. */
export function toCounts(usage: unknown, where = "usage"): Counts {
  expectObject(usage, where);
  for (const name of counts) {
    const count = usage[name];
    expectThat(Number.isInteger(count) && Number(count) >= 0, `${where}.${name} to be an integer of 0 or more`, count);
  }
  return {
    prompt_tokens: Number(usage["prompt_tokens"]),
    completion_tokens: Number(usage["completion_tokens"]),
    total_tokens: Number(usage["total_tokens"]),
  };
}

/** The usage of a stream, in whatever chunk it is. */
export function toUsage({ chunks }: StreamReading): unknown {
  return chunks.findLast(({ usage }) => isObject(usage))?.["usage"];
}

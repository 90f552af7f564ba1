import type { TokenLogprob } from "../../base/contract.ts";
import { toObjects } from "./objects.ts";

type WireLogprob = { readonly [K in keyof TokenLogprob]?: unknown };

/** A choice's `logprobs`, with everything that the contract requires; undefined if there are none. */
export function toLogprobs(logprobs: unknown): TokenLogprob[] | undefined {
  const content = (logprobs as { readonly content?: unknown } | null | undefined)?.content;
  if (!Array.isArray(content)) return undefined;
  return toObjects(content).map((entry: WireLogprob) => ({
    ...toLogprob(entry),
    top_logprobs: toObjects(entry.top_logprobs).map(toLogprob),
  }));
}

function toLogprob({ token, logprob, bytes }: WireLogprob): Omit<TokenLogprob, "top_logprobs"> {
  return {
    token: typeof token === "string" ? token : "",
    logprob: typeof logprob === "number" ? logprob : 0,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255) : null,
  };
}

import type { TokenLogprob } from "../../base/contract.ts";

// What servers write in the fields of an answer. Nothing in it is certain.

/** The objects of a list; what is no object in it, or no list, says nothing. */
export function toObjects(value: unknown): object[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one: unknown): one is object => typeof one === "object" && one !== null);
}

type WireLogprob = { readonly [K in keyof TokenLogprob]?: unknown };

/** A choice's `logprobs`, with everything that the contract requires; undefined if there are none. */
export function toLogprobs(logprobs: unknown): TokenLogprob[] | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing in it is certain, as the type says
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

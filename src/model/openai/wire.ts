import type { TokenLogprob, Usage } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";

// What servers write in the fields of an answer. Nothing in it is certain.

/** Throws `upstream_error` with this message. The parser's own error quotes the text, which is not for the log either. */
export function parseJson(text: string, message: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const cause = new Error(`no JSON in ${text.length} characters`);
    throw new GatewayError("upstream_error", message, { cause });
  }
}

/** The objects of a list; what is no object in it, or no list, says nothing. */
export function toObjects(value: unknown): object[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one: unknown): one is object => typeof one === "object" && one !== null);
}

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

type Details = Readonly<Record<string, unknown>>;

/** What a server says it has counted; undefined if it says nothing of use. Details that it leaves out stay out. */
export function toUsage(value: unknown): Usage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Details;
  const prompt = toCount(given["prompt_tokens"]);
  const completion = toCount(given["completion_tokens"]);
  if (prompt === undefined || completion === undefined) return undefined;
  const promptDetails = pick(given["prompt_tokens_details"], ["cached_tokens", "audio_tokens"]);
  const completionDetails = pick(given["completion_tokens_details"], [
    "reasoning_tokens",
    "audio_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
  ]);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: toCount(given["total_tokens"]) ?? prompt + completion,
    ...(promptDetails === undefined ? {} : { prompt_tokens_details: promptDetails }),
    ...(completionDetails === undefined ? {} : { completion_tokens_details: completionDetails }),
  };
}

function pick<K extends string>(value: unknown, names: readonly K[]): { [N in K]?: number } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found: { [N in K]?: number } = {};
  for (const name of names) {
    const count = toCount((value as Details)[name]);
    if (count !== undefined) found[name] = count;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function toCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

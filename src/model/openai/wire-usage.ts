import type { Usage } from "../../base/contract.ts";

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

import type { CountedUsage } from "./model.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Where a count stands, by vendor; a dot leads into an object. The first that is there counts. */
const paths = {
  prompt: [
    "prompt_tokens",
    "input_tokens",
    "promptTokens",
    "inputTokens",
    "prompt_token_count",
    "promptTokenCount",
    "prompt_eval_count",
  ],
  completion: [
    "completion_tokens",
    "output_tokens",
    "completionTokens",
    "outputTokens",
    "completion_token_count",
    "candidatesTokenCount",
    "eval_count",
  ],
  total: ["total_tokens", "totalTokens", "total_token_count", "totalTokenCount"],
  cached: [
    "prompt_tokens_details.cached_tokens",
    "input_tokens_details.cached_tokens",
    // Kimi, DeepSeek, Anthropic and what stands before it, Gemini.
    "cached_tokens",
    "prompt_cache_hit_tokens",
    "cache_read_input_tokens",
    "prompt_tokens_details.cache_read_tokens",
    "cached_input_tokens",
    "cached_prompt_tokens",
    "cacheReadInputTokens",
    "num_cached_tokens",
    "cachedContentTokenCount",
  ],
  promptAudio: ["prompt_tokens_details.audio_tokens", "input_tokens_details.audio_tokens"],
  reasoning: [
    "completion_tokens_details.reasoning_tokens",
    "output_tokens_details.reasoning_tokens",
    "output_tokens_details.thinking_tokens",
    "reasoning_tokens",
    "thinking_tokens",
    "thoughtsTokenCount",
  ],
  completionAudio: ["completion_tokens_details.audio_tokens", "output_tokens_details.audio_tokens"],
  accepted: ["completion_tokens_details.accepted_prediction_tokens"],
  rejected: ["completion_tokens_details.rejected_prediction_tokens"],
} as const satisfies Record<string, readonly string[]>;

type Name = keyof typeof paths;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table above
const names = Object.keys(paths) as readonly Name[];
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same keys, each path in its parts
const steps = Object.fromEntries(
  Object.entries(paths).map(([name, list]) => [name, list.map((path) => path.split("."))]),
) as unknown as Readonly<Record<Name, readonly (readonly string[])[]>>;

/** Anthropic's names: its `input_tokens` are only those that the cache had no part in. */
const besideInput = ["cache_read_input_tokens", "cache_creation_input_tokens"] as const;

/**
 * What a server says that it has counted, anywhere in its answer and as often as it likes. Each count stands by itself,
 * a later one replaces an earlier one, and a zero replaces nothing.
 */
export class UsageCounter {
  readonly #counts: { [N in Name]?: number } = {};

  /** Of a `usage` object; anything else says nothing. */
  read(usage: unknown): void {
    if (typeof usage !== "object" || usage === null) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object has unknown fields
    const fields = usage as Fields;
    let counted = false;
    for (const name of names) {
      const count = name === "prompt" ? toPrompt(fields) : toFirst(fields, steps[name]);
      if (name === "total" && counted && !count) delete this.#counts.total;
      if (count === undefined || (count === 0 && this.#counts[name] !== undefined)) continue;
      if (name === "prompt" || name === "completion") counted ||= count !== this.#counts[name];
      this.#counts[name] = count;
    }
  }

  /** Undefined if nothing was counted, or nothing but zeros was: every prompt has tokens. */
  toCounts(): CountedUsage | undefined {
    const { total } = this.#counts;
    let { prompt, completion } = this.#counts;
    if (!prompt && !completion && !total) return undefined;
    if (total !== undefined && completion === undefined && prompt && total >= prompt) completion = total - prompt;
    if (total !== undefined && !prompt && completion !== undefined && total > completion) prompt = total - completion;
    const { cached, promptAudio, reasoning, completionAudio, accepted, rejected } = this.#counts;
    // xAI counts what was thought beside what was written, and both in the total.
    if (prompt && completion !== undefined && reasoning && total === prompt + completion + reasoning) {
      completion += reasoning;
    }
    const promptDetails = toGiven({ cached_tokens: cached, audio_tokens: promptAudio });
    const completionDetails = toGiven({
      reasoning_tokens: reasoning,
      audio_tokens: completionAudio,
      accepted_prediction_tokens: accepted,
      rejected_prediction_tokens: rejected,
    });
    return {
      ...toGiven({
        prompt_tokens: prompt || undefined,
        completion_tokens: completion,
        // The total of a piece without the rest is none of the whole.
        total_tokens: total && total >= (prompt ?? 0) + (completion ?? 0) ? total : undefined,
      }),
      ...(promptDetails === undefined ? {} : { prompt_tokens_details: promptDetails }),
      ...(completionDetails === undefined ? {} : { completion_tokens_details: completionDetails }),
    };
  }
}

/** Of llama.cpp, where it gives no usage: its `prompt_n` are those that the cache had no part in. */
export function fromTimings(timings: unknown): CountedUsage | undefined {
  const prompt = toCount(toInner(timings, "prompt_n"));
  const completion = toCount(toInner(timings, "predicted_n"));
  if (prompt === undefined || completion === undefined) return undefined;
  const cached = toCount(toInner(timings, "cache_n"));
  const counter = new UsageCounter();
  const details = cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } };
  counter.read({ prompt_tokens: prompt + (cached ?? 0), completion_tokens: completion, ...details });
  return counter.toCounts();
}

function toPrompt(fields: Fields): number | undefined {
  const count = toFirst(fields, steps.prompt);
  if (count === undefined || fields["prompt_tokens"] !== undefined) return count;
  return besideInput.reduce((sum, name) => sum + (toCount(fields[name]) ?? 0), count);
}

/** The first that is not zero, or else zero. */
function toFirst(fields: Fields, ways: readonly (readonly string[])[]): number | undefined {
  let zero: number | undefined;
  for (const way of ways) {
    const count = toCount(way.length === 1 ? fields[way[0] ?? ""] : toInner(fields[way[0] ?? ""], way[1] ?? ""));
    if (count !== undefined && count > 0) return count;
    zero ??= count;
  }
  return zero;
}

function toInner(value: unknown, name: string): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object has unknown fields
  return typeof value === "object" && value !== null ? (value as Fields)[name] : undefined;
}

/** No call has so many tokens, and days of them can be added up. */
const countMax = 1e12;

/** What is no number of tokens counts nothing. */
export function toCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= countMax ? value : undefined;
}

/** Without what is undefined; undefined if nothing is left. */
function toGiven<K extends string>(counts: { [N in K]: number | undefined }): { [N in K]?: number } | undefined {
  const given = Object.entries(counts).filter(([, count]) => count !== undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of `counts` that are given
  return given.length === 0 ? undefined : (Object.fromEntries(given) as { [N in K]?: number });
}

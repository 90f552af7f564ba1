import { isFinish, without } from "../edit.ts";
import { type Chunk, defineMutants } from "../mutant.ts";

type Usage = Readonly<Record<string, unknown>>;

const invented = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

/** Faults in what answers say about tokens. */
export const usageMutants = defineMutants([
  {
    id: "usage-missing",
    what: "Answers have no `usage`.",
    json: (body) => without(body, "usage"),
    killedBy: ["USE-01", "USE-02", "USE-03", "USE-09", "USE-10", "USE-11"],
  },
  {
    id: "usage-of-anthropic",
    what: "The counts have Anthropic's names.",
    json: changeUsage(({ prompt_tokens: input, completion_tokens: output }) => ({
      input_tokens: input,
      output_tokens: output,
    })),
    killedBy: ["NS-02", "USE-01", "USE-02", "USE-09"],
  },
  {
    id: "usage-as-text",
    what: "The counts are strings.",
    json: changeUsage((usage) => ({ ...usage, prompt_tokens: String(usage["prompt_tokens"]) })),
    killedBy: ["NS-02", "USE-01", "USE-09"],
  },
  {
    id: "usage-null-counts",
    what: "The counts are null.",
    json: changeUsage((usage) => ({ ...usage, prompt_tokens: null, completion_tokens: null, total_tokens: null })),
    killedBy: ["USE-01", "USE-02", "USE-03"],
  },
  {
    id: "usage-total-wrong",
    what: "`total_tokens` is the count of the answer alone.",
    json: changeUsage((usage) => ({ ...usage, total_tokens: usage["completion_tokens"] })),
    killedBy: ["USE-02", "USE-09"],
  },
  {
    id: "usage-total-wrong-in-streams",
    what: "`total_tokens` of a stream leaves the prompt out.",
    chunk: changeUsage((usage) => ({ ...usage, total_tokens: usage["completion_tokens"] })),
    killedBy: ["USE-02", "USE-09"],
  },
  {
    id: "usage-zero",
    what: "All counts are zero, as where nobody counts.",
    json: changeUsage(() => ({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })),
    killedBy: ["USE-03", "USE-09"],
  },
  {
    id: "usage-part-larger-than-whole",
    what: "More tokens came from the cache than the prompt has.",
    json: changeUsage((usage) => ({ ...usage, prompt_tokens_details: { cached_tokens: 100_000 } })),
    killedBy: ["USE-10"],
  },
  {
    id: "usage-part-negative",
    what: "The reasoning tokens are counted as -1 where there are none.",
    json: changeUsage((usage) => ({ ...usage, completion_tokens_details: { reasoning_tokens: -1 } })),
    killedBy: ["USE-10"],
  },
  {
    id: "usage-missing-in-second-round",
    what: "The answer to a tool's result has no usage.",
    json: (body, call) =>
      JSON.stringify(call.body?.["messages"]).includes('"role":"tool"') ? without(body, "usage") : body,
    killedBy: ["USE-11"],
  },
  {
    id: "usage-ignored-in-streams",
    what: "`include_usage` is ignored: NaN or undefined counts, vercel/ai#3268.",
    chunk: (chunk) => (chunk["usage"] ? undefined : without(chunk, "usage")),
    killedBy: ["USE-04", "USE-05", "USE-07", "USE-09", "SE-15"],
  },
  {
    id: "usage-on-finish",
    what: "The usage stands on the finish chunk instead of a chunk of its own.",
    chunk: (chunk) =>
      isFinish(chunk) && "usage" in chunk ? { ...chunk, usage: invented } : chunk["usage"] ? undefined : chunk,
    killedBy: ["USE-04", "SE-15"],
  },
  {
    id: "usage-not-null-before",
    what: "Chunks before the usage do not say `usage: null`.",
    chunk: (chunk) => (chunk["usage"] === null ? without(chunk, "usage") : chunk),
    killedBy: ["USE-05"],
  },
  {
    id: "usage-unasked",
    what: "A usage chunk with empty choices ends every stream: `choices[0]` crashes, openclaw/openclaw#14442.",
    chunk: (chunk) =>
      isFinish(chunk) && !("usage" in chunk) ? [chunk, { ...chunk, choices: [], usage: invented }] : chunk,
    killedBy: ["USE-06"],
  },
  {
    id: "usage-unasked-on-finish",
    what: "The finish chunk has usage that nobody asked for.",
    chunk: (chunk) => (isFinish(chunk) && !("usage" in chunk) ? { ...chunk, usage: invented } : chunk),
    killedBy: ["USE-06"],
  },
  {
    id: "usage-although-false",
    what: "`include_usage: false` is taken for true.",
    chunk: (chunk, _index, call) =>
      isFinish(chunk) && JSON.stringify(call.body?.["stream_options"]) === '{"include_usage":false}'
        ? [chunk, { ...chunk, choices: [], usage: invented }]
        : chunk,
    killedBy: ["USE-06"],
  },
  {
    id: "empty-choices-first",
    what: "A stream begins with empty choices, as that of Azure with its content filter.",
    chunk: (chunk, index) => (index === 0 ? [{ ...chunk, choices: [] }, chunk] : chunk),
    killedBy: ["USE-06"],
  },
  {
    id: "usage-then-null",
    what: "A chunk with `usage: null` follows the usage, and the SDK keeps the last.",
    chunk: (chunk) => (chunk["usage"] ? [chunk, { ...chunk, usage: null }] : chunk),
    killedBy: ["USE-04", "USE-07", "SE-15"],
  },
  {
    id: "usage-on-every-chunk",
    what: "Every chunk has the running usage: added up, it is counted several times, langchain-ai/langchainjs#11457.",
    chunk: (chunk) => (chunk["usage"] === null ? { ...chunk, usage: invented } : chunk),
    killedBy: ["USE-05", "USE-08"],
  },
  {
    id: "usage-counts-chunks",
    what: "A proxy counts the tokens of a stream itself: one for each chunk.",
    chunk: (chunk, index) =>
      chunk["usage"]
        ? { ...chunk, usage: { prompt_tokens: 8, completion_tokens: index, total_tokens: 8 + index } }
        : chunk,
    killedBy: ["USE-09"],
  },
  {
    id: "usage-of-model-ignored",
    what: "The counts that the model reports are replaced by guesses.",
    json: (body, call) =>
      JSON.stringify(call.body?.["messages"]).includes("@@usage prompt=10") ? { ...body, usage: invented } : body,
    killedBy: ["USE-09"],
  },
]);

/** Changes the usage where there is one. */
function changeUsage(edit: (usage: Usage) => Usage): (body: Chunk) => Chunk {
  return (body) => (body["usage"] ? { ...body, usage: edit(body["usage"] as Usage) } : body);
}

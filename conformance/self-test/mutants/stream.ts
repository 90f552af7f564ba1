import { eachChoice, eachDelta, isFinish, toDeltas, without } from "../edit.ts";
import { type Chunk, defineMutants } from "../mutant.ts";

const hasRole = (chunk: Chunk): boolean => toDeltas(chunk).some((delta) => "role" in delta);

/** Faults in the fields of chunks. */
export const streamMutants = defineMutants([
  {
    id: "chunk-object-of-whole",
    what: "`object` of a chunk is `chat.completion`.",
    chunk: (chunk) => ({ ...chunk, object: "chat.completion" }),
    killedBy: ["SS-30", "SS-03", "SE-15", "SDK-12"],
  },
  {
    id: "chunk-id-each",
    what: "Every chunk has an id of its own.",
    chunk: (chunk, index) => ({ ...chunk, id: `${String(chunk["id"])}-${index}` }),
    killedBy: ["SS-04", "SE-06", "SE-15", "CONC-02"],
  },
  {
    id: "chunk-id-shared",
    what: "All streams have the same id.",
    chunk: (chunk) => ({ ...chunk, id: "chatcmpl-0" }),
    killedBy: ["CONC-02"],
  },
  {
    id: "chunk-id-missing",
    what: "Chunks have no id.",
    chunk: (chunk) => without(chunk, "id"),
    killedBy: ["SS-30", "SS-04", "SS-29", "CONC-02"],
  },
  {
    id: "chunk-id-of-another-kind",
    what: "Ids of streams look unlike those of whole answers.",
    chunk: (chunk) => ({ ...chunk, id: String(chunk["id"]).replace("chatcmpl-", "stream_") }),
    killedBy: ["SS-29"],
  },
  {
    id: "usage-chunk-without-id",
    what: "The usage chunk has no id: SDK 6 and 7 lose its usage.",
    chunk: (chunk) => (chunk["usage"] ? without(chunk, "id") : chunk),
    killedBy: ["SS-04", "SE-15", "USE-07", "SDK-12"],
  },
  {
    id: "chunk-created-each",
    what: "`created` is the time of the chunk, as in openclaw/openclaw#115718.",
    chunk: (chunk, index) => ({ ...chunk, created: Number(chunk["created"]) + index }),
    killedBy: ["SS-05", "SE-15"],
  },
  {
    id: "chunk-created-in-milliseconds",
    what: "`created` of a stream counts milliseconds.",
    chunk: (chunk) => ({ ...chunk, created: Number(chunk["created"]) * 1000 }),
    killedBy: ["SS-05", "SS-29"],
  },
  {
    id: "chunk-created-missing",
    what: "`created` is left out of chunks: pydantic-ai refuses them.",
    chunk: (chunk) => without(chunk, "created"),
    killedBy: ["SS-30", "SS-05", "SS-29", "SDK-12"],
  },
  {
    id: "chunk-model-changes",
    what: "The last chunk names the model behind the one that was asked for.",
    chunk: (chunk) => (isFinish(chunk) ? { ...chunk, model: "backend-model" } : chunk),
    killedBy: ["SS-06"],
  },
  {
    id: "chunk-model-missing",
    what: "Chunks have no `model`.",
    chunk: (chunk) => without(chunk, "model"),
    killedBy: ["SS-30", "SS-06", "SS-29"],
  },
  {
    id: "usage-chunk-without-choices",
    what: "The usage chunk has no `choices`: `.stream()` throws, ROCm/ATOM#1711.",
    chunk: (chunk) => (chunk["usage"] ? without(chunk, "choices") : chunk),
    killedBy: ["SS-07", "SE-15", "USE-04", "USE-07", "SDK-12"],
  },
  {
    id: "usage-chunk-choices-null",
    what: "The usage chunk has `choices: null`.",
    chunk: (chunk) => (chunk["usage"] ? { ...chunk, choices: null } : chunk),
    killedBy: ["SS-07", "USE-04", "USE-07"],
  },
  {
    id: "chunk-choice-without-index",
    what: "Choices of chunks have no index: `.stream()` of SDK 6 and 7 throws.",
    chunk: (chunk) => eachChoice(chunk, (choice) => without(choice, "index")),
    killedBy: ["SS-30", "SS-08", "SE-06", "SDK-03", "SDK-04", "SDK-05"],
  },
  {
    id: "chunk-choice-without-index-sdk-4",
    what: "The same for SDK 4, whose `.stream()` then never settles.",
    sdk: 4,
    chunk: (chunk) => eachChoice(chunk, (choice) => without(choice, "index")),
    killedBy: ["SDK-03", "SDK-11"],
  },
  {
    id: "chunk-index-counts-chunks",
    what: "The index of the choice counts the chunks.",
    chunk: (chunk, index) => eachChoice(chunk, (choice) => ({ ...choice, index })),
    killedBy: ["SS-08", "SDK-03", "SDK-05"],
  },
  {
    id: "finish-delta-null",
    what: "The finish chunk has `delta: null`: SDK 4 and 5 crash.",
    chunk: (chunk) => (isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, delta: null })) : chunk),
    killedBy: ["SS-30", "SS-09", "SE-15"],
  },
  {
    id: "finish-delta-missing",
    what: "The finish chunk has no delta.",
    chunk: (chunk) => (isFinish(chunk) ? eachChoice(chunk, (choice) => without(choice, "delta")) : chunk),
    killedBy: ["SS-30", "SS-09", "SE-15"],
  },
  {
    id: "chunk-message-for-delta",
    what: "Chunks have `message` in place of `delta`.",
    chunk: (chunk) => eachChoice(chunk, (choice) => ({ ...without(choice, "delta"), message: choice["delta"] })),
    killedBy: ["SS-30", "SS-09", "SE-06", "SDK-03", "SE-13", "CONC-02"],
  },
  {
    id: "finish-key-missing",
    what: "`finish_reason` is left out until the end.",
    chunk: (chunk) => (isFinish(chunk) ? chunk : eachChoice(chunk, (choice) => without(choice, "finish_reason"))),
    killedBy: ["SS-30", "SS-10", "SE-15"],
  },
  {
    id: "role-missing",
    what: 'No delta has a role: `.stream()` throws "missing role for choice 0".',
    chunk: (chunk) => eachDelta(chunk, (delta) => without(delta, "role")),
    killedBy: ["SS-11", "SS-24", "SE-15", "SDK-03", "SDK-04", "SDK-05", "SDK-09", "USE-07", "SO-03", "TOOL-17"],
  },
  {
    id: "role-chunk-dropped-for-calls",
    what: "A stream of tool calls begins without a role: LangChain loses the calls, maximhq/bifrost#6523.",
    chunk: (chunk, _index, call) => (hasRole(chunk) && Array.isArray(call.body?.["tools"]) ? undefined : chunk),
    killedBy: ["SS-11", "SDK-09", "TOOL-17"],
  },
  {
    id: "role-in-every-chunk",
    what: "Every delta has the role.",
    chunk: (chunk) => eachDelta(chunk, (delta) => ({ role: "assistant", ...delta })),
    killedBy: ["SS-12"],
  },
  {
    id: "role-empty-later",
    what: "Later deltas have an empty role: MiniMax-AI/MiniMax-M2.5#2.",
    chunk: (chunk) => eachDelta(chunk, (delta) => ({ role: "", ...delta })),
    killedBy: ["SS-12"],
  },
  {
    id: "role-null-later-for-calls",
    what: "Deltas of tool calls have `role: null`: langchain-ai/langchainjs#11468.",
    chunk: (chunk) => eachDelta(chunk, (delta) => ("tool_calls" in delta ? { ...delta, role: null } : delta)),
    killedBy: ["SS-12"],
  },
  {
    id: "delta-content-as-parts",
    what: "`delta.content` is an array of parts, which the SDK makes `[object Object]` of.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) =>
        delta["content"] ? { ...delta, content: [{ type: "text", text: delta["content"] }] } : delta,
      ),
    killedBy: ["SS-30", "SS-20", "SS-21", "SDK-03", "SE-13", "CONC-02"],
  },
  {
    id: "delta-content-as-parts-for-calls",
    what: "A delta of a tool call has an empty array as its content.",
    chunk: (chunk) => eachDelta(chunk, (delta) => ("tool_calls" in delta ? { ...delta, content: [] } : delta)),
    killedBy: ["SS-21", "SDK-12"],
  },
  {
    id: "chunk-error-object",
    what: "Every chunk has an `error` object that says that there is none.",
    chunk: (chunk) => ({ ...chunk, error: { code: 0, message: "" } }),
    killedBy: ["SS-26", "SE-15", "SDK-03", "SDK-06", "CONC-02", "CONC-07"],
  },
]);

import { eachChoice, eachDelta, isFinish, toDeltas } from "../edit.ts";
import { type Change, type Chunk, defineMutants, type ProxiedCall } from "../mutant.ts";

/** Faults in the finish reason and in how a stream ends. */
export const streamEndMutants = defineMutants([
  {
    id: "finish-missing",
    what: "No chunk has a finish reason: `.stream()` throws, openai/openai-node#1292.",
    chunk: (chunk) => (isFinish(chunk) ? undefined : chunk),
    killedBy: ["SS-13", "SS-24", "SE-15", "SDK-03", "SDK-04", "SDK-05", "USE-07", "TOOL-02", "TOOL-17", "SO-06"],
  },
  {
    id: "finish-missing-for-calls",
    what: "A stream of tool calls ends without a finish reason.",
    chunk: (chunk, _index, call) => (isFinish(chunk) && call.body?.["tools"] ? undefined : chunk),
    killedBy: ["SS-13", "TOOL-02", "TOOL-17", "TOOL-23", "SDK-09"],
  },
  {
    id: "finish-twice",
    what: "Two chunks have the finish reason.",
    chunk: (chunk) => (isFinish(chunk) ? [chunk, chunk] : chunk),
    killedBy: ["SS-13", "SS-24", "SE-15", "TOOL-02", "SO-06"],
  },
  {
    id: "finish-empty-until-end",
    what: "`finish_reason` is an empty string until the end: ollama/ollama#4357.",
    chunk: (chunk) => (isFinish(chunk) ? chunk : eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "" }))),
    killedBy: ["SS-30", "SS-14", "SE-15"],
  },
  {
    id: "finish-eos",
    what: "`finish_reason` is `eos_token`: sgl-project/sglang#3912.",
    chunk: (chunk) =>
      isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "eos_token" })) : chunk,
    killedBy: ["SS-30", "SS-14", "SS-24", "TOOL-02", "SO-06"],
  },
  {
    id: "finish-with-last-words",
    what: "The last words stand beside the finish reason.",
    chunk: holdLast((held, finish) => [eachDelta(finish, (delta) => ({ ...toDeltas(held)[0], ...delta }))]),
    killedBy: ["SS-15"],
  },
  {
    id: "finish-before-last-words",
    what: "The last words come after the finish reason: clients that stop there lose them.",
    chunk: holdLast((held, finish) => [finish, held]),
    killedBy: ["SS-16", "SE-15"],
  },
  {
    id: "finish-on-every-chunk",
    what: "Every chunk says `stop`, and clients stop after the first word: su-kaka/gcli2api#403.",
    chunk: (chunk) => eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })),
    killedBy: ["SS-13", "SS-15", "SS-16", "SE-15", "SS-24", "SDK-04", "TOOL-02", "SO-06", "ERR-09"],
  },
  {
    id: "done-missing",
    what: "The stream ends without `[DONE]`, which the SDK forgives.",
    frame: (frame) => (isDone(frame) ? "" : frame),
    killedBy: ["SS-17", "SS-19", "SE-15", "CONC-07"],
  },
  {
    id: "done-in-lower-case",
    what: "The stream ends with `[done]`: a SyntaxError in every SDK.",
    frame: (frame) => frame.replace("[DONE]", "[done]"),
    killedBy: ["SS-17", "SS-02", "SE-15", "SDK-03", "SDK-06", "CONC-02"],
  },
  {
    id: "done-with-blank",
    what: "A blank follows `[DONE]`: SDK 7 throws.",
    frame: (frame) => frame.replace("[DONE]", "[DONE] "),
    killedBy: ["SS-17", "SS-02"],
  },
  {
    id: "done-without-empty-line",
    what: "No empty line follows `[DONE]`, so that by the standard it is no event.",
    frame: (frame) => (isDone(frame) ? "data: [DONE]\n" : frame),
    killedBy: ["SS-17", "SE-01", "SE-15"],
  },
  {
    id: "done-twice",
    what: "A proxy adds a `[DONE]` of its own.",
    frame: (frame) => (isDone(frame) ? frame + frame : frame),
    killedBy: ["SS-18", "SE-15"],
  },
  {
    id: "usage-after-done",
    what: "A last chunk comes after `[DONE]`, where nobody reads it.",
    frame: (frame) => (isDone(frame) ? `${frame}data: {"object":"chat.completion.chunk","choices":[]}\n\n` : frame),
    killedBy: ["SS-18", "SE-15"],
  },
  {
    id: "body-open-after-done",
    what: "The body stays open for more than a second after its last event.",
    lingerMs: 1200,
    killedBy: ["SS-19", "ERR-11"],
  },
  {
    id: "silence-is-done-alone",
    what: 'A stream without text is `[DONE]` alone: `.stream()` throws "request ended without sending any chunks".',
    chunk: (chunk, _index, call) => (isSilent(call) ? undefined : chunk),
    killedBy: ["SS-24"],
  },
  {
    id: "stream-answered-whole",
    what: "`stream: true` is answered with JSON: sigoden/aichat#651.",
    call: ({ body }) =>
      body?.["stream"] === true
        ? { bytes: Buffer.from(JSON.stringify({ ...body, stream: false, stream_options: undefined })) }
        : undefined,
    killedBy: [
      "SS-01",
      "SS-02",
      "SS-17",
      "SE-01",
      "SE-15",
      "SDK-02",
      "SDK-03",
      "SDK-06",
      "USE-04",
      "TOOL-08",
      "CONC-02",
    ],
  },
]);

function isDone(frame: string): boolean {
  return frame.includes("data: [DONE]");
}

function isSilent({ body }: ProxiedCall): boolean {
  return JSON.stringify(body?.["messages"]).includes('"@@echo"');
}

/** Holds each delta back until the next chunk; what the last of them and the finish chunk become says `join`. */
function holdLast(join: (held: Chunk, finish: Chunk) => Chunk[]): NonNullable<Change["chunk"]> {
  const kept = new WeakMap<ProxiedCall, Chunk>();
  return (chunk, _index, call) => {
    const held = kept.get(call);
    kept.delete(call);
    if (isFinish(chunk)) return held === undefined ? chunk : join(held, chunk);
    if (toDeltas(chunk).length === 0) return held === undefined ? chunk : [held, chunk];
    kept.set(call, chunk);
    return held;
  };
}

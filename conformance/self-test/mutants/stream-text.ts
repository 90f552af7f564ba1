import { eachDelta, toDeltas, without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";

/** Faults in the text of a stream, its headers and the lines around it. */
export const streamTextMutants = defineMutants([
  {
    id: "stream-as-json",
    what: "A stream is sent as application/json: ollama/ollama#8991.",
    streamHeaders: (headers) => ({ ...headers, "content-type": "application/json" }),
    killedBy: ["SS-01"],
  },
  {
    id: "stream-as-ndjson",
    what: "A stream is sent as application/x-ndjson: Lightning-AI/LitServe#359.",
    streamHeaders: (headers) => ({ ...headers, "content-type": "application/x-ndjson" }),
    killedBy: ["SS-01"],
  },
  {
    id: "stream-without-type",
    what: "A stream has no content type.",
    streamHeaders: (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-type")),
    killedBy: ["SS-01"],
  },
  {
    id: "deltas-trimmed",
    what: "Each delta is trimmed, so that the words run together.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) =>
        typeof delta["content"] === "string" ? { ...delta, content: delta["content"].trim() } : delta,
      ),
    killedBy: ["SS-20", "SDK-03", "USE-09", "CONC-02", "ERR-08", "ERR-12"],
  },
  {
    id: "deltas-of-whitespace-dropped",
    what: "Deltas of nothing but white space are dropped.",
    chunk: (chunk) =>
      toDeltas(chunk).some(({ content }) => typeof content === "string" && /^\s+$/.test(content)) ? undefined : chunk,
    killedBy: ["SS-20"],
  },
  {
    id: "deltas-escaped-for-html",
    what: "The text of a stream is escaped as if it stood in a page.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) =>
        typeof delta["content"] === "string" ? { ...delta, content: delta["content"].replaceAll("&", "&amp;") } : delta,
      ),
    killedBy: ["SS-20"],
  },
  {
    id: "delta-lost",
    what: "A full buffer loses one delta of a long stream.",
    chunk: (chunk, index) => (index === 4096 ? undefined : chunk),
    killedBy: ["CONC-07"],
  },
  {
    id: "stream-buffered",
    what: "The stream is collected and sent at its end, headers included: seaavey/SRouter#104, HKUDS/nanobot#3676.",
    buffered: true,
    killedBy: ["SS-22", "SS-23"],
  },
  {
    id: "first-event-null",
    what: "A stream begins with an event that is null.",
    frame: (frame) => (frame.includes('"role"') ? `data: null\n\n${frame}` : frame),
    killedBy: ["SS-02", "SE-15"],
  },
  {
    id: "first-event-ping",
    what: "A stream begins with a ping object of Anthropic's kind.",
    frame: (frame) => (frame.includes('"role"') ? `data: {"type":"ping"}\n\n${frame}` : frame),
    killedBy: ["SS-30", "SS-04", "SS-07", "SE-15", "SDK-03", "SDK-04", "SDK-05"],
  },
  {
    id: "events-named",
    what: "Every event has a name: SDK 4 wraps its data.",
    frame: (frame) => `event: completion\n${frame}`,
    killedBy: ["SS-27"],
  },
  {
    id: "events-named-sdk-4",
    what: "The same for SDK 4, whose `.stream()` throws.",
    sdk: 4,
    frame: (frame) => `event: thread.completion\n${frame}`,
    killedBy: ["SS-27", "SDK-03"],
  },
  {
    id: "events-numbered",
    what: "Every event has an `id`: openai/openai-python#2722.",
    frame: (frame) => `id: 7\n${frame}`,
    killedBy: ["SS-28"],
  },
  {
    id: "events-retry",
    what: "The stream says when to come back, although it cannot be resumed.",
    frame: (frame) => (frame.includes('"role"') ? `retry: 3000\n${frame}` : frame),
    killedBy: ["SS-28"],
  },
  {
    id: "chunk-fields-camel-case",
    what: "A serializer writes the finish reason in camel case.",
    frame: (frame) => frame.replace('"finish_reason"', '"finishReason"'),
    killedBy: ["SS-30", "SS-10", "SS-13", "SDK-03", "TOOL-02", "SO-06"],
  },
  {
    id: "refusal-said-as-text",
    what: "A refusal is streamed as ordinary text.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) =>
        "refusal" in delta ? { ...without(delta, "refusal"), content: delta["refusal"] } : delta,
      ),
    killedBy: ["SO-07"],
  },
]);

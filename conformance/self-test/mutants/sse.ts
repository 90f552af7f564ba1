import { eachDelta, toDeltas } from "../edit.ts";
import { type Change, defineMutants, type ProxiedCall } from "../mutant.ts";

/** What a 64-KiB line buffer holds. */
const lineMax = 65_536;

/** Faults in the lines and bytes of a stream. */
export const sseMutants = defineMutants([
  {
    id: "line-ends-mixed",
    what: "The events end in LF, `[DONE]` in CRLF.",
    frame: (frame) => (frame.includes("[DONE]") ? frame.replaceAll("\n", "\r\n") : frame),
    killedBy: ["SE-01"],
  },
  {
    id: "line-ends-cr",
    what: "Lines end in CR alone.",
    frame: (frame) => frame.replaceAll("\n", "\r"),
    killedBy: ["SE-01"],
  },
  {
    id: "last-empty-line-missing",
    what: "No empty line follows the last event: before 7.17.0 the SDK lost it.",
    frame: (frame) => (frame.includes("[DONE]") ? frame.trimEnd() : frame),
    killedBy: ["SE-01", "SS-17"],
  },
  {
    id: "events-single-newline",
    what: "Events are parted by one line end, as in JSON lines.",
    frame: (frame) => frame.replace("\n\n", "\n"),
    killedBy: ["SE-01", "SS-02", "SS-17", "SDK-03", "SDK-06", "CONC-02", "CONC-07", "SE-15"],
  },
  {
    id: "events-of-several-lines",
    what: "The JSON of an event is spread over several lines: ggml-org/llama.cpp#14268.",
    frame: (frame) =>
      frame.startsWith("data: {")
        ? `${JSON.stringify(JSON.parse(frame.slice("data: ".length)), null, 1).replaceAll(/^/gm, "data: ")}\n\n`
        : frame,
    killedBy: ["SE-02"],
  },
  {
    id: "data-with-two-spaces",
    what: "Two spaces follow `data:`: clients that cut six characters off get a blank.",
    frame: (frame) => frame.replace("data: {", "data:  {"),
    killedBy: ["SE-03"],
  },
  {
    id: "characters-cut",
    what: "Bytes are decoded piece by piece, and emoji become U+FFFD: danielmiessler/Fabric#2203.",
    frame: (frame) => frame.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, "\uFFFD\uFFFD"),
    killedBy: ["SE-04", "SS-20", "TOOL-15"],
  },
  {
    id: "pairs-split",
    what: "A delta ends with half of a surrogate pair: ggml-org/llama.cpp#28926.",
    chunk: (chunk) => {
      const text = toDeltas(chunk)[0]?.["content"];
      const at = typeof text === "string" ? text.search(/[\u{10000}-\u{10FFFF}]/u) + 1 : 0;
      if (typeof text !== "string" || at === 0) return chunk;
      return [text.slice(0, at), text.slice(at)].map((content) => eachDelta(chunk, () => ({ content })));
    },
    killedBy: ["SE-05"],
  },
  {
    id: "keep-alive-empty-data",
    what: "An empty `data:` keeps the stream open and aborts long turns: omnigent-ai/omnigent#1474.",
    frame: keepAlive("data:\n\n"),
    killedBy: ["SE-06", "SS-02", "SE-15"],
  },
  {
    id: "keep-alive-comment-as-data",
    what: "A comment is passed on as data: a SyntaxError in the SDK, mnfst/llm-gateway#2053.",
    frame: keepAlive("data: : OPENROUTER PROCESSING\n\n"),
    killedBy: ["SE-06", "SS-02", "SE-15", "SDK-03", "SDK-06"],
  },
  {
    id: "keep-alive-event-without-data",
    what: "A named event without data keeps the stream open.",
    frame: keepAlive("event: ping\n\n"),
    killedBy: ["SE-06", "SS-02"],
  },
  {
    id: "keep-alive-comment-block",
    what: 'An empty line follows the comment: openai-go stops with "unexpected end of JSON input".',
    frame: keepAlive(": ping\n\n"),
    killedBy: ["SE-07"],
  },
  {
    id: "stream-byte-order-mark",
    what: "The stream begins with a byte-order mark.",
    frame: keepAlive("\uFEFF"),
    killedBy: ["SE-09"],
  },
  {
    id: "stream-byte-order-mark-sdk-4",
    what: "The same for SDK 4, which loses the role with it.",
    sdk: 4,
    frame: keepAlive("\uFEFF"),
    killedBy: ["SE-09", "SDK-03"],
  },
  {
    id: "stream-may-be-cached",
    what: "A stream says that it may be cached.",
    streamHeaders: (headers) => ({ ...headers, "cache-control": "public, max-age=60" }),
    killedBy: ["SE-10"],
  },
  {
    id: "stream-may-be-buffered",
    what: "A stream does not ask nginx not to buffer it.",
    streamHeaders: (headers) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "x-accel-buffering")),
    killedBy: ["SE-10"],
  },
  {
    id: "stream-held-for-gzip",
    what: "A stream is collected for a client that takes gzip, as by compression middleware: blinkk/rootjs#1209.",
    frame: collectForGzip(),
    killedBy: ["SE-11"],
  },
  {
    id: "stream-with-length",
    what: "A stream has a guessed `content-length`.",
    streamHeaders: (headers) => ({ ...headers, "content-length": "100000" }),
    killedBy: ["SE-12"],
  },
  {
    id: "chunks-on-http-1-0",
    what: "A stream is chunked although the request was HTTP/1.0.",
    streamHeaders: (headers) => ({ ...headers, "transfer-encoding": "chunked" }),
    killedBy: ["SE-12"],
  },
  {
    id: "long-lines-dropped",
    what: "An event that does not fit a buffer of 64 KiB is dropped.",
    frame: (frame) => (frame.length > lineMax ? "" : frame),
    killedBy: ["SE-13"],
  },
  {
    id: "long-text-cut",
    what: "A delta is cut at 64 KiB.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) =>
        typeof delta["content"] === "string" ? { ...delta, content: delta["content"].slice(0, lineMax) } : delta,
      ),
    killedBy: ["SE-13"],
  },
]);

/** Puts something before the first event, where a slow model leaves a silence. */
function keepAlive(sign: string): NonNullable<Change["frame"]> {
  return (frame) => (frame.includes('"role"') ? sign + frame : frame);
}

function collectForGzip(): NonNullable<Change["frame"]> {
  const kept = new WeakMap<ProxiedCall, string>();
  return (frame, call) => {
    if (!String(call.headers["accept-encoding"]).includes("gzip")) return frame;
    const collected = (kept.get(call) ?? "") + frame;
    kept.set(call, collected);
    return frame.includes("[DONE]") ? collected : "";
  };
}

import { defineCases } from "../case.ts";
import { expectEqual, expectThat, show, Skip } from "../expect.ts";
import type { Change } from "../self-test/mutant.ts";
import { countSigns, readSilences } from "./sse-silence.ts";
import { expectGrammar, readPlainStream, toLines } from "./stream-reading.ts";

/** Servers of their own have to start first. */
const ownLimitMs = 20_000;

export const sseCases = defineCases([
  {
    id: "SE-01",
    level: "MUST",
    requirement: "Lines end in LF or in CRLF, the same way throughout, and an empty line ends each event.",
    source:
      "WHATWG HTML, section 9.2.5; before 7.5.0 the SDK's decoder failed on mixed line ends, before 7.17.0 it lost a last event without its empty line",
    finds: ["done-without-empty-line", "stream-answered-whole"],
    faults: [
      {
        id: "line-ends-mixed",
        what: "The events end in LF, `[DONE]` in CRLF.",
        frame: (frame) => (frame.includes("[DONE]") ? frame.replaceAll("\n", "\r\n") : frame),
      },
      {
        id: "line-ends-cr",
        what: "Lines end in CR alone.",
        frame: (frame) => frame.replaceAll("\n", "\r"),
      },
      {
        id: "last-empty-line-missing",
        what: "No empty line follows the last event: before 7.17.0 the SDK lost it.",
        frame: (frame) => (frame.includes("[DONE]") ? frame.trimEnd() : frame),
      },
      {
        id: "events-single-newline",
        what: "Events are parted by one line end, as in JSON lines.",
        frame: (frame) => frame.replace("\n\n", "\n"),
      },
    ],
    async run(context) {
      const { answer, sse } = await readPlainStream(context);
      const ends = [...new Set(answer.text.match(/\r\n|\n|\r/g))];
      expectThat(ends.length === 1 && ends[0] !== "\r", "all lines to end in LF, or all in CRLF", ends);
      const rest = sse.rest.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
      expectEqual(rest, [], "what is left after the last empty line");
    },
  },
  {
    id: "SE-02",
    level: "SHOULD",
    requirement: "Each event is one `data:` line; the JSON in it is not spread over several.",
    source: "ggml-org/llama.cpp#14268: clients that read line by line fail",
    faults: [
      {
        id: "events-of-several-lines",
        what: "The JSON of an event is spread over several lines: ggml-org/llama.cpp#14268.",
        frame: (frame) =>
          frame.startsWith("data: {")
            ? `${JSON.stringify(JSON.parse(frame.slice("data: ".length)), null, 1).replaceAll(/^/gm, "data: ")}\n\n`
            : frame,
      },
    ],
    async run(context) {
      const { sse } = await readPlainStream(context);
      const spread = sse.events.filter(({ dataLines }) => dataLines !== 1).map(({ data }) => data.slice(0, 80));
      expectEqual(spread.slice(0, 3), [], "the events of several lines");
    },
  },
  {
    id: "SE-03",
    level: "SHOULD",
    requirement: "`data:` is followed by one space, or by none; never by more.",
    source:
      "WHATWG HTML, section 9.2.6, takes one space off; clients that cut six characters off each line need just one",
    faults: [
      {
        id: "data-with-two-spaces",
        what: "Two spaces follow `data:`: clients that cut six characters off get a blank.",
        frame: (frame) => frame.replace("data: {", "data:  {"),
      },
    ],
    async run(context) {
      const lines = toLines(await readPlainStream(context)).filter((line) => line.startsWith("data"));
      const odd = lines.find((line) => !/^data: ?\S/.test(line));
      expectThat(odd === undefined, "lines that begin with `data: ` and the JSON", odd?.slice(0, 80));
      if (lines.some((line) => !line.startsWith("data: "))) {
        context.note("no space follows `data:`; that is legal, and clients that cut six characters off lose a brace");
      }
    },
  },
  {
    id: "SE-06",
    level: "MUST",
    limitMs: ownLimitMs,
    requirement:
      "What keeps a silent stream open is a comment or a whole chunk that says nothing, never an event without JSON.",
    source:
      "SDK 4–7: a SyntaxError for empty data, for a comment sent as data and for an event without data; ericc-ch/copilot-api#88, omnigent-ai/omnigent#1474, mnfst/llm-gateway#2053",
    finds: ["chunk-id-each", "chunk-choice-without-index", "chunk-message-for-delta"],
    faults: [
      {
        id: "keep-alive-empty-data",
        what: "An empty `data:` keeps the stream open and aborts long turns: omnigent-ai/omnigent#1474.",
        frame: keepAlive("data:\n\n"),
      },
      {
        id: "keep-alive-comment-as-data",
        what: "A comment is passed on as data: a SyntaxError in the SDK, mnfst/llm-gateway#2053.",
        frame: keepAlive("data: : OPENROUTER PROCESSING\n\n"),
      },
      {
        id: "keep-alive-event-without-data",
        what: "A named event without data keeps the stream open.",
        frame: keepAlive("event: ping\n\n"),
      },
    ],
    async run(context) {
      const readings = await readSilences(context, ["comment", "chunk"]);
      for (const reading of readings) {
        expectGrammar(reading, {}, ["payload", "choices", "id", "index", "delta"], "a stream with a silence");
      }
      if (readings.every((reading) => countSigns(reading) === 0)) throw new Skip("no sign of life came in a silence");
    },
  },
  {
    id: "SE-07",
    level: "SHOULD",
    limitMs: ownLimitMs,
    requirement: "A comment that keeps a stream open is one line, with no empty line behind it.",
    source:
      'openai/openai-go#621, #651 ("unexpected end of JSON input"), theopenco/llmgateway#2334, openai/openai-python#2722: the empty line is taken for an event',
    faults: [
      {
        id: "keep-alive-comment-block",
        what: 'An empty line follows the comment: openai-go stops with "unexpected end of JSON input".',
        frame: keepAlive(": ping\n\n"),
      },
    ],
    async run(context) {
      const readings = await readSilences(context, ["comment"]);
      const lone = readings.reduce((sum, { sse }) => sum + sse.loneComments, 0);
      const comments = readings.flatMap(({ sse }) => sse.comments);
      expectThat(lone === 0, "comments with no empty line behind them", `${lone} with one, as ${show(comments[0])}`);
      if (comments.length === 0) throw new Skip("no comment came in a silence");
    },
  },
  {
    id: "SE-09",
    level: "SHOULD",
    requirement: "A stream does not begin with a byte-order mark.",
    source: "SDK 4 loses the first event, and with it the role",
    faults: [
      {
        id: "stream-byte-order-mark",
        what: "The stream begins with a byte-order mark.",
        frame: keepAlive("\uFEFF"),
      },
      {
        id: "stream-byte-order-mark-sdk-4",
        what: "The same for SDK 4, which loses the role with it.",
        sdk: 4,
        frame: keepAlive("\uFEFF"),
      },
    ],
    async run(context) {
      const { body } = (await readPlainStream(context)).answer;
      expectThat(body.subarray(0, 3).toString("hex") !== "efbbbf", "no byte-order mark", "EF BB BF at the beginning");
    },
  },
  {
    id: "SE-10",
    level: "SHOULD",
    requirement: "A stream says that it is not to be cached or buffered: `cache-control` and `x-accel-buffering: no`.",
    source:
      "nginx: X-Accel-Buffering; RFC 9111, section 5.2.2; blinkk/rootjs#1209, #1231 (fixed by `no-transform` too)",
    faults: [
      {
        id: "stream-may-be-cached",
        what: "A stream says that it may be cached.",
        streamHeaders: (headers) => ({ ...headers, "cache-control": "public, max-age=60" }),
      },
      {
        id: "stream-may-be-buffered",
        what: "A stream does not ask nginx not to buffer it.",
        streamHeaders: (headers) =>
          Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "x-accel-buffering")),
      },
    ],
    async run(context) {
      const { headers } = (await readPlainStream(context)).answer;
      const cache = headers["cache-control"] ?? "";
      expectThat(/\bno-(cache|store)\b/i.test(cache), "cache-control: no-cache or no-store", cache);
      expectEqual(headers["x-accel-buffering"], "no", "x-accel-buffering");
      if (!/\bno-transform\b/i.test(cache))
        context.note("`no-transform` would keep proxies from compressing the stream");
    },
  },
]);

/** Puts something before the first event, where a slow model leaves a silence. */
function keepAlive(sign: string): NonNullable<Change["frame"]> {
  return (frame) => (frame.includes('"role"') ? sign + frame : frame);
}

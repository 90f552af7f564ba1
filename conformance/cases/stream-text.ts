import { defineCases } from "../case.ts";
import { expectEqual, expectThat } from "../expect.ts";
import { toText } from "../lens/stream.ts";
import { eachDelta, toDeltas } from "../self-test/edit.ts";
import { toBody, toContent } from "./nonstream-reading.ts";
import {
  countApart,
  expectRules,
  expectRulesOfCall,
  expectStream,
  readPlainStream,
  toLines,
  toTextTimes,
} from "./stream-reading.ts";

/** Blanks at both ends, line ends, JSON's own signs, several bytes a character: what one mode may treat otherwise. */
const trickyText =
  '  two blanks, \n\n"quotes" \\ and {"json": [1]}, héllo 漢字 \u{1F30D}\r\n\ttab, <b>&amp;</b> end \n ';
const wordMs = 100;
const words = 10;

export const streamTextCases = defineCases([
  {
    id: "SS-20",
    level: "MUST",
    needs: ["fixture"],
    requirement: "The deltas join to the very text of the answer that is not streamed.",
    source: "OpenAI's document: ChatCompletionStreamResponseDelta.content; vllm-project/vllm tests the same of itself",
    finds: ["json-in-latin-1", "json-content-as-parts", "characters-cut", "delta-content-as-parts"],
    faults: [
      {
        id: "deltas-trimmed",
        what: "Each delta is trimmed, so that the words run together.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) =>
            typeof delta["content"] === "string" ? { ...delta, content: delta["content"].trim() } : delta,
          ),
      },
      {
        id: "deltas-of-whitespace-dropped",
        what: "Deltas of nothing but white space are dropped.",
        chunk: (chunk) =>
          toDeltas(chunk).some(({ content }) => typeof content === "string" && /^\s+$/.test(content))
            ? undefined
            : chunk,
      },
      {
        id: "deltas-escaped-for-html",
        what: "The text of a stream is escaped as if it stood in a page.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) =>
            typeof delta["content"] === "string"
              ? { ...delta, content: delta["content"].replaceAll("&", "&amp;") }
              : delta,
          ),
      },
    ],
    async run({ chat, stream, say }) {
      const body = say(`@@echo ${JSON.stringify(trickyText)}`);
      const [whole, streamed] = await Promise.all([chat(body), stream(body)]);
      expectEqual(toText(expectStream(streamed)), trickyText, "the joined deltas");
      expectEqual(toContent(toBody(whole)), trickyText, "message.content of the answer that is not streamed");
    },
  },
  {
    id: "SS-21",
    level: "MUST",
    requirement: "`delta.content` is a string, null or absent, never an array or object.",
    source:
      "OpenAI's document: ChatCompletionStreamResponseDelta.content; SDK 4–7 make `[object Object]` of it; vercel/ai#13703",
    finds: ["delta-content-as-parts"],
    faults: [
      {
        id: "delta-content-as-parts-for-calls",
        what: "A delta of a tool call has an empty array as its content.",
        chunk: (chunk) => eachDelta(chunk, (delta) => ("tool_calls" in delta ? { ...delta, content: [] } : delta)),
      },
    ],
    async run(context) {
      await expectRules(context, "text");
      await expectRulesOfCall(context, "text");
    },
  },
  {
    id: "SS-22",
    level: "SHOULD",
    needs: ["fixture"],
    requirement: "Text is sent when the model says it, not collected until the answer is complete.",
    source: "seaavey/SRouter#104, LostRuins/koboldcpp#1168, blinkk/rootjs#1209 (streams that came in one piece)",
    faults: [
      {
        id: "stream-buffered",
        what: "The stream is collected and sent at its end, headers included: seaavey/SRouter#104, HKUDS/nanobot#3676.",
        buffered: true,
      },
    ],
    async run({ stream, say }) {
      const reading = expectStream(await stream(say(`@@words ${words} delay=${wordMs}ms`)));
      const times = toTextTimes(reading);
      const { endMs } = reading.answer;
      const [first = endMs] = times;
      expectThat(
        first < endMs * 0.4,
        `the first of ${words} words long before the last`,
        `it came after ${Math.round(first)} of ${Math.round(endMs)} ms`,
      );
      const apart = countApart(times);
      expectThat(apart >= words / 2, `${words} words in as many pieces, ${wordMs} ms apart`, `${apart} pieces`);
    },
  },
  {
    id: "SS-23",
    level: "SHOULD",
    needs: ["fixture"],
    requirement: "The headers of a stream are sent at once, before the model says its first word.",
    source: "HKUDS/nanobot#3676; clients and proxies count the wait for headers as a timeout, Node's fetch after 300 s",
    finds: ["stream-buffered"],
    async run({ stream, say }) {
      const read = async (): Promise<number> =>
        expectStream(await stream(say("@@think 2s\n@@echo done"))).answer.headersMs;
      const first = await read();
      // Once more, because a busy machine looks the same.
      const headersMs = first < 500 ? first : await read();
      expectThat(headersMs < 500, "headers within 500 ms", `${Math.round(headersMs)} ms`);
    },
  },
  {
    id: "SS-26",
    level: "MUST",
    requirement: "No chunk of a stream that goes well has a truthy `error`.",
    source: "SDK 4–7 throw an APIError for any event with one",
    faults: [
      {
        id: "chunk-error-object",
        what: "Every chunk has an `error` object that says that there is none.",
        chunk: (chunk) => ({ ...chunk, error: { code: 0, message: "" } }),
      },
    ],
    run: (context) => expectRules(context, "error"),
  },
  {
    id: "SS-27",
    level: "SHOULD",
    requirement: "A stream has no `event:` lines.",
    source: 'SDK 4 wraps the data of a named event, and `.stream()` throws "chunk.choices is not iterable"',
    faults: [
      {
        id: "events-named",
        what: "Every event has a name: SDK 4 wraps its data.",
        frame: (frame) => `event: completion\n${frame}`,
      },
      {
        id: "events-named-sdk-4",
        what: "The same for SDK 4, whose `.stream()` throws.",
        sdk: 4,
        frame: (frame) => `event: thread.completion\n${frame}`,
      },
    ],
    async run(context) {
      const named = toLines(await readPlainStream(context)).filter((line) => /^event(:|$)/.test(line));
      expectEqual(named.slice(0, 3), [], "the `event:` lines");
    },
  },
  {
    id: "SS-28",
    level: "SHOULD",
    requirement: "A stream has no `id:` and no `retry:` lines: no client can resume it.",
    source:
      "openai/openai-python#2722, #2721: once an id was set, an empty line after a comment is an event without data",
    faults: [
      {
        id: "events-numbered",
        what: "Every event has an `id`: openai/openai-python#2722.",
        frame: (frame) => `id: 7\n${frame}`,
      },
      {
        id: "events-retry",
        what: "The stream says when to come back, although it cannot be resumed.",
        frame: (frame) => (frame.includes('"role"') ? `retry: 3000\n${frame}` : frame),
      },
    ],
    async run(context) {
      const odd = toLines(await readPlainStream(context)).filter((line) => /^(id|retry)(:|$)/.test(line));
      expectEqual(odd.slice(0, 3), [], "the `id:` and `retry:` lines");
    },
  },
  {
    id: "SS-29",
    level: "DOC",
    requirement:
      "`id`, `created` and `model` of a stream are of the same kind as those of an answer that is not streamed.",
    source: "OpenAI's document: CreateChatCompletionResponse and CreateChatCompletionStreamResponse share these fields",
    finds: [
      "json-created-in-milliseconds",
      "json-model-missing",
      "json-model-empty",
      "chunk-id-missing",
      "chunk-created-in-milliseconds",
      "chunk-created-missing",
      "chunk-model-missing",
    ],
    faults: [
      {
        id: "chunk-id-of-another-kind",
        what: "Ids of streams look unlike those of whole answers.",
        chunk: (chunk) => ({ ...chunk, id: String(chunk["id"]).replace("chatcmpl-", "stream_") }),
      },
    ],
    async run(context) {
      const [chunk = {}] = (await readPlainStream(context)).chunks;
      const body = toBody(await context.plain());
      expectEqual(toKinds(chunk), toKinds(body), "what a stream says in id, created and model");
    },
  },
]);

/** What does not change from one answer to the next. */
function toKinds({ id, created, model }: Record<string, unknown>): object {
  // A prefix is letters up to a mark, and not the beginning of a UUID.
  const prefix = typeof id === "string" ? (/^(?=[a-z]*[g-z])[a-z]+[-_]/i.exec(id)?.[0] ?? "") : typeof id;
  const digits = typeof created === "number" ? String(Math.trunc(created)).length : typeof created;
  return { idPrefix: prefix, createdDigits: digits, model };
}

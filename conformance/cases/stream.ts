import { defineCases } from "../case.ts";
import { expectThat } from "../expect.ts";
import { eachChoice, eachDelta, isFinish, without } from "../self-test/edit.ts";
import { expectShape } from "../shapes.ts";
import { expectRules, readPlainStream } from "./stream-reading.ts";

export const chunkSchema = "OpenAI's document: CreateChatCompletionStreamResponse";

export const streamCases = defineCases([
  {
    id: "SS-01",
    level: "MUST",
    requirement: "A stream has status 200 and the media type `text/event-stream`.",
    source:
      "OpenAI's document: the 200 response of createChatCompletion; ollama/ollama#8991, huggingface/chat-ui#430, Lightning-AI/LitServe#359",
    faults: [
      {
        id: "stream-answered-whole",
        what: "`stream: true` is answered with JSON: sigoden/aichat#651.",
        call: ({ body }) =>
          body?.["stream"] === true
            ? { bytes: Buffer.from(JSON.stringify({ ...body, stream: false, stream_options: undefined })) }
            : undefined,
      },
      {
        id: "stream-as-json",
        what: "A stream is sent as application/json: ollama/ollama#8991.",
        streamHeaders: (headers) => ({ ...headers, "content-type": "application/json" }),
      },
      {
        id: "stream-as-ndjson",
        what: "A stream is sent as application/x-ndjson: Lightning-AI/LitServe#359.",
        streamHeaders: (headers) => ({ ...headers, "content-type": "application/x-ndjson" }),
      },
      {
        id: "stream-without-type",
        what: "A stream has no content type.",
        streamHeaders: (headers) =>
          Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-type")),
      },
    ],
    async run(context) {
      const { answer } = await context.plainStream();
      const type = answer.headers["content-type"];
      expectThat(
        answer.status === 200 && /^text\/event-stream\s*(;|$)/i.test(type ?? ""),
        "200 text/event-stream",
        `${answer.status} ${type ?? "without a content-type"}`,
      );
    },
  },
  {
    id: "SS-02",
    level: "MUST",
    requirement: "Every event but `[DONE]` is one chunk of a completion: no null, no ping object, no empty data.",
    source: `${chunkSchema}; SDK 4–7: an event that is not JSON is a SyntaxError, one without \`choices\` breaks \`.stream()\``,
    finds: [
      "events-single-newline",
      "keep-alive-empty-data",
      "keep-alive-comment-as-data",
      "keep-alive-event-without-data",
      "done-in-lower-case",
      "done-with-blank",
      "stream-answered-whole",
    ],
    faults: [
      {
        id: "first-event-null",
        what: "A stream begins with an event that is null.",
        frame: (frame) => (frame.includes('"role"') ? `data: null\n\n${frame}` : frame),
      },
    ],
    async run(context) {
      await expectRules(context, "payload");
    },
  },
  {
    id: "SS-30",
    level: "DOC",
    requirement: "Every chunk has the shape that OpenAI's document gives it, with every key that is required.",
    source: chunkSchema,
    faults: [
      {
        id: "finish-empty-until-end",
        what: "`finish_reason` is an empty string until the end: ollama/ollama#4357.",
        chunk: (chunk) => (isFinish(chunk) ? chunk : eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "" }))),
      },
      {
        id: "finish-eos",
        what: "`finish_reason` is `eos_token`: sgl-project/sglang#3912.",
        chunk: (chunk) =>
          isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "eos_token" })) : chunk,
      },
      {
        id: "first-event-ping",
        what: "A stream begins with a ping object of Anthropic's kind.",
        frame: (frame) => (frame.includes('"role"') ? `data: {"type":"ping"}\n\n${frame}` : frame),
      },
      {
        id: "chunk-fields-camel-case",
        what: "A serializer writes the finish reason in camel case.",
        frame: (frame) => frame.replace('"finish_reason"', '"finishReason"'),
      },
      {
        id: "chunk-object-of-whole",
        what: "`object` of a chunk is `chat.completion`.",
        chunk: (chunk) => ({ ...chunk, object: "chat.completion" }),
      },
      {
        id: "chunk-id-missing",
        what: "Chunks have no id.",
        chunk: (chunk) => without(chunk, "id"),
      },
      {
        id: "chunk-created-missing",
        what: "`created` is left out of chunks: pydantic-ai refuses them.",
        chunk: (chunk) => without(chunk, "created"),
      },
      {
        id: "chunk-model-missing",
        what: "Chunks have no `model`.",
        chunk: (chunk) => without(chunk, "model"),
      },
      {
        id: "chunk-choice-without-index",
        what: "Choices of chunks have no index: `.stream()` of SDK 6 and 7 throws.",
        chunk: (chunk) => eachChoice(chunk, (choice) => without(choice, "index")),
      },
      {
        id: "finish-delta-null",
        what: "The finish chunk has `delta: null`: SDK 4 and 5 crash.",
        chunk: (chunk) => (isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, delta: null })) : chunk),
      },
      {
        id: "finish-delta-missing",
        what: "The finish chunk has no delta.",
        chunk: (chunk) => (isFinish(chunk) ? eachChoice(chunk, (choice) => without(choice, "delta")) : chunk),
      },
      {
        id: "chunk-message-for-delta",
        what: "Chunks have `message` in place of `delta`.",
        chunk: (chunk) => eachChoice(chunk, (choice) => ({ ...without(choice, "delta"), message: choice["delta"] })),
      },
      {
        id: "finish-key-missing",
        what: "`finish_reason` is left out until the end.",
        chunk: (chunk) => (isFinish(chunk) ? chunk : eachChoice(chunk, (choice) => without(choice, "finish_reason"))),
      },
      {
        id: "delta-content-as-parts",
        what: "`delta.content` is an array of parts, which the SDK makes `[object Object]` of.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) =>
            delta["content"] ? { ...delta, content: [{ type: "text", text: delta["content"] }] } : delta,
          ),
      },
    ],
    async run(context) {
      const { chunks } = await readPlainStream(context);
      for (const chunk of chunks) expectShape(chunk, "chunk");
    },
  },
  {
    id: "SS-03",
    level: "DOC",
    requirement: "`object` is `chat.completion.chunk` in every chunk.",
    source: `${chunkSchema}.object`,
    finds: ["chunk-object-of-whole"],
    run: (context) => expectRules(context, "object"),
  },
  {
    id: "SS-04",
    level: "MUST",
    requirement: "`id` is the same non-empty string in every chunk, the usage chunk included.",
    source: `${chunkSchema}.id; SDK 6 and 7 lose the usage of a chunk that has no id`,
    finds: ["first-event-ping", "chunk-id-missing"],
    faults: [
      {
        id: "chunk-id-each",
        what: "Every chunk has an id of its own.",
        chunk: (chunk, index) => ({ ...chunk, id: `${String(chunk["id"])}-${index}` }),
      },
      {
        id: "usage-chunk-without-id",
        what: "The usage chunk has no id: SDK 6 and 7 lose its usage.",
        chunk: (chunk) => (chunk["usage"] ? without(chunk, "id") : chunk),
      },
    ],
    run: (context) => expectRules(context, "id"),
  },
  {
    id: "SS-05",
    level: "DOC",
    requirement: "`created` is the same number of whole seconds in every chunk.",
    source: `${chunkSchema}.created: "Each chunk has the same timestamp"; openclaw/openclaw#115718`,
    finds: ["chunk-created-missing"],
    faults: [
      {
        id: "chunk-created-each",
        what: "`created` is the time of the chunk, as in openclaw/openclaw#115718.",
        chunk: (chunk, index) => ({ ...chunk, created: Number(chunk["created"]) + index }),
      },
      {
        id: "chunk-created-in-milliseconds",
        what: "`created` of a stream counts milliseconds.",
        chunk: (chunk) => ({ ...chunk, created: Number(chunk["created"]) * 1000 }),
      },
    ],
    run: (context) => expectRules(context, "created"),
  },
  {
    id: "SS-06",
    level: "DOC",
    requirement: "`model` is the same non-empty string in every chunk.",
    source: `${chunkSchema}.model`,
    finds: ["chunk-model-missing"],
    faults: [
      {
        id: "chunk-model-changes",
        what: "The last chunk names the model behind the one that was asked for.",
        chunk: (chunk) => (isFinish(chunk) ? { ...chunk, model: "backend-model" } : chunk),
      },
    ],
    run: (context) => expectRules(context, "model"),
  },
  {
    id: "SS-07",
    level: "MUST",
    requirement: "`choices` is an array in every chunk, the usage chunk included.",
    source: `${chunkSchema}.choices; SDK 4–7: \`.stream()\` throws "chunk.choices is not iterable"; ROCm/ATOM#1711`,
    finds: ["first-event-ping"],
    faults: [
      {
        id: "usage-chunk-without-choices",
        what: "The usage chunk has no `choices`: `.stream()` throws, ROCm/ATOM#1711.",
        chunk: (chunk) => (chunk["usage"] ? without(chunk, "choices") : chunk),
      },
      {
        id: "usage-chunk-choices-null",
        what: "The usage chunk has `choices: null`.",
        chunk: (chunk) => (chunk["usage"] ? { ...chunk, choices: null } : chunk),
      },
    ],
    run: (context) => expectRules(context, "choices"),
  },
  {
    id: "SS-08",
    level: "MUST",
    requirement: "Every choice has an integer `index`, 0 where one choice was asked for.",
    source: `${chunkSchema}.choices[].index; without it \`.stream()\` of SDK 6 and 7 throws, that of 4 and 5 never ends`,
    finds: ["chunk-choice-without-index"],
    faults: [
      {
        id: "chunk-index-counts-chunks",
        what: "The index of the choice counts the chunks.",
        chunk: (chunk, index) => eachChoice(chunk, (choice) => ({ ...choice, index })),
      },
    ],
    run: (context) => expectRules(context, "index"),
  },
  {
    id: "SS-09",
    level: "MUST",
    requirement: "Every choice has an object `delta`, an empty one where there is nothing to say.",
    source: `${chunkSchema}.choices[].delta; SDK 4 and 5 crash on null and on none`,
    finds: ["finish-delta-null", "finish-delta-missing", "chunk-message-for-delta"],
    run: (context) => expectRules(context, "delta"),
  },
  {
    id: "SS-10",
    level: "DOC",
    requirement: "Every choice has the key `finish_reason`, null until the end.",
    source: `${chunkSchema}.choices[].finish_reason, required`,
    finds: ["chunk-fields-camel-case", "finish-key-missing"],
    run: (context) => expectRules(context, "finish-key"),
  },
]);

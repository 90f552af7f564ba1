import { defineCases } from "../case.ts";
import { expectThat } from "../expect.ts";
import { expectShape } from "../shapes.ts";
import { expectRules, expectRulesOfCall, readPlainStream } from "./stream-reading.ts";

const chunkSchema = "OpenAI's document: CreateChatCompletionStreamResponse";

export const streamCases = defineCases([
  {
    id: "SS-01",
    level: "MUST",
    requirement: "A stream has status 200 and the media type `text/event-stream`.",
    source:
      "OpenAI's document: the 200 response of createChatCompletion; ollama/ollama#8991, huggingface/chat-ui#430, Lightning-AI/LitServe#359",
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
    async run(context) {
      await expectRules(context, "payload");
    },
  },
  {
    id: "SS-30",
    level: "DOC",
    requirement: "Every chunk has the shape that OpenAI's document gives it, with every key that is required.",
    source: chunkSchema,
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
    run: (context) => expectRules(context, "object"),
  },
  {
    id: "SS-04",
    level: "MUST",
    requirement: "`id` is the same non-empty string in every chunk, the usage chunk included.",
    source: `${chunkSchema}.id; SDK 6 and 7 lose the usage of a chunk that has no id`,
    run: (context) => expectRules(context, "id"),
  },
  {
    id: "SS-05",
    level: "DOC",
    requirement: "`created` is the same number of whole seconds in every chunk.",
    source: `${chunkSchema}.created: "Each chunk has the same timestamp"; openclaw/openclaw#115718`,
    run: (context) => expectRules(context, "created"),
  },
  {
    id: "SS-06",
    level: "DOC",
    requirement: "`model` is the same non-empty string in every chunk.",
    source: `${chunkSchema}.model`,
    run: (context) => expectRules(context, "model"),
  },
  {
    id: "SS-07",
    level: "MUST",
    requirement: "`choices` is an array in every chunk, the usage chunk included.",
    source: `${chunkSchema}.choices; SDK 4–7: \`.stream()\` throws "chunk.choices is not iterable"; ROCm/ATOM#1711`,
    run: (context) => expectRules(context, "choices"),
  },
  {
    id: "SS-08",
    level: "MUST",
    requirement: "Every choice has an integer `index`, 0 where one choice was asked for.",
    source: `${chunkSchema}.choices[].index; without it \`.stream()\` of SDK 6 and 7 throws, that of 4 and 5 never ends`,
    run: (context) => expectRules(context, "index"),
  },
  {
    id: "SS-09",
    level: "MUST",
    requirement: "Every choice has an object `delta`, an empty one where there is nothing to say.",
    source: `${chunkSchema}.choices[].delta; SDK 4 and 5 crash on null and on none`,
    run: (context) => expectRules(context, "delta"),
  },
  {
    id: "SS-10",
    level: "DOC",
    requirement: "Every choice has the key `finish_reason`, null until the end.",
    source: `${chunkSchema}.choices[].finish_reason, required`,
    run: (context) => expectRules(context, "finish-key"),
  },
  {
    id: "SS-11",
    level: "MUST",
    requirement: '`delta.role: "assistant"` comes in the first chunk of each choice, tool calls included.',
    source:
      'SDK 4–7: without it `.stream()` throws "missing role for choice 0"; tensorzero/tensorzero#1265, maximhq/bifrost#6523 (LangChain loses tool calls)',
    async run(context) {
      await expectRules(context, "role-first");
      await expectRulesOfCall(context, "role-first");
    },
  },
  {
    id: "SS-12",
    level: "SHOULD",
    requirement: "The role comes once for each choice: later deltas leave it out, and it is never empty or null.",
    source:
      "langchain-ai/langchainjs#11468, langchain-ai/langchain#21897, MiniMax-AI/MiniMax-M2.5#2 (an exception, or tool calls dropped)",
    async run(context) {
      await expectRules(context, "role-once");
      await expectRulesOfCall(context, "role-once");
    },
  },
  {
    id: "SS-13",
    level: "MUST",
    requirement: "Exactly one chunk of each choice has a finish reason.",
    source:
      'SDK 4–7: without one `.stream()` throws "missing finish_reason for choice 0"; openai/openai-node#1292, openclaw/openclaw#23013, earendil-works/pi#4558',
    async run(context) {
      await expectRules(context, "finish-once");
      await expectRulesOfCall(context, "finish-once");
    },
  },
  {
    id: "SS-14",
    level: "MUST",
    requirement: "`finish_reason` is null or one of OpenAI's five values, never an empty string.",
    source: `${chunkSchema}.choices[].finish_reason; ollama/ollama#4357, sgl-project/sglang#3912`,
    run: (context) => expectRules(context, "finish-value"),
  },
  {
    id: "SS-15",
    level: "SHOULD",
    requirement: "The chunk with the finish reason says nothing else: no text, refusal or tool call beside it.",
    source: "OpenAI's own streams; clients that stop at the finish reason lose the rest; openclaw/openclaw#115718",
    async run(context) {
      await expectRules(context, "finish-empty");
      await expectRulesOfCall(context, "finish-empty");
    },
  },
  {
    id: "SS-16",
    level: "MUST",
    requirement: "Nothing is said in a choice after its finish reason.",
    source:
      "SDK 4–7: `content.done` fires at the finish reason, so text behind it is missing there; su-kaka/gcli2api#403",
    async run(context) {
      await expectRules(context, "after-finish");
      await expectRulesOfCall(context, "after-finish");
    },
  },
]);

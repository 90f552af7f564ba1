import { defineCases } from "../case.ts";
import { expectEqual, expectOneOf, expectText, expectThat } from "../expect.ts";
import { eachChoice, eachMessage } from "../self-test/edit.ts";
import { askBriefly, expectKey, toBody, toChoices, toContent, toFirstChoice, toMessage } from "./nonstream-reading.ts";

export const nonstreamChoiceCases = defineCases([
  {
    id: "NS-07",
    level: "MUST",
    requirement: "`choices` has exactly `n` entries (1 unless asked), numbered from 0 by `index`.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.n and CreateChatCompletionResponse.choices[].index; an empty list breaks `runTools` of the SDK (4–7), and vercel/ai#20351, RooCodeInc/Roo-Code#6096",
    faults: [
      {
        id: "json-choices-empty",
        what: "`choices` is empty: `choices[0]` crashes in every client.",
        json: (body) => ({ ...body, choices: [] }),
      },
      {
        id: "json-index-from-one",
        what: "Choices are counted from 1.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, index: 1 })),
      },
      {
        id: "json-choice-twice",
        what: "The choice is given twice.",
        json: (body) => {
          const { choices } = body;
          return Array.isArray(choices)
            ? { ...body, choices: [...(choices as unknown[]), ...(choices as unknown[])] }
            : body;
        },
      },
    ],
    async run(context) {
      const indexes = toChoices(toBody(await context.plain())).map(({ index }) => index);
      expectEqual(indexes, [0], "the indexes of choices");
      if (!context.has("n")) return;
      const two = toChoices(toBody(await askBriefly(context, { n: 2 }))).map(({ index }) => index);
      expectEqual(
        two.toSorted((a, b) => Number(a) - Number(b)),
        [0, 1],
        "the indexes of choices, with n: 2,",
      );
    },
  },
  {
    id: "NS-08",
    level: "MUST",
    requirement: "`choices[0].message.role` is `assistant`.",
    source: "OpenAI's document: ChatCompletionResponseMessage.role",
    finds: ["json-choices-empty", "json-role-model", "json-role-missing"],
    async run({ plain }) {
      expectEqual(toMessage(toBody(await plain()))["role"], "assistant", "message.role");
    },
  },
  {
    id: "NS-09",
    level: "MUST",
    requirement: "`message.content` is there, and a non-empty string when the answer is text.",
    source: "OpenAI's document: ChatCompletionResponseMessage.content, required, a string or null",
    finds: ["json-content-missing", "json-content-as-parts"],
    faults: [
      {
        id: "json-content-as-reasoning",
        what: "The text stands in `reasoning_content`, and `content` is empty, as some reasoning servers do.",
        json: (body) =>
          eachMessage(body, (message) => ({ ...message, content: "", reasoning_content: message["content"] })),
      },
    ],
    async run({ plain, has }) {
      const message = toMessage(toBody(await plain()));
      expectKey(message, "content", "message");
      expectText(message["content"], "message.content");
      if (has("fixture")) expectEqual(message["content"], "word0 word1 word2 word3 word4", "message.content");
    },
  },
  {
    id: "NS-10",
    level: "DOC",
    requirement: "`message.refusal` is there: null, unless the model refuses.",
    source: "OpenAI's document: ChatCompletionResponseMessage.refusal, required, a string or null",
    finds: ["json-refusal-missing"],
    faults: [
      {
        id: "json-refusal-empty",
        what: "`refusal` is an empty string where nothing is refused.",
        json: (body) => eachMessage(body, (message) => ({ ...message, refusal: "" })),
      },
    ],
    async run({ plain }) {
      const message = toMessage(toBody(await plain()));
      expectKey(message, "refusal", "message");
      expectEqual(message["refusal"], null, "message.refusal");
    },
  },
  {
    id: "NS-11",
    level: "DOC",
    requirement: "`choices[0].logprobs` is there: null, unless they were asked for.",
    source: "OpenAI's document: CreateChatCompletionResponse.choices[].logprobs, required, an object or null",
    finds: ["json-logprobs-missing"],
    faults: [
      {
        id: "json-logprobs-empty",
        what: "`choices[0].logprobs` is an empty object although nobody asked for them.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, logprobs: {} })),
      },
    ],
    async run({ plain }) {
      const choice = toFirstChoice(toBody(await plain()));
      expectKey(choice, "logprobs", "choices[0]");
      expectEqual(choice["logprobs"], null, "choices[0].logprobs");
    },
  },
  {
    id: "NS-12",
    level: "MUST",
    requirement: "`finish_reason` of a finished answer is one of OpenAI's five values, never null or empty.",
    source:
      "OpenAI's document: CreateChatCompletionResponse.choices[].finish_reason; the AI SDK reports `other` for anything else",
    finds: ["json-choices-empty", "json-finish-null", "json-finish-of-anthropic"],
    async run({ plain, has }) {
      const reason = toFirstChoice(toBody(await plain()))["finish_reason"];
      expectOneOf(reason, ["stop", "length", "tool_calls", "content_filter", "function_call"], "finish_reason");
      if (has("fixture")) expectEqual(reason, "stop", "finish_reason of a whole text");
    },
  },
  {
    id: "NS-13",
    level: "DOC",
    requirement: "A text answer has no `tool_calls`, or an empty list, never null.",
    source: "OpenAI's document: ChatCompletionResponseMessage.tool_calls, an optional array that may not be null",
    finds: ["json-tool-calls-null"],
    async run({ plain, note }) {
      const { tool_calls: calls } = toMessage(toBody(await plain()));
      expectThat(calls === undefined || Array.isArray(calls), "no message.tool_calls, or an array", calls);
      expectEqual(calls ?? [], [], "message.tool_calls of a text answer");
      if (calls !== undefined) note("an empty tool_calls is better left out");
    },
  },
  {
    id: "NS-14",
    level: "MUST",
    requirement: "`message.content` is a string also when the question came as an array of parts.",
    source: "OpenAI's document: ChatCompletionResponseMessage.content, a string or null; vercel/ai#13703",
    finds: ["json-choices-empty", "json-content-missing", "json-content-as-reasoning", "json-content-as-parts"],
    faults: [
      {
        id: "json-content-as-parts-for-parts",
        what: "Whoever asks with an array of parts is answered with one.",
        json: (body, call) =>
          JSON.stringify(call.body?.["messages"]).includes('"content":[')
            ? eachMessage(body, (message) => ({ ...message, content: [{ type: "text", text: message["content"] }] }))
            : body,
      },
    ],
    async run({ chat, has }) {
      const text = has("fixture") ? "@@echo in one piece" : "Say hi.";
      const messages = [{ role: "user", content: [{ type: "text", text }] }];
      const content = toContent(toBody(await chat({ messages })));
      expectText(content, "message.content");
    },
  },
]);

import { defineCases } from "../case.ts";
import { expectEqual, expectOneOf, expectText, expectThat } from "../expect.ts";
import { expectShape } from "../shapes.ts";
import {
  askBriefly,
  expectKey,
  toBody,
  toChoices,
  toContent,
  toFirstChoice,
  toMediaType,
  toMessage,
} from "./nonstream-reading.ts";

/** Clocks of a subject and of the suite may differ, but not by more. */
const clockSecondsMax = 300;

export const nonStreamCases = defineCases([
  {
    id: "NS-01",
    level: "MUST",
    requirement: "An answer has status 200 and the media type `application/json`, in lower case.",
    source:
      "OpenAI's document: the 200 response of createChatCompletion. With another type or none the SDK returns a string (4–7); `Application/JSON` too (4–6)",
    async run({ plain }) {
      const answer = await plain();
      toBody(answer);
      expectEqual(toMediaType(answer), "application/json", "the media type");
    },
  },
  {
    id: "NS-02",
    level: "DOC",
    requirement: "The body has the shape of a chat completion, with every key that OpenAI's document requires.",
    source: "OpenAI's document: CreateChatCompletionResponse",
    async run({ plain }) {
      expectShape(toBody(await plain()), "completion");
    },
  },
  {
    id: "NS-03",
    level: "DOC",
    requirement: "`object` is `chat.completion`.",
    source: "OpenAI's document: CreateChatCompletionResponse.object",
    async run({ plain }) {
      expectEqual(toBody(await plain())["object"], "chat.completion", "object");
    },
  },
  {
    id: "NS-04",
    level: "MUST",
    requirement: "`id` is a non-empty string, another one for every answer.",
    source: "OpenAI's document: CreateChatCompletionResponse.id, a unique identifier",
    async run(context) {
      const answers = await Promise.all([context.plain(), askBriefly(context), askBriefly(context)]);
      const ids = answers.map((answer) => toBody(answer)["id"]);
      for (const id of ids) expectText(id, "id");
      expectThat(new Set(ids).size === ids.length, "three answers with three ids", ids);
      if (!ids.every((id) => String(id).startsWith("chatcmpl"))) {
        context.note(`ids of OpenAI begin with chatcmpl; here: ${String(ids[0])}`);
      }
    },
  },
  {
    id: "NS-05",
    level: "DOC",
    requirement: "`created` is the present time in whole seconds since 1970.",
    source:
      "OpenAI's document: CreateChatCompletionResponse.created, an integer in seconds; BerriAI/litellm#11971, pydantic/pydantic-ai#1877, mlc-ai/web-llm#829 (typed clients refuse fractions and milliseconds)",
    async run(context) {
      const answer = await askBriefly(context);
      const { created } = toBody(answer);
      expectThat(
        Number.isInteger(created) && Number(created) > 1e9 && Number(created) < 1e10,
        "created to be an integer of seconds since 1970",
        created,
      );
      const clocks = [context.observe("time", Date.now), Date.parse(answer.headers["date"] ?? "")].filter(
        (ms) => !Number.isNaN(ms),
      );
      const offs = clocks.map((ms) => Math.abs(ms / 1000 - Number(created)));
      expectThat(
        Math.min(...offs) <= clockSecondsMax,
        "created to be the time of the answer",
        `${String(created)}, which is ${Math.round(Math.min(...offs))} s away from it`,
      );
    },
  },
  {
    id: "NS-06",
    level: "DOC",
    requirement: "`model` is a non-empty string.",
    source: "OpenAI's document: CreateChatCompletionResponse.model",
    async run({ plain, subject, note }) {
      const { model } = toBody(await plain());
      expectText(model, "model");
      if (model !== subject.model) note(`asked for ${subject.model}, answered as ${model}`);
    },
  },
  {
    id: "NS-07",
    level: "MUST",
    requirement: "`choices` has exactly `n` entries (1 unless asked), numbered from 0 by `index`.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.n and CreateChatCompletionResponse.choices[].index; an empty list breaks `runTools` of the SDK (4–7), and vercel/ai#20351, RooCodeInc/Roo-Code#6096",
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
    async run({ plain }) {
      expectEqual(toMessage(toBody(await plain()))["role"], "assistant", "message.role");
    },
  },
  {
    id: "NS-09",
    level: "MUST",
    requirement: "`message.content` is there, and a non-empty string when the answer is text.",
    source: "OpenAI's document: ChatCompletionResponseMessage.content, required, a string or null",
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
    async run({ chat, has }) {
      const text = has("fixture") ? "@@echo in one piece" : "Say hi.";
      const messages = [{ role: "user", content: [{ type: "text", text }] }];
      const content = toContent(toBody(await chat({ messages })));
      expectText(content, "message.content");
    },
  },
]);

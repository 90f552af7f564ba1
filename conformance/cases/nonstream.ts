import { defineCases } from "../case.ts";
import { expectEqual, expectOneOf, expectText, expectThat } from "../expect.ts";
import { eachChoice, eachMessage, withFields, withHeaders, without } from "../self-test/edit.ts";
import { changeUsage } from "../self-test/edits/usage.ts";
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
    faults: [
      {
        id: "json-as-text-plain",
        what: "JSON is sent as text/plain: the SDK returns a string.",
        answer: (answer) => withHeaders(answer, { "content-type": "text/plain" }),
      },
      {
        id: "json-type-capital",
        what: "The media type is `Application/JSON`, which SDK 4 to 6 do not take for JSON.",
        answer: (answer) => withHeaders(answer, { "content-type": "Application/JSON" }),
      },
      {
        id: "json-then-done",
        what: "`data: [DONE]` follows the JSON, as in decolua/9router#3492.",
        answer: (answer) => ({ ...answer, body: `${String(answer.body)}\n\ndata: [DONE]\n\n` }),
      },
      {
        id: "stream-by-default",
        what: "A request without `stream` is streamed: diegosouzapw/OmniRoute#10239.",
        call: (call) => (call.body?.["stream"] === undefined ? withFields(call, { stream: true }) : undefined),
      },
    ],
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
    finds: ["json-then-done", "stream-by-default"],
    faults: [
      {
        id: "json-logprobs-missing",
        what: "`choices[0].logprobs` is left out.",
        json: (body) => eachChoice(body, (choice) => without(choice, "logprobs")),
      },
      {
        id: "json-object-text-completion",
        what: "`object` is that of the older API.",
        json: (body) => ({ ...body, object: "text_completion" }),
      },
      {
        id: "json-created-null",
        what: "`created` is null: pydantic-ai refuses it.",
        json: (body) => ({ ...body, created: null }),
      },
      {
        id: "json-model-missing",
        what: "`model` is left out.",
        json: (body) => without(body, "model"),
      },
      {
        id: "json-role-model",
        what: "The role is Gemini's `model`.",
        json: (body) => eachMessage(body, (message) => ({ ...message, role: "model" })),
      },
      {
        id: "json-role-missing",
        what: "The message has no role.",
        json: (body) => eachMessage(body, (message) => without(message, "role")),
      },
      {
        id: "json-content-missing",
        what: "The message has no `content`.",
        json: (body) => eachMessage(body, (message) => without(message, "content")),
      },
      {
        id: "json-refusal-missing",
        what: "The message has no `refusal`.",
        json: (body) => eachMessage(body, (message) => without(message, "refusal")),
      },
      {
        id: "json-finish-null",
        what: "`finish_reason` of a finished answer is null.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: null })),
      },
      {
        id: "json-finish-of-anthropic",
        what: "`finish_reason` is `end_turn`: the AI SDK reports `other`.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: "end_turn" })),
      },
      {
        id: "json-tool-calls-null",
        what: "A text answer has `tool_calls: null`.",
        json: (body) => eachMessage(body, (message) => ({ tool_calls: null, ...message })),
      },
      {
        id: "json-content-as-parts",
        what: "`content` is an array of parts, as in vercel/ai#13703.",
        json: (body) =>
          eachMessage(body, (message) => ({ ...message, content: [{ type: "text", text: message["content"] }] })),
      },
      {
        id: "usage-of-anthropic",
        what: "The counts have Anthropic's names.",
        json: changeUsage(({ prompt_tokens: input, completion_tokens: output }) => ({
          input_tokens: input,
          output_tokens: output,
        })),
      },
      {
        id: "usage-as-text",
        what: "The counts are strings.",
        json: changeUsage((usage) => ({ ...usage, prompt_tokens: String(usage["prompt_tokens"]) })),
      },
    ],
    async run({ plain }) {
      expectShape(toBody(await plain()), "completion");
    },
  },
  {
    id: "NS-03",
    level: "DOC",
    requirement: "`object` is `chat.completion`.",
    source: "OpenAI's document: CreateChatCompletionResponse.object",
    finds: ["stream-by-default", "json-object-text-completion"],
    async run({ plain }) {
      expectEqual(toBody(await plain())["object"], "chat.completion", "object");
    },
  },
  {
    id: "NS-04",
    level: "MUST",
    requirement: "`id` is a non-empty string, another one for every answer.",
    source: "OpenAI's document: CreateChatCompletionResponse.id, a unique identifier",
    faults: [
      {
        id: "json-id-constant",
        what: "Every answer has the same id.",
        json: (body) => ({ ...body, id: "chatcmpl-1" }),
      },
      {
        id: "json-id-empty",
        what: "The id is an empty string.",
        json: (body) => ({ ...body, id: "" }),
      },
    ],
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
    finds: ["json-created-null"],
    faults: [
      {
        id: "json-created-in-milliseconds",
        what: "`created` counts milliseconds: .NET and Go clients throw.",
        json: (body) => ({ ...body, created: Number(body["created"]) * 1000 }),
      },
      {
        id: "json-created-with-fraction",
        what: "`created` is a float: typed clients refuse it.",
        json: (body) => ({ ...body, created: Number(body["created"]) + 0.25 }),
      },
      {
        id: "json-created-at-build",
        what: "`created` is the time at which the server was built.",
        json: (body) => ({ ...body, created: 1_700_000_000 }),
      },
    ],
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
    finds: ["json-model-missing"],
    faults: [
      {
        id: "json-model-empty",
        what: "`model` is an empty string.",
        json: (body) => ({ ...body, model: "" }),
      },
    ],
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

import { defineCases } from "../case.ts";
import { expectEqual, expectText, expectThat } from "../expect.ts";
import { eachChoice, eachMessage, withFields, withHeaders, without } from "../self-test/edit.ts";
import { changeUsage } from "../self-test/edits/usage.ts";
import { expectShape } from "../shapes.ts";
import { askBriefly, toBody, toMediaType } from "./nonstream-reading.ts";

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
]);

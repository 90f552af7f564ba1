import { defineCases } from "../case.ts";
import { expectEqual, expectRejection, expectThat, isObject, show } from "../expect.ts";
import { ask, expectDecided, expectRefused, isWithin, refuses, toContentJson, toError } from "./request-check.ts";
import { toolCall, toText } from "./request-history.ts";

export const requestMessageCases = defineCases([
  {
    id: "REQ-04",
    level: "DOC",
    requirement:
      "A body without `messages`, also one in the shape of the Responses API, is refused with 400; `param` is `messages` and the text names it.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.required; Helicone/helicone#5629, HamedMP/CursorLens#39 (Cursor sends `input`)",
    async run(context) {
      for (const fields of [{ messages: undefined }, { messages: undefined, input: "hi", instructions: "Be brief." }]) {
        const what = "input" in fields ? "a body with `input` in place of `messages`" : "a body without `messages`";
        const answer = await ask(context, fields);
        expectRefused(answer, what);
        const error = toError(answer);
        expectEqual(error?.["param"], "messages", `error.param for ${what}`);
        expectThat(String(error?.["message"]).includes("messages"), `error.message to name it, for ${what}`, error);
      }
    },
  },
  {
    id: "REQ-05",
    level: "DOC",
    requirement: "An empty list of messages is refused with 400, which the SDK throws as a `BadRequestError`.",
    source: "OpenAI's document: CreateChatCompletionRequest.messages.minItems",
    async run({ sdk, subject, signal }) {
      const request = sdk.client.chat.completions.create({ model: subject.model, messages: [] }, { signal });
      const error = await expectRejection(request, "an empty list of messages");
      expectEqual(error.constructor.name, "BadRequestError", "the error of the SDK");
      expectEqual(error["status"], 400, "its status");
      expectThat(isWithin(error["param"], "messages"), "its param to be messages", error["param"]);
    },
  },
  {
    id: "REQ-06",
    level: "DOC",
    requirement: "`messages` that is a string, an object, a number or null is refused with 400 and at once.",
    source: "OpenAI's document: CreateChatCompletionRequest.messages is an array; users report servers that hang on it",
    run: refuses([
      { messages: "hi" },
      { messages: { role: "user", content: "hi" } },
      { messages: 1 },
      { messages: null },
    ]),
  },
  {
    id: "REQ-10",
    level: "DOC",
    requirement: "A message with an unknown role is refused with 400 whose `param` lies in `messages`.",
    source: "OpenAI's document: ChatCompletionRequestMessage, the discriminator `role`",
    run: refuses(
      [
        { messages: [{ role: "alien", content: "hi" }] },
        { messages: [{ content: "hi" }] },
        { messages: [{ role: "user", content: "hi" }, "hi"] },
      ],
      "messages",
    ),
  },
  {
    id: "REQ-14",
    level: "DOC",
    requirement: "An empty list of content parts is refused with 400.",
    source: "OpenAI's document: ChatCompletionRequestUserMessage.content.minItems",
    run: refuses([{ messages: [{ role: "user", content: [] }] }]),
  },
  {
    id: "REQ-15",
    level: "DOC",
    requirement: "A user message without content (null or no key at all) is refused with 400.",
    source: "OpenAI's document: ChatCompletionRequestUserMessage.content is required and not nullable",
    run: refuses([{ messages: [{ role: "user", content: null }] }, { messages: [{ role: "user" }] }]),
  },
  {
    id: "REQ-16",
    level: "DOC",
    requirement: "A tool message without `tool_call_id` is refused with 400 whose `param` lies in `messages`.",
    source: "OpenAI's document: ChatCompletionRequestToolMessage.required",
    run: refuses(
      [
        {
          messages: [
            { role: "user", content: "What is the weather?" },
            { role: "assistant", content: null, tool_calls: [toolCall] },
            { role: "tool", content: "rain" },
          ],
        },
      ],
      "messages",
    ),
  },
  {
    id: "REQ-17",
    level: "SHOULD",
    requirement:
      "A tool message that answers no earlier call is refused with 400, or reaches the model; it is never dropped.",
    source: "OpenAI's service refuses it: a tool message must follow a message with `tool_calls`",
    async run(context) {
      const question = context.has("fixture") ? "@@messages" : "Reply with the word: ok";
      const messages = [
        { role: "tool", tool_call_id: "call_of_nobody", content: "a result from nowhere" },
        { role: "user", content: question },
      ];
      const answer = await ask(context, { messages });
      const decided = expectDecided(answer, "a tool message without a call", "messages");
      context.note(`a tool message without a call is ${decided}`);
      if (decided === "refused" || !context.has("fixture")) return;
      const heard = toContentJson(answer);
      const results = Array.isArray(heard) ? heard.filter((one) => isObject(one) && one["role"] === "tool") : [];
      expectThat(results.length === 1, "the tool message to reach the model", heard);
    },
  },
  {
    id: "REQ-51",
    level: "DOC",
    requirement: "A 400 about one field says where it is: `error.param` is a path such as `messages[1].content`.",
    source: "OpenAI's document: Error.param",
    async run(context) {
      const hello = { role: "user", content: "hi" };
      const wrong: Readonly<Record<string, object>> = {
        temperature: { temperature: 9 },
        stop: { stop: ["1", "2", "3", "4", "5"] },
        max_completion_tokens: { max_completion_tokens: "many" },
        response_format: { response_format: { type: "sound" } },
        "messages[1].content": { messages: [hello, { role: "user", content: 7 }] },
        "messages[0].content[1]": { messages: [{ role: "user", content: [toText("hi"), { type: "smell" }] }] },
        "tools[0].function": { tools: [{ type: "function", function: {} }] },
      };
      for (const [field, fields] of Object.entries(wrong)) {
        expectRefused(await ask(context, fields), show(fields), field);
      }
    },
  },
  {
    id: "REQ-52",
    level: "SHOULD",
    requirement: "A conversation without any user message is answered, or refused with 400 that names `messages`.",
    source: "OpenAI's document does not ask for one; servers differ, and some templates fail on it with a 500",
    async run(context) {
      for (const role of ["system", "assistant"]) {
        const answer = await ask(context, { messages: [{ role, content: "You are brief." }] });
        const decided = expectDecided(answer, `only a ${role} message`, "messages");
        context.note(`only a ${role} message: ${decided}`);
      }
    },
  },
]);

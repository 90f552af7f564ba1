import { defineCases } from "../case.ts";
import { expectEqual, expectRejection, expectThat, isObject, show } from "../expect.ts";
import { crash, editBody, editError, editMessages, toMessages } from "../self-test/edits/requests.ts";
import { ask, expectDecided, expectRefused, isWithin, refuses, toContentJson, toError } from "./request-check.ts";
import { toolCall, toText } from "./request-history.ts";

const roles = ["system", "developer", "user", "assistant", "tool", "function"];

export const requestMessageCases = defineCases([
  {
    id: "REQ-04",
    level: "DOC",
    requirement:
      "A body without `messages`, also one in the shape of the Responses API, is refused with 400; `param` is `messages` and the text names it.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.required; Helicone/helicone#5629, HamedMP/CursorLens#39 (Cursor sends `input`)",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "messages-wrapped",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "request-input-taken",
        what: "The `input` of the Responses API is taken for `messages`, and none at all for an empty prompt (Cursor).",
        call: editBody((body) =>
          "messages" in body
            ? undefined
            : {
                ...body,
                messages: [{ role: "user", content: typeof body["input"] === "string" ? body["input"] : "" }],
              },
        ),
      },
      {
        id: "request-param-missing",
        what: "No refusal says which field is wrong: `param` is always null.",
        answer: editError((error) => ({ ...error, param: null })),
      },
      {
        id: "request-message-unnamed",
        what: "The text of a refusal is always `Bad Request`.",
        answer: editError((error) => ({ ...error, message: "Bad Request" })),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "messages-empty-answered",
        what: "An empty list of messages is answered as an empty prompt.",
        call: editBody(({ messages, ...rest }) =>
          Array.isArray(messages) && messages.length === 0
            ? { ...rest, messages: [{ role: "user", content: "" }] }
            : undefined,
        ),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "messages-wrapped",
        what: "A single message, a text or nothing in place of the list is wrapped into one.",
        call: editBody(({ messages, ...rest }) => {
          if (Array.isArray(messages)) return undefined;
          return { ...rest, messages: [isObject(messages) ? messages : { role: "user", content: String(messages) }] };
        }),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "role-unknown-is-user",
        what: "A message with an unknown role, or none, is taken for the user's.",
        call: editMessages((message) =>
          roles.includes(String(message["role"])) ? message : { ...message, role: "user" },
        ),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "content-empty-parts",
        what: "An empty list of parts is an empty text.",
        call: editMessages((message) => {
          const { content } = message;
          return Array.isArray(content) && content.length === 0 ? { ...message, content: "" } : message;
        }),
      },
    ],
    run: refuses([{ messages: [{ role: "user", content: [] }] }]),
  },
  {
    id: "REQ-15",
    level: "DOC",
    requirement: "A user message without content (null or no key at all) is refused with 400.",
    source: "OpenAI's document: ChatCompletionRequestUserMessage.content is required and not nullable",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "content-missing",
        what: "A user message without content is an empty one.",
        call: editMessages((message) =>
          message["role"] === "user" ? { ...message, content: message["content"] ?? "" } : message,
        ),
      },
    ],
    run: refuses([{ messages: [{ role: "user", content: null }] }, { messages: [{ role: "user" }] }]),
  },
  {
    id: "REQ-16",
    level: "DOC",
    requirement: "A tool message without `tool_call_id` is refused with 400 whose `param` lies in `messages`.",
    source: "OpenAI's document: ChatCompletionRequestToolMessage.required",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "history-tool-dropped",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "tool-call-id-guessed",
        what: "A tool message without `tool_call_id` is given one.",
        call: editMessages((message) =>
          message["role"] === "tool" ? { tool_call_id: "call_1", ...message } : message,
        ),
      },
    ],
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
    finds: ["history-tool-dropped", "history-last-only"],
    faults: [
      {
        id: "tool-orphan-dropped",
        what: "A tool message that answers no call is dropped in silence.",
        call: editMessages((message) => (message["tool_call_id"] === "call_of_nobody" ? undefined : message)),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "range-clamped",
      "stop-list-cut",
      "format-unknown-ignored",
      "tools-ignored",
      "tools-broken-dropped",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "request-param-whole-message",
        what: "`param` stops at the top level: `messages` where `messages[1].content` is wrong.",
        answer: editError((error) => ({ ...error, param: String(error["param"]).replace(/[.[].*$/, "") })),
      },
    ],
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
    faults: [
      {
        id: "user-message-required",
        what: "A conversation without a user message fails in the chat template: 500.",
        call: editBody((body) => {
          const messages = toMessages(body);
          return messages.length > 0 && messages.every(({ role }) => role === "system" || role === "assistant")
            ? crash
            : undefined;
        }),
      },
    ],
    async run(context) {
      for (const role of ["system", "assistant"]) {
        const answer = await ask(context, { messages: [{ role, content: "You are brief." }] });
        const decided = expectDecided(answer, `only a ${role} message`, "messages");
        context.note(`only a ${role} message: ${decided}`);
      }
    },
  },
]);

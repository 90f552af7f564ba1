import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectArray, expectEqual, expectThat, Failure, isObject, show } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { crash, editBody, editMessages, refuse, toMessages } from "../self-test/edits/requests.ts";
import { ask, expectAccepted, toContentJson, toTinyPrompt } from "./request-check.ts";
import { toolCall, toToolRound, weatherTool } from "./request-history.ts";
import { expectSameTokens, expectWholeParts, partHolders } from "./request-parts.ts";

const known = ["role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "audio"];

/** What the fixture's model has heard: the texts of the messages with this role. */
function toTexts(heard: unknown, role: string): unknown[] {
  expectArray(heard, "what the model heard");
  return heard
    .filter((one) => isObject(one) && one["role"] === role)
    .map((one) => (one as { content: unknown }).content);
}

const functionCall = { name: "get_weather", arguments: "{}" };

export const requestReplayCases = defineCases([
  {
    id: "REQ-08",
    level: "MUST",
    requirement:
      "Messages with the role `developer` or `system` are accepted in any place and reach the model as instructions.",
    source:
      "OpenAI's document: ChatCompletionRequestDeveloperMessage, ChatCompletionRequestSystemMessage; users report servers that refuse `developer`",
    limitMs: 30_000,
    faults: [
      {
        id: "role-developer-refused",
        what: "The role `developer` is refused (ayunis-core#719).",
        call: editBody((body) =>
          toMessages(body).some(({ role }) => role === "developer")
            ? refuse(400, { message: "Unexpected role: developer", param: "messages" })
            : undefined,
        ),
      },
      {
        id: "role-developer-is-user",
        what: "What a developer message says reaches the model as words of the user.",
        call: editMessages((message) => (message["role"] === "developer" ? { ...message, role: "user" } : message)),
      },
      {
        id: "system-first-only",
        what: "Only the first message may be a system message; later ones are dropped.",
        call: editMessages((message, index) => (message["role"] === "system" && index > 0 ? undefined : message)),
      },
      {
        id: "system-first-asserted",
        what: "A system message behind another one fails in the chat template: 500.",
        call: editBody((body) =>
          toMessages(body).some(({ role }, index) => role === "system" && index > 0) ? crash : undefined,
        ),
      },
      {
        id: "history-last-only",
        what: "Only the last message reaches the model.",
        call: editMessages((message, index, count) => (index === count - 1 ? message : undefined)),
      },
    ],
    async run(context) {
      const question = { role: "user", content: context.has("fixture") ? "@@instructions" : toTinyPrompt(context) };
      const first = { role: "user", content: "Good morning." };
      for (const role of ["developer", "system"]) {
        const instruction = { role, content: `Be kind (${role}).` };
        for (const messages of [
          [instruction, question],
          [first, instruction, question],
          [first, question, instruction],
        ]) {
          const answer = await ask(context, { messages });
          expectAccepted(answer, show(messages));
          if (!context.has("fixture")) continue;
          const texts = toContentJson(answer);
          expectArray(texts, "the instructions that the model received");
          expectThat(texts.includes(instruction.content), `"${instruction.content}" among the instructions`, texts);
        }
      }
    },
  },
  {
    id: "REQ-09",
    level: "MUST",
    requirement: "Messages of the user, the assistant, a tool and (deprecated) a function are accepted as history.",
    source: "OpenAI's document: ChatCompletionRequestMessage; a client sends the whole conversation with every call",
    limitMs: 30_000,
    finds: ["history-last-only"],
    faults: [
      {
        id: "history-tool-dropped",
        what: "The results of tools are dropped from the history.",
        call: editMessages((message) => (message["role"] === "tool" ? undefined : message)),
      },
      {
        id: "history-function-refused",
        what: "The deprecated role `function` is refused.",
        call: editBody((body) =>
          toMessages(body).some(({ role }) => role === "function") ? refuse(400, { param: "messages" }) : undefined,
        ),
      },
      {
        id: "content-null-refused",
        what: "An assistant message with calls and `content: null` is refused (mistralai/mistral-common#324).",
        call: editBody((body) =>
          toMessages(body).some(({ role, content }) => role === "assistant" && content === null)
            ? refuse(400, { message: "Input should be a valid string", param: "messages" })
            : undefined,
        ),
      },
    ],
    async run(context) {
      const question = context.has("fixture") ? "@@messages" : toTinyPrompt(context);
      const histories: Readonly<Record<string, object[]>> = {
        tool: toToolRound(question),
        function: [
          { role: "user", content: "What is the weather in Oslo?" },
          { role: "assistant", content: null, function_call: functionCall },
          { role: "function", name: functionCall.name, content: "rain" },
          { role: "assistant", content: "It rains." },
          { role: "user", content: question },
        ],
      };
      for (const [role, messages] of Object.entries(histories)) {
        const answer = await ask(context, { messages });
        expectAccepted(answer, `a conversation with a ${role} message`);
        if (!context.has("fixture")) continue;
        const heard = toContentJson(answer);
        // The deprecated one may be told to the model as what took its place.
        const results = role === "function" ? ["function", "tool"] : [role];
        const texts = results.flatMap((one) => toTexts(heard, one));
        expectEqual(texts, ["rain"], `the ${role} messages that the model heard`);
        expectThat(toTexts(heard, "assistant").includes("It rains."), "the model to hear the assistant's words", heard);
      }
    },
  },
  {
    id: "REQ-11",
    level: "MUST",
    requirement:
      "Content as a list of text parts means what the same text means as a string, for every role but `function`.",
    source:
      "OpenAI's document: `content` of the user, system, developer, assistant and tool messages; Neroued/ninfer#56, CommandCodeAI/command-code#820, InsForge/InsForge#1787",
    limitMs: 60_000,
    finds: [
      "role-developer-refused",
      "role-developer-is-user",
      "history-tool-dropped",
      "history-last-only",
      "content-null-refused",
    ],
    faults: [
      {
        id: "parts-refused",
        what: "Content as a list of parts is refused (qwisp#83).",
        call: editBody((body) =>
          toMessages(body).some(({ content }) => Array.isArray(content))
            ? refuse(400, { param: "messages" })
            : undefined,
        ),
      },
      {
        id: "parts-refused-in-tool",
        what: "A tool message with parts is refused (Neroued/ninfer#56; Qwen Code sends it).",
        call: editBody((body) =>
          toMessages(body).some(({ role, content }) => role === "tool" && Array.isArray(content))
            ? refuse(400, { param: "messages" })
            : undefined,
        ),
      },
      {
        id: "parts-blanked-in-assistant",
        what: "Parts of the assistant are blanked behind a 200 (CommandCodeAI/command-code#820).",
        call: editMessages((message) =>
          message["role"] === "assistant" && Array.isArray(message["content"]) ? { ...message, content: "" } : message,
        ),
      },
      {
        id: "parts-json-in-tool",
        what: "Parts of a tool's result reach the model as JSON text (InsForge/InsForge#1787).",
        call: editMessages((message) =>
          message["role"] === "tool" && Array.isArray(message["content"])
            ? { ...message, content: JSON.stringify(message["content"]) }
            : message,
        ),
      },
      {
        id: "parts-first-only",
        what: "Only the first part of a message is read.",
        call: editMessages((message) =>
          Array.isArray(message["content"]) ? { ...message, content: message["content"].slice(0, 1) } : message,
        ),
      },
    ],
    async run(context) {
      for (const [role, hold] of Object.entries(partHolders)) {
        if (context.has("fixture")) await expectWholeParts(context, role, hold);
        else await expectSameTokens(context, role, hold);
      }
    },
  },
  {
    id: "REQ-12",
    level: "MUST",
    requirement: "An assistant message with `tool_calls` may have `content: null` or no `content` at all.",
    source:
      "OpenAI's document: ChatCompletionRequestAssistantMessage.content; mistralai/mistral-common#324, vercel/ai#13744, lmstudio-ai/lmstudio-bug-tracker#261",
    limitMs: 20_000,
    finds: ["history-last-only", "content-null-refused"],
    faults: [
      {
        id: "content-key-required",
        what: "An assistant message with calls must have the key `content` (vercel/ai#13744).",
        call: editBody((body) =>
          toMessages(body).some((message) => message["role"] === "assistant" && !("content" in message))
            ? refuse(400, { message: "Field required", param: "messages" })
            : undefined,
        ),
      },
    ],
    async run(context) {
      const question = context.has("fixture") ? "@@messages" : toTinyPrompt(context);
      for (const content of [null, undefined]) {
        const answer = await ask(context, { messages: toToolRound(question, { content }), tools: [weatherTool] });
        expectAccepted(answer, `an assistant message with tool_calls and content ${String(content)}`);
        if (!context.has("fixture")) continue;
        const heard = toContentJson(answer);
        expectThat(
          JSON.stringify(heard)?.includes(`"${toolCall.id}"`) ?? false,
          "the model to hear of the call",
          heard,
        );
      }
    },
  },
  {
    id: "REQ-13",
    level: "SHOULD",
    requirement: "A user or assistant message whose content is the empty string is accepted.",
    source: "OpenAI's document gives `content` no minLength; clients send empty turns, and users report 400s for them",
    limitMs: 20_000,
    faults: [
      {
        id: "content-empty-refused",
        what: "A turn whose content is the empty string is refused (freellmapi#165).",
        call: editBody((body) =>
          toMessages(body).some(({ role, content }) => isPlainRole(role) && content === "")
            ? refuse(400, { message: "text content blocks must be non-empty", param: "messages" })
            : undefined,
        ),
      },
    ],
    async run(context) {
      const question = { role: "user", content: toTinyPrompt(context) };
      for (const role of ["user", "assistant"]) {
        const messages = [{ role: "user", content: "Good morning." }, { role, content: "" }, question];
        expectAccepted(await ask(context, { messages }), `an empty ${role} message`);
      }
    },
  },
  {
    id: "REQ-18",
    level: "MUST",
    requirement:
      "A message of the assistant is accepted as the SDK gave it: with `parsed`, `refusal: null` and the like.",
    source:
      "SDK 4 and 5: runTools replays `refusal`, `parsed` and `tool_calls[].function.parsed_arguments`; all majors: `parse()` adds `parsed` to the message that clients append",
    eachSdk: true,
    limitMs: 20_000,
    finds: ["content-null-refused"],
    faults: [
      {
        id: "message-fields-strict",
        what: "Fields of a message that OpenAI's document does not have are refused (anomalyco/opencode#43089).",
        call: editBody((body) =>
          toMessages(body).some((message) => Object.keys(message).some((key) => !known.includes(key)))
            ? refuse(400, { message: "Extra inputs are not permitted", param: "messages" })
            : undefined,
        ),
      },
      {
        id: "message-null-refused",
        what: "`refusal: null` and other nulls, which every answer has, are refused when they come back.",
        call: editBody((body) =>
          toMessages(body).some((message) => Object.values(without(message, "content")).includes(null))
            ? refuse(400, { param: "messages" })
            : undefined,
        ),
      },
    ],
    async run(context) {
      const said = await parseMessage(context);
      const question = { role: "user", content: toTinyPrompt(context) };
      const again = await ask(context, { messages: [{ role: "user", content: "Good morning." }, said, question] });
      expectAccepted(again, `the message of the SDK, sent back: ${show(said)}`);

      const keys = { refusal: null, parsed: null, annotations: [], audio: null, function_call: null };
      const call = { ...toolCall, function: { ...toolCall.function, parsed_arguments: null } };
      const messages = toToolRound(toTinyPrompt(context), { ...keys, tool_calls: [call] });
      expectAccepted(await ask(context, { messages, tools: [weatherTool] }), `a tool call with ${show(keys)}`);
    },
  },
  {
    id: "REQ-19",
    level: "SHOULD",
    requirement: "Unknown fields inside messages are ignored.",
    source:
      "Clients replay what other vendors gave them (`reasoning_content`, `cache_control`, …): anomalyco/opencode#43089, BerriAI/litellm#30835",
    limitMs: 20_000,
    finds: ["system-first-asserted", "message-fields-strict"],
    async run(context) {
      const vendor = { reasoning_content: "hm", cache_control: { type: "ephemeral" }, _db_id: 7, name: "ada" };
      for (const role of ["system", "user", "assistant"]) {
        const messages = [
          { role: "user", content: "Good morning." },
          { role, content: "Good morning to you.", ...vendor },
          { role: "user", content: toTinyPrompt(context) },
        ];
        expectAccepted(await ask(context, { messages }), `unknown fields in a ${role} message`);
      }
    },
  },
]);

/** The message that `parse()` resolves to: what a client of this SDK appends to its history. */
async function parseMessage(context: CaseContext): Promise<object> {
  const { sdk, signal } = context;
  try {
    const completion = await sdk.helpers.parse(context.say(toTinyPrompt(context)), { signal });
    const message: unknown = completion.choices[0]?.message;
    if (isObject(message)) return message;
    throw new Failure("parse() of the SDK to give a message", show(message));
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error;
    throw new Failure("parse() of the SDK to succeed", show(error));
  }
}

function isPlainRole(role: unknown): boolean {
  return role === "user" || role === "assistant" || role === "system";
}

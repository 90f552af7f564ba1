import { isObject } from "../../expect.ts";
import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { crash, editBody, editMessages, refuse, toMessages } from "./request-edit.ts";

const known = ["role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "audio"];
const roles = ["system", "developer", "user", "assistant", "tool", "function"];

function isPlainRole(role: unknown): boolean {
  return role === "user" || role === "assistant" || role === "system";
}

export const requestMessageMutants = defineMutants([
  {
    id: "messages-wrapped",
    what: "A single message, a text or nothing in place of the list is wrapped into one.",
    killedBy: ["REQ-06", "REQ-04"],
    call: editBody(({ messages, ...rest }) => {
      if (Array.isArray(messages)) return undefined;
      return { ...rest, messages: [isObject(messages) ? messages : { role: "user", content: String(messages) }] };
    }),
  },
  {
    id: "messages-empty-answered",
    what: "An empty list of messages is answered as an empty prompt.",
    killedBy: ["REQ-05"],
    call: editBody(({ messages, ...rest }) =>
      Array.isArray(messages) && messages.length === 0
        ? { ...rest, messages: [{ role: "user", content: "" }] }
        : undefined,
    ),
  },
  {
    id: "role-unknown-is-user",
    what: "A message with an unknown role, or none, is taken for the user's.",
    killedBy: ["REQ-10"],
    call: editMessages((message) => (roles.includes(String(message["role"])) ? message : { ...message, role: "user" })),
  },
  {
    id: "content-empty-parts",
    what: "An empty list of parts is an empty text.",
    killedBy: ["REQ-14"],
    call: editMessages((message) => {
      const { content } = message;
      return Array.isArray(content) && content.length === 0 ? { ...message, content: "" } : message;
    }),
  },
  {
    id: "content-missing",
    what: "A user message without content is an empty one.",
    killedBy: ["REQ-15"],
    call: editMessages((message) =>
      message["role"] === "user" ? { ...message, content: message["content"] ?? "" } : message,
    ),
  },
  {
    id: "tool-call-id-guessed",
    what: "A tool message without `tool_call_id` is given one.",
    killedBy: ["REQ-16"],
    call: editMessages((message) => (message["role"] === "tool" ? { tool_call_id: "call_1", ...message } : message)),
  },
  {
    id: "tool-orphan-dropped",
    what: "A tool message that answers no call is dropped in silence.",
    killedBy: ["REQ-17"],
    call: editMessages((message) => (message["tool_call_id"] === "call_of_nobody" ? undefined : message)),
  },
  {
    id: "role-developer-refused",
    what: "The role `developer` is refused (ayunis-core#719).",
    killedBy: ["REQ-08", "REQ-11"],
    call: editBody((body) =>
      toMessages(body).some(({ role }) => role === "developer")
        ? refuse(400, { message: "Unexpected role: developer", param: "messages" })
        : undefined,
    ),
  },
  {
    id: "role-developer-is-user",
    what: "What a developer message says reaches the model as words of the user.",
    killedBy: ["REQ-08", "REQ-11"],
    call: editMessages((message) => (message["role"] === "developer" ? { ...message, role: "user" } : message)),
  },
  {
    id: "system-first-only",
    what: "Only the first message may be a system message; later ones are dropped.",
    killedBy: ["REQ-08"],
    call: editMessages((message, index) => (message["role"] === "system" && index > 0 ? undefined : message)),
  },
  {
    id: "system-first-asserted",
    what: "A system message behind another one fails in the chat template: 500.",
    killedBy: ["REQ-08", "REQ-19"],
    call: editBody((body) =>
      toMessages(body).some(({ role }, index) => role === "system" && index > 0) ? crash : undefined,
    ),
  },
  {
    id: "history-tool-dropped",
    what: "The results of tools are dropped from the history.",
    killedBy: ["REQ-09", "REQ-11", "REQ-17", "REQ-16"],
    call: editMessages((message) => (message["role"] === "tool" ? undefined : message)),
  },
  {
    id: "history-function-refused",
    what: "The deprecated role `function` is refused.",
    killedBy: ["REQ-09"],
    call: editBody((body) =>
      toMessages(body).some(({ role }) => role === "function") ? refuse(400, { param: "messages" }) : undefined,
    ),
  },
  {
    id: "history-last-only",
    what: "Only the last message reaches the model.",
    killedBy: ["REQ-08", "REQ-09", "REQ-11", "REQ-12", "REQ-17"],
    call: editMessages((message, index, count) => (index === count - 1 ? message : undefined)),
  },
  {
    id: "user-message-required",
    what: "A conversation without a user message fails in the chat template: 500.",
    killedBy: ["REQ-52"],
    call: editBody((body) => {
      const messages = toMessages(body);
      return messages.length > 0 && messages.every(({ role }) => role === "system" || role === "assistant")
        ? crash
        : undefined;
    }),
  },
  {
    id: "message-fields-strict",
    what: "Fields of a message that OpenAI's document does not have are refused (anomalyco/opencode#43089).",
    killedBy: ["REQ-18", "REQ-19"],
    call: editBody((body) =>
      toMessages(body).some((message) => Object.keys(message).some((key) => !known.includes(key)))
        ? refuse(400, { message: "Extra inputs are not permitted", param: "messages" })
        : undefined,
    ),
  },
  {
    id: "message-null-refused",
    what: "`refusal: null` and other nulls, which every answer has, are refused when they come back.",
    killedBy: ["REQ-18"],
    call: editBody((body) =>
      toMessages(body).some((message) => Object.values(without(message, "content")).includes(null))
        ? refuse(400, { param: "messages" })
        : undefined,
    ),
  },
  {
    id: "content-null-refused",
    what: "An assistant message with calls and `content: null` is refused (mistralai/mistral-common#324).",
    killedBy: ["REQ-09", "REQ-11", "REQ-12", "REQ-18"],
    call: editBody((body) =>
      toMessages(body).some(({ role, content }) => role === "assistant" && content === null)
        ? refuse(400, { message: "Input should be a valid string", param: "messages" })
        : undefined,
    ),
  },
  {
    id: "content-key-required",
    what: "An assistant message with calls must have the key `content` (vercel/ai#13744).",
    killedBy: ["REQ-12"],
    call: editBody((body) =>
      toMessages(body).some((message) => message["role"] === "assistant" && !("content" in message))
        ? refuse(400, { message: "Field required", param: "messages" })
        : undefined,
    ),
  },
  {
    id: "content-empty-refused",
    what: "A turn whose content is the empty string is refused (freellmapi#165).",
    killedBy: ["REQ-13"],
    call: editBody((body) =>
      toMessages(body).some(({ role, content }) => isPlainRole(role) && content === "")
        ? refuse(400, { message: "text content blocks must be non-empty", param: "messages" })
        : undefined,
    ),
  },
]);

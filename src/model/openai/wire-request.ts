import type { AssistantMessage, Message, TextPart, ToolCall } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";
import { toArgumentsText } from "../called-arguments.ts";
import { answerTools, fitMessages, modernizeCalls } from "../fit-messages.ts";
import { messageForms } from "../message-form.ts";
import type { ModelQuirks } from "./quirks.ts";
import { placeToolMedia } from "./wire-media.ts";
import { toThinkingWire } from "./wire-thinking.ts";
import { toWireExtra, toWireState } from "./wire-state.ts";

/**
 * The body of `POST /chat/completions`, with those vendor's fields that are to be forwarded. The session's `user` stays
 * here: it is nobody else's to know.
 */
export function toWireRequest(
  { messages, tools, settings }: ModelRequest,
  quirks: ModelQuirks,
  forward: readonly string[] = [],
): object {
  const { max_completion_tokens: cap, vendor, ...others } = settings;
  const streamed = quirks.supportsUsageInStreaming
    ? { stream: true, stream_options: { include_usage: true } }
    : { stream: true };
  return {
    model: quirks.model,
    messages: toWireMessages(toFitting(messages, quirks), quirks),
    ...(tools.length > 0 ? { tools } : {}),
    ...others,
    ...(cap === undefined ? {} : { [quirks.maxTokensField]: cap }),
    ...(quirks.supportsStreaming ? streamed : {}),
    ...(vendor === undefined ? {} : pick(vendor, forward)),
  };
}

function pick(vendor: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(vendor, name) ? [[name, vendor[name]]] : [])));
}

function toFitting(messages: readonly Message[], quirks: ModelQuirks): readonly Message[] {
  const { model, messageForm, supportsCustomTools } = quirks;
  const fitted = messageForm === "any" ? messages : fitMessages(messages, messageForms[messageForm], model);
  return supportsCustomTools ? fitted : fitted.map(withoutCustomCalls);
}

/** Where custom tools are not known, a call of one, which another model has made, looks like a function's. */
function withoutCustomCalls(message: Message): Message {
  if (message.role !== "assistant" || message.tool_calls?.some(({ type }) => type === "custom") !== true)
    return message;
  return { ...message, tool_calls: message.tool_calls.map(toFunctionCall) };
}

function toFunctionCall(call: ToolCall): ToolCall {
  if (call.type === "function") return call;
  const { custom, ...others } = call;
  return {
    ...others,
    type: "function",
    function: { name: custom.name, arguments: JSON.stringify({ input: custom.input }) },
  };
}

/** A message as it goes to the server; only keys that a server reads. */
export type WireMessage = Readonly<Record<string, unknown>>;

/**
 * The conversation as the server shall see it. Keys that SDKs replay are left out. Where the server knows no
 * developer role it is not of OpenAI's kind: legacy function calls become tool calls, and the instructions one system
 * message.
 */
export function toWireMessages(messages: readonly Message[], quirks: ModelQuirks): WireMessage[] {
  const { supportsDeveloperRole } = quirks;
  const current = supportsDeveloperRole || !messages.some(isLegacy) ? messages : modernizeCalls(messages);
  const placed = current.some(({ role }) => role === "tool") ? placeToolMedia(current) : current;
  const { answersTools } = messageForms[quirks.messageForm];
  const wire = (answersTools ? answerTools(placed) : placed).map((message) => toWireMessage(message, quirks));
  return supportsDeveloperRole ? wire : mergeInstructions(wire);
}

function isLegacy(message: Message): boolean {
  return message.role === "function" || (message.role === "assistant" && message.function_call != null);
}

function toWireMessage(message: Message, quirks: ModelQuirks): WireMessage {
  switch (message.role) {
    case "developer":
    case "system":
    case "user":
      return { role: message.role, content: message.content, ...(message.name ? { name: message.name } : {}) };
    case "tool":
      return { role: "tool", tool_call_id: message.tool_call_id, content: message.content };
    case "function":
      return { role: "function", name: message.name, content: message.content };
    case "assistant": {
      const { function_call: call, content = null } = message;
      // A server that reads legacy calls gets them as they were.
      return call == null
        ? toAssistant(message, message.tool_calls ?? [], quirks)
        : { ...toAssistant(message, [], quirks), content, function_call: call };
    }
  }
}

function toAssistant(message: AssistantMessage, calls: readonly ToolCall[], quirks: ModelQuirks): WireMessage {
  const { refusal, name } = message;
  const { content, extra } = toThinkingWire(message, message.content);
  return {
    role: "assistant",
    content: content ?? (calls.length > 0 || refusal ? null : ""),
    ...(refusal ? { refusal } : {}),
    ...(name ? { name } : {}),
    ...toWireState(extra === message.extra_content ? message : { ...message, extra_content: extra ?? null }, quirks),
    ...(calls.length > 0 ? { tool_calls: calls.map((call) => toWireCall(call, message, quirks)) } : {}),
  };
}

/**
 * SDKs replay `parsed_arguments` and the like, which strict servers refuse. Where OpenAI takes any text for arguments,
 * the chat templates of others (vLLM, llama.cpp, Ollama) parse it, and fail at what a model left unfinished.
 */
function toWireCall(call: ToolCall, message: AssistantMessage, quirks: ModelQuirks): WireMessage {
  const { id, type } = call;
  const extra = toWireExtra(call, message, quirks);
  if (call.type === "function") {
    const { name, arguments: text } = call.function;
    return {
      id,
      type,
      function: { name, arguments: quirks.supportsDeveloperRole ? text : toArgumentsText(text) },
      ...extra,
    };
  }
  return { id, type, custom: { name: call.custom.name, input: call.custom.input }, ...extra };
}

function mergeInstructions(messages: readonly WireMessage[]): WireMessage[] {
  const isInstruction = ({ role }: WireMessage): boolean => role === "system" || role === "developer";
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- instructions have texts only
  const contents = messages.filter(isInstruction).map(({ content }) => content as TextContent);
  const others = messages.filter((message) => !isInstruction(message));
  return contents.length === 0 ? others : [{ role: "system", content: joinContents(contents) }, ...others];
}

type TextContent = string | readonly TextPart[];

/** One text; parts where one of them says more than its text does, as `cache_control`. */
function joinContents(contents: readonly TextContent[]): TextContent {
  const parts = contents.flatMap((content) => (typeof content === "string" ? [] : content));
  if (!parts.some(saysMore)) return contents.map(toText).join("\n\n");
  return contents.flatMap((content): TextPart[] =>
    typeof content === "string" ? [{ type: "text", text: content }] : [...content],
  );
}

function saysMore(part: TextPart): boolean {
  return Object.keys(part).some((key) => key !== "type" && key !== "text");
}

function toText(content: TextContent): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}

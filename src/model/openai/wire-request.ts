import type { AssistantMessage, Message, ToolCall } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";
import type { Quirks } from "./quirks.ts";
import { placeToolMedia } from "./wire-media.ts";
import { toWireExtra, toWireState } from "./wire-state.ts";

/** The body of `POST /chat/completions`. The session's `user` stays here: it is nobody else's to know. */
export function toWireRequest({ model, messages, tools, settings }: ModelRequest, quirks: Quirks): object {
  const { max_completion_tokens: cap, ...others } = settings;
  const streamed = quirks.supportsUsageInStreaming
    ? { stream: true, stream_options: { include_usage: true } }
    : { stream: true };
  return {
    model,
    messages: toWireMessages(messages, quirks, model),
    ...(tools.length > 0 ? { tools } : {}),
    ...others,
    ...(cap === undefined ? {} : { [quirks.maxTokensField]: cap }),
    ...(quirks.supportsStreaming ? streamed : {}),
  };
}

/** A message as it goes to the server; only keys that a server reads. */
export type WireMessage = Readonly<Record<string, unknown>>;

/**
 * The conversation as the server shall see it. Keys that SDKs replay are left out. Where the server knows no
 * developer role it is not of OpenAI's kind: legacy function calls become tool calls, and the instructions one system
 * message.
 */
export function toWireMessages(messages: readonly Message[], quirks: Quirks, model = ""): WireMessage[] {
  const { supportsDeveloperRole } = quirks;
  const toWire = createTranslator({ ...quirks, model });
  const hasResults = messages.some(({ role }) => role === "tool");
  const wire = (hasResults ? placeToolMedia(messages) : messages).map(toWire);
  return supportsDeveloperRole ? wire : mergeInstructions(wire);
}

interface WireQuirks extends Quirks {
  readonly model: string;
}

function createTranslator(quirks: WireQuirks): (message: Message) => WireMessage {
  const { supportsDeveloperRole: keepsLegacy } = quirks;
  let legacyCalls = 0;
  return (message) => {
    switch (message.role) {
      case "developer":
      case "system":
      case "user":
        return { role: message.role, content: message.content, ...(message.name ? { name: message.name } : {}) };
      case "tool":
        return { role: "tool", tool_call_id: message.tool_call_id, content: message.content };
      case "function":
        if (keepsLegacy) return { role: "function", name: message.name, content: message.content };
        return { role: "tool", tool_call_id: `call_function_${legacyCalls}`, content: message.content ?? "" };
      case "assistant": {
        const call = message.function_call;
        if (call != null && keepsLegacy)
          return { ...toAssistant(message, [], quirks), content: message.content ?? null, function_call: call };
        if (call != null) legacyCalls += 1;
        const legacy: ToolCall[] = call == null ? [] : [toToolCall(call, `call_function_${legacyCalls}`)];
        return toAssistant(message, [...(message.tool_calls ?? []), ...legacy], quirks);
      }
    }
  };
}

function toToolCall({ name, arguments: text }: { name: string; arguments: string }, id: string): ToolCall {
  return { id, type: "function", function: { name, arguments: text } };
}

function toAssistant(message: AssistantMessage, calls: readonly ToolCall[], quirks: WireQuirks): WireMessage {
  const { content, refusal, name } = message;
  return {
    role: "assistant",
    content: content ?? (calls.length > 0 || refusal ? null : ""),
    ...(refusal ? { refusal } : {}),
    ...(name ? { name } : {}),
    ...toWireState(message, quirks),
    ...(calls.length > 0 ? { tool_calls: calls.map((call) => toWireCall(call, message, quirks)) } : {}),
  };
}

/** SDKs replay `parsed_arguments` and the like, which strict servers refuse. */
function toWireCall(call: ToolCall, message: AssistantMessage, quirks: WireQuirks): WireMessage {
  const { id, type } = call;
  const extra = toWireExtra(call, message, quirks);
  return call.type === "function"
    ? { id, type, function: { name: call.function.name, arguments: call.function.arguments }, ...extra }
    : { id, type, custom: { name: call.custom.name, input: call.custom.input }, ...extra };
}

function mergeInstructions(messages: readonly WireMessage[]): WireMessage[] {
  const isInstruction = ({ role }: WireMessage): boolean => role === "system" || role === "developer";
  const texts = messages.filter(isInstruction).map(({ content }) => toText(content));
  const others = messages.filter((message) => !isInstruction(message));
  return texts.length === 0 ? others : [{ role: "system", content: texts.join("\n\n") }, ...others];
}

function toText(content: unknown): string {
  if (!Array.isArray(content)) return String(content);
  return content.map((part: { readonly text: string }) => part.text).join("");
}

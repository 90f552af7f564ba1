import type {
  LanguageModelV4Message,
  LanguageModelV4ToolCallPart,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import { toArguments } from "../called-arguments.ts";
import type { AssistantMessage, Message, TextPart, ToolCall, UserMessage } from "../../base/contract.ts";
import { type ToolMedium, toToolMedia } from "../../base/media/tool-medium.ts";
import { toAnswerContent } from "./answer-content.ts";
import type { StateForm } from "./vendor-state.ts";
import { toUserPart } from "./user-part.ts";

type Role = LanguageModelV4Message["role"];
type ToolOutput = LanguageModelV4ToolResultPart["output"];
type Content<R extends Role> = Extract<LanguageModelV4Message, { role: R }>["content"];

/** What a vendor's API has words for. */
export interface PromptForm {
  readonly state: StateForm;
  readonly takesCustomCalls: boolean;
}

/**
 * The conversation, which fits the vendor already, in the words of `@ai-sdk`. Results that stand together become one
 * message: vendors want all results of one turn at once. So do answers: some vendors refuse a call that
 * does not stand behind the user or a result. Empty texts are left out, some vendors refuse them.
 */
export function toPrompt(
  messages: readonly Message[],
  { state, takesCustomCalls }: PromptForm,
): LanguageModelV4Message[] {
  const prompt: LanguageModelV4Message[] = [];
  const toolNames = new Map<string, string>();

  const addResult = (toolCallId: string, value: string, media: readonly ToolMedium[]): void => {
    const toolName = toolNames.get(toolCallId) ?? "unknown";
    const content: Content<"tool"> = [{ type: "tool-result", toolCallId, toolName, output: toOutput(value, media) }];
    const last = prompt.at(-1);
    if (last?.role === "tool") last.content.push(...content);
    else prompt.push({ role: "tool", content });
  };
  const addAssistant = (message: AssistantMessage): void => {
    const calls = (message.tool_calls ?? []).map((call) => toCall(call, takesCustomCalls));
    for (const { toolCallId, toolName } of calls) toolNames.set(toolCallId, toolName);
    const texts = toTexts(message).map(toTextPart);
    if (texts.length + calls.length === 0) return;
    const content = toAnswerContent(message, { texts, calls }, state);
    const last = prompt.at(-1);
    if (last?.role === "assistant") last.content.push(...content);
    else prompt.push({ role: "assistant", content });
  };

  for (const message of messages) {
    switch (message.role) {
      case "system":
      case "developer":
        prompt.push({ role: "system", content: joinText(message.content) });
        break;
      case "user":
        prompt.push({ role: "user", content: toUserContent(message) });
        break;
      case "assistant":
        addAssistant(message);
        break;
      case "tool":
        addResult(message.tool_call_id, joinText(message.content), toToolMedia(message));
        break;
      case "function":
        // None is left: results of tools have taken their places.
        break;
    }
  }
  return prompt;
}

function toOutput(value: string, media: readonly ToolMedium[]): ToolOutput {
  if (media.length === 0) return { type: "text", value };
  const texts = value.trim() === "" ? [] : [toTextPart(value)];
  return { type: "content", value: [...texts, ...media.map(toUserPart)] };
}

function toUserContent({ content }: UserMessage): Content<"user"> {
  if (typeof content === "string") return [toTextPart(content)];
  const parts = content.filter((part) => part.type !== "text" || part.text !== "");
  return (parts.length === 0 ? content : parts).map(toUserPart);
}

/** What the agent said; a refusal is said too. */
function toTexts({ content, refusal }: AssistantMessage): string[] {
  const texts =
    typeof content === "string"
      ? [content]
      : (content ?? []).map((part) => (part.type === "text" ? part.text : part.refusal));
  return [...texts, refusal ?? ""].filter((text) => text !== "");
}

function toTextPart(text: string): { type: "text"; text: string } {
  return { type: "text", text };
}

function joinText(content: string | readonly TextPart[]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}

function toCall(call: ToolCall, takesCustomCalls: boolean): LanguageModelV4ToolCallPart {
  if (call.type === "function") return toFunctionCall(call.id, call.function.name, call.function.arguments);
  const { name, input } = call.custom;
  return { type: "tool-call", toolCallId: call.id, toolName: name, input: takesCustomCalls ? input : { input } };
}

function toFunctionCall(id: string, name: string, text: string): LanguageModelV4ToolCallPart {
  return { type: "tool-call", toolCallId: id, toolName: name, input: toArguments(text) };
}

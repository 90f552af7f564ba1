import type { Message } from "../../base/contract.ts";
import { toToolMedia } from "../../base/media/tool-medium.ts";
import { toNamedCall } from "../../base/tool-call.ts";
import { describeImage } from "./image.ts";

/** The text of a message; its text parts stand on lines of their own. */
export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  const texts: string[] = [];
  for (const part of content ?? []) if (part.type === "text") texts.push(part.text);
  return texts.join("\n");
}

export function isInstruction(message: Message): boolean {
  return message.role === "system" || message.role === "developer";
}

/** A legacy `function` message is a tool's result as well. */
export function isToolResult(message: Message | undefined): boolean {
  return message?.role === "tool" || message?.role === "function";
}

/** The last message of the user, or undefined in a conversation that has none. */
export function lastUserMessage(messages: readonly Message[]): Extract<Message, { role: "user" }> | undefined {
  const found = messages.findLast((message) => message.role === "user");
  return found?.role === "user" ? found : undefined;
}

export function lastUserText(messages: readonly Message[]): string {
  const message = lastUserMessage(messages);
  return message ? textOf(message) : "";
}

/**
 * What the user has said last, where it is all that was said last and nothing stands beside it: an order that was
 * answered already is no new one, and beside a file or a reminder it may be somebody else's. Else empty.
 */
export function lastWords(messages: readonly Message[]): string {
  const last = messages.findLast((message) => !isInstruction(message));
  if (last?.role !== "user") return "";
  const { content } = last;
  return typeof content === "string" || content.length === 1 ? textOf(last).trim() : "";
}

/** What the last answer has brought back of its reasoning. */
export function lastReasoning(messages: readonly Message[]): string {
  const answer = messages.findLast((message) => message.role === "assistant");
  return answer?.role === "assistant" ? (answer.reasoning_content ?? "") : "";
}

export interface ToolResult {
  readonly name: string;
  readonly text: string;
}

/** The tool results that the conversation ends with, in order; empty when the last message is not one. */
export function trailingToolResults(messages: readonly Message[]): ToolResult[] {
  const results: ToolResult[] = [];
  if (!isToolResult(messages.at(-1))) return results;
  const names = listCalls(messages);
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at];
    if (message?.role === "tool")
      results.push({ name: names.get(message.tool_call_id) ?? "the tool", text: toResultText(message) });
    else if (message?.role === "function") results.push({ name: message.name, text: textOf(message) });
    else break;
  }
  return results.toReversed();
}

/** With a line about each image, whose header is all that this model reads. */
function toResultText(message: Message): string {
  const images = toToolMedia(message).filter((medium) => medium.type === "image_url");
  return [textOf(message), ...images.map(({ image_url: { url } }) => `(${describeImage(url)})`)].join("\n");
}

/** The name of each call by its id; of several with one id the first counts. */
function listCalls(messages: readonly Message[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const message of messages) {
    for (const call of message.role === "assistant" ? (message.tool_calls ?? []) : []) {
      if (!names.has(call.id)) names.set(call.id, toNamedCall(call).name);
    }
  }
  return names;
}

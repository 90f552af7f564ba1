import type { Message, UserPart } from "../../base/contract.ts";
import { toToolMedia } from "../../base/media/tool-medium.ts";
import { toNamedCall } from "../../base/tool-call.ts";

/**
 * Chat Completions has no place for images and sounds in the result of a tool. They follow the results that stand
 * together as a message of the user, which says of which call each is.
 */
export function placeToolMedia(messages: readonly Message[]): readonly Message[] {
  const names = new Map<string, string>();
  const placed: Message[] = [];
  let parts: UserPart[] = [];
  for (const message of messages) {
    if (message.role !== "tool" && parts.length > 0) {
      placed.push({ role: "user", content: parts });
      parts = [];
    }
    placed.push(message);
    if (message.role === "assistant") {
      for (const call of message.tool_calls ?? []) names.set(call.id, toNamedCall(call).name);
    }
    const media = toToolMedia(message);
    if (message.role !== "tool" || media.length === 0) continue;
    const { tool_call_id: id } = message;
    const text = `[What the tool ${names.get(id) ?? ""} has given back besides its text, in the result of the call ${id}:]`;
    parts.push({ type: "text", text }, ...media);
  }
  return parts.length === 0 ? placed : [...placed, { role: "user", content: parts }];
}

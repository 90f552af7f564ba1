import type { ImagePart, Message, UserPart } from "../contract.ts";

/** Something to be seen or heard in the result of a tool, as a user's message would hold it. */
export type ToolMedium = ImagePart | Extract<UserPart, { type: "input_audio" }>;

/**
 * What there is to be seen and heard in the result of a tool inside the gateway; its `content` names it too. Nobody else
 * can bring it: a client's media go through checks of their own.
 */
export function toToolMedia(message: Message): readonly ToolMedium[] {
  if (message.role !== "tool" || !("origin" in message) || message.origin !== "server") return [];
  // The gateway alone marks a result as its own, and writes these beside the mark.
  return "media" in message ? (message.media as readonly ToolMedium[]) : [];
}

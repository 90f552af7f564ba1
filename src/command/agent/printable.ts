import type { ChatMessage } from "../../base/contract.ts";

/**
 * A text as a screen may be told it: line ends and tabs, and nothing else that would move the cursor, recolour the screen or
 * answer for the keyboard, whatever a model or a tool has said.
 */
export function toPrintable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what it is about
  return text.replace(/\r\n/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\u{fffd}");
}

/** The same for what stands on a line with others, or is one: a line end in it would make two of it. */
export function toOneLine(text: string): string {
  return toPrintable(text).replaceAll(/[\n\t]/g, "\u{fffd}");
}

/** What is to be read of a message. */
export function toMessageText({ content }: ChatMessage): string {
  return content.map(({ type, text = "" }) => (type === "text" ? text : "")).join("");
}

import type { ToolResult } from "../tool-set.ts";
import { isObject } from "./json-object.ts";
import { readResult } from "./result-content.ts";
import { type ResultPart, toNote, toSize } from "./result-medium.ts";

/** What a tool has given back. The text has at most `bytesMax` bytes of UTF-8. */
export function toToolResult(result: unknown, bytesMax: number): ToolResult {
  const parts = readResult(result);
  const text = parts.map(toText).join("\n").toWellFormed();
  const media = parts.filter((part) => part.type !== "text");
  return {
    text: cutText(text, bytesMax),
    failed: isObject(result) && result["isError"] === true,
    ...(media.length === 0 ? {} : { media }),
  };
}

function toText(part: ResultPart): string {
  return part.type === "text" ? part.text : toNote(part.type, [part.mimeType, toSize(part.data)]);
}

/** The text itself, or its beginning and a last line that says how much is missing, together no longer than `bytesMax`. */
export function cutText(text: string, bytesMax: number): string {
  const length = Buffer.byteLength(text);
  if (length <= bytesMax) return text;
  // A character has at least one byte: of megabytes the rest need not be looked at.
  const bytes = Buffer.from(text.slice(0, bytesMax));
  const longestNote = toCutNote(length, length);
  let end = Math.max(0, bytesMax - longestNote.length);
  // A byte 10xxxxxx continues a character, and must not be the first that is missing.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end) + toCutNote(length - end, length);
}

function toCutNote(missing: number, all: number): string {
  return `\n[cut: ${missing} of ${all} bytes are not shown]`;
}

import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";
import type { ToolResult } from "../tool-set.ts";

/** What a tool has given back, as text for a model, in at most `bytesMax` bytes of UTF-8. */
export function toToolResult(result: CallToolResult, bytesMax: number): ToolResult {
  const { content, structuredContent, isError } = result;
  const parts = content.map(toText);
  // A tool with an output schema says the same twice; only one that says it once needs the structure shown.
  if (structuredContent !== undefined && !content.some(({ type }) => type === "text")) {
    parts.push(JSON.stringify(structuredContent));
  }
  return { text: cutText(parts.join("\n").toWellFormed(), bytesMax), failed: isError === true };
}

function toText(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `[${block.type}: ${block.mimeType}, ${countBytes(block.data)} bytes]`;
    case "resource_link":
      return `[resource: ${block.uri}${block.mimeType === undefined ? "" : `, ${block.mimeType}`}]`;
    case "resource": {
      const { resource } = block;
      if ("text" in resource) return resource.text;
      const kind = resource.mimeType ?? "application/octet-stream";
      return `[resource: ${resource.uri}, ${kind}, ${countBytes(resource.blob)} bytes]`;
    }
  }
}

function countBytes(base64: string): number {
  return Buffer.byteLength(base64, "base64");
}

/** The text itself, or its beginning and a last line that says how much is missing, together no longer than `bytesMax`. */
export function cutText(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  const longestNote = toNote(bytes.length, bytes.length);
  let end = Math.max(0, bytesMax - longestNote.length);
  // A byte 10xxxxxx continues a character, and must not be the first that is missing.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end) + toNote(bytes.length - end, bytes.length);
}

function toNote(missing: number, all: number): string {
  return `\n[cut: ${missing} of ${all} bytes are not shown]`;
}

import type { RawMedium } from "../tool-set.ts";
import { parseDataUrl } from "../../base/media/data-url.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/** A piece of what a tool has given back: words, or something to be seen or heard. */
export type ResultPart = { readonly type: "text"; readonly text: string } | RawMedium;

/**
 * What a tool has given back, whatever its form: the tool has run, and a model that reads nothing of it would run it
 * again. A null is absent, what is not known is named, and what is no content at all is shown as JSON.
 */
export function readResult(result: unknown): readonly ResultPart[] {
  if (!isObject(result)) return toWords(result);
  const { content, structuredContent, toolResult } = result;
  const blocks = toBlocks(content);
  const parts = (blocks ?? []).flatMap(readBlock);
  // A tool with an output schema says the same twice; only one that says it once needs the structure shown.
  if (structuredContent != null && blocks?.some(isText) !== true) return [...parts, ...toWords(structuredContent)];
  if (blocks !== undefined) return parts;
  // The first revision of the protocol had no content.
  return toWords(toolResult ?? toRest(result));
}

/** Undefined where there is no content. A lone text or block is one in a list. */
function toBlocks(content: unknown): readonly unknown[] | undefined {
  if (Array.isArray(content)) return content;
  if (typeof content === "string" || (isObject(content) && "type" in content)) return [content];
  return undefined;
}

function isText(block: unknown): boolean {
  const text = isObject(block) && block["type"] === "text" ? block["text"] : block;
  return typeof text === "string" && text !== "";
}

/** What is said about a result. */
const labels = new Set(["_meta", "isError", "resultType"]);

/** Undefined if there is nothing but labels and nulls. */
function toRest(result: JsonObject): JsonObject | undefined {
  const said = Object.entries(result).filter(([key, value]) => value !== null && !labels.has(key));
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

function readBlock(block: unknown): readonly ResultPart[] {
  if (!isObject(block)) return toWords(block);
  const { type, text, resource } = block;
  switch (type) {
    case "text":
      return toWords(text);
    case "image":
    case "audio":
      return [readMedium(type, block)];
    case "resource_link":
      return [{ type: "text", text: toNote("resource", [block["uri"] ?? block["name"], block["mimeType"]]) }];
    case "resource":
      return isObject(resource) ? [readResource(resource)] : [{ type: "text", text: "[resource]" }];
    default:
      return readUnknown(block);
  }
}

/** A block of a kind that came after this was written, or of none. */
function readUnknown({ type, text, data, mimeType, uri }: JsonObject): readonly ResultPart[] {
  const words = typeof text === "string" ? [{ type: "text", text } as const] : [];
  if (type == null && words.length > 0) return words;
  const kind = typeof type === "string" ? type.slice(0, 64) : "unknown content";
  return [{ type: "text", text: toNote(kind, [uri, mimeType, toSize(data)]) }, ...words];
}

function readMedium(type: "image" | "audio", { data, mimeType }: JsonObject): ResultPart {
  if (typeof data !== "string") return { type: "text", text: toNote(type, [mimeType]) };
  return {
    type,
    mimeType: typeof mimeType === "string" ? mimeType : "application/octet-stream",
    // Some tools give a data URL, others break base64 into lines.
    data: data.slice(parseDataUrl(data)?.content.from ?? 0).replaceAll(/\s/g, ""),
  };
}

function readResource({ uri, text, blob, mimeType }: JsonObject): ResultPart {
  if (typeof text === "string") return { type: "text", text };
  const kind = typeof mimeType === "string" ? /^(image|audio)\//i.exec(mimeType)?.[1]?.toLowerCase() : undefined;
  if ((kind === "image" || kind === "audio") && typeof blob === "string") {
    return readMedium(kind, { data: blob, mimeType });
  }
  const type = mimeType ?? (typeof blob === "string" ? "application/octet-stream" : undefined);
  return { type: "text", text: toNote("resource", [uri, type, toSize(blob)]) };
}

/** `[image: image/png, 70 bytes]`, as far as it is known. */
export function toNote(kind: string, details: readonly unknown[]): string {
  const known = details.filter((detail) => typeof detail === "string" && detail !== "");
  return known.length === 0 ? `[${kind}]` : `[${kind}: ${known.join(", ")}]`;
}

export function toSize(base64: unknown): string | undefined {
  return typeof base64 === "string" ? `${Buffer.byteLength(base64, "base64")} bytes` : undefined;
}

/** Nothing for nothing, a text as it is, everything else as JSON. */
function toWords(value: unknown): readonly ResultPart[] {
  if (value == null) return [];
  return [{ type: "text", text: typeof value === "string" ? value : toJson(value) }];
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // `JSON.parse` goes deeper than the stack of `JSON.stringify`.
    return "[a result that is nested too deep to be shown]";
  }
}

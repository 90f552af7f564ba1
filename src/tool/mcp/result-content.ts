import { isObject, type JsonObject } from "./json-object.ts";
import { readMedium, readResource, type ResultPart, toNote, toSize } from "./result-medium.ts";

/**
 * What a tool has given back, whatever its form: the tool has run, and a model that reads nothing of it would run it
 * again. A null is absent, what is not known is named, and what is no content at all is shown as JSON.
 */
export function readResult(result: unknown): readonly ResultPart[] {
  if (isBlock(result) || (Array.isArray(result) && result.length > 0 && result.every(isBlock))) {
    return [result].flat().flatMap(readBlock);
  }
  if (!isObject(result)) return toWords(result);
  const { content, structuredContent, toolResult } = result;
  const blocks = toBlocks(content);
  const parts = (blocks ?? []).flatMap(readBlock);
  // A tool with an output schema says the same twice; only one that says it once needs the structure shown.
  if (structuredContent != null && blocks?.some(isText) !== true) return [...parts, ...toWords(structuredContent)];
  // The first revision of the protocol had no content. Libraries since then add an empty one.
  if (toolResult != null && parts.length === 0) return readResult(toolResult);
  return blocks === undefined ? toWords(toRest(result)) : parts;
}

/** Undefined where there is no content. A lone text or block is one in a list. */
function toBlocks(content: unknown): readonly unknown[] | undefined {
  if (Array.isArray(content)) return content;
  if (typeof content === "string" || (isObject(content) && "type" in content)) return [content];
  return undefined;
}

/** The kinds of blocks; an object of another type, where a result is expected, is data. */
const kinds = new Set(["text", "image", "audio", "resource", "resource_link"]);

function isBlock(value: unknown): value is JsonObject {
  return isObject(value) && typeof value["type"] === "string" && kinds.has(value["type"]);
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
    case "image_url":
      return [readMedium(type === "audio" ? type : "image", block)];
    case "resource_link":
      return [{ type: "text", text: toNote("resource", [block["uri"] ?? block["name"], block["mimeType"]]) }];
    case "resource":
      return [readResource(isObject(resource) ? resource : block)];
    default:
      return readUnknown(block);
  }
}

/** What a note says of a block by itself, and what is said about it. */
const noted = new Set(["type", "text", "mimeType", "uri", "annotations", "_meta"]);

/** A block of a kind that came after this was written, or of none. */
function readUnknown(block: JsonObject): readonly ResultPart[] {
  const { type, text, data, mimeType, uri } = block;
  const words = typeof text === "string" ? [{ type: "text", text } as const] : [];
  if (type == null && words.length > 0) return words;
  const kind = typeof type === "string" ? type.slice(0, 64) : "unknown content";
  const rest = Object.entries(block).filter(
    ([key, value]) => value !== null && !noted.has(key) && !(key === "data" && typeof value === "string"),
  );
  return [
    { type: "text", text: toNote(kind, [uri, mimeType, toSize(data)]) },
    ...words,
    ...(rest.length === 0 ? [] : toWords(Object.fromEntries(rest))),
  ];
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

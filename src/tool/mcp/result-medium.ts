import { parseDataUrl } from "../../base/media/data-url.ts";
import { readImageHeader } from "../../base/media/image-header.ts";
import type { RawMedium } from "../tool-set.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/** A piece of what a tool has given back: words, or something to be seen or heard. */
export type ResultPart = { readonly type: "text"; readonly text: string } | RawMedium;

/** An image or sound of a block, or a note where its bytes are not in it. */
export function readMedium(type: "image" | "audio", block: JsonObject): ResultPart {
  const { data, mimeType, uri } = toSource(block);
  if (typeof data !== "string") return { type: "text", text: toNote(type, [uri, mimeType]) };
  const url = parseDataUrl(data);
  const named = typeof mimeType === "string" && mimeType !== "" ? mimeType : url?.type;
  return { type, mimeType: named || unknownType, data: toBase64(data.slice(url?.content.from ?? 0)) };
}

interface Source {
  readonly data: unknown;
  readonly mimeType: unknown;
  /** Where it is, if it is not here. */
  readonly uri?: unknown;
}

/** MCP's own form of an image or sound, or what model APIs have for it, which many servers write instead. */
function toSource(block: JsonObject): Source {
  const { source, image_url: link } = block;
  const inner = isObject(source) ? source : block;
  const url = isObject(link) ? link["url"] : (link ?? inner["url"] ?? inner["uri"]);
  const mimeType = inner["mimeType"] ?? inner["mime_type"] ?? inner["media_type"];
  if (inner["data"] != null) return { data: inner["data"], mimeType };
  if (typeof url === "string" && parseDataUrl(url) !== undefined) return { data: url, mimeType };
  return { data: undefined, mimeType, uri: url };
}

const unknownType = "application/octet-stream";

/** Some tools break base64 into lines, write the alphabet for addresses (RFC 4648, 5), or leave the padding out. */
function toBase64(data: string): string {
  const whole = data.replaceAll(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/");
  return whole.length % 4 > 1 ? whole.padEnd(whole.length + 4 - (whole.length % 4), "=") : whole;
}

/** Its text, or an image or sound, or a note. */
export function readResource({ uri, text, blob, mimeType }: JsonObject): ResultPart {
  if (typeof text === "string") return { type: "text", text };
  const type = mimeType ?? (typeof blob === "string" ? unknownType : undefined);
  const kind = typeof type === "string" ? /^(image|audio)\//i.exec(type)?.[1]?.toLowerCase() : undefined;
  if (typeof blob === "string" && (kind === "image" || kind === "audio")) {
    return readMedium(kind, { data: blob, mimeType });
  }
  if (typeof blob === "string" && type === unknownType && isImage(blob))
    return readMedium("image", { data: blob, mimeType });
  return { type: "text", text: toNote("resource", [uri, type, toSize(blob)]) };
}

/** What nobody has named may be known by its first bytes. */
function isImage(blob: string): boolean {
  const head = blob
    .slice(parseDataUrl(blob)?.content.from ?? 0)
    .trimStart()
    .slice(0, 64);
  return readImageHeader(Buffer.from(head, "base64")) !== undefined;
}

/** `[image: image/png, 70 bytes]`, as far as it is known. */
export function toNote(kind: string, details: readonly unknown[]): string {
  const known = details.filter((detail) => typeof detail === "string" && detail !== "");
  return known.length === 0 ? `[${kind}]` : `[${kind}: ${known.join(", ")}]`;
}

export function toSize(base64: unknown): string | undefined {
  return typeof base64 === "string" ? `${Buffer.byteLength(base64, "base64")} bytes` : undefined;
}

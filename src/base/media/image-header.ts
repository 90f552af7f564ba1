import { type Base64, decodeHead } from "./base64.ts";

export const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
export type ImageType = (typeof imageTypes)[number];

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

export interface ImageHeader {
  /** What the first bytes say, whatever a name or a label may claim. */
  readonly type: ImageType;
  /** Undefined if the header is cut, broken, or longer than what was given of it. */
  readonly size: ImageSize | undefined;
}

/** Reads the beginning of an image, and nothing of its pixels. Undefined if it is none of the four types. */
export function readImageHeader(head: Buffer): ImageHeader | undefined {
  const reader = readers.find((one) => one.is(head));
  return reader && { type: reader.type, size: reader.size(head) };
}

/** Most images tell their size here; a JPEG may carry a preview and colour tables before it. */
const headBytes = 65_536;
/** Where the size has not come by then, it is not looked for. */
export const longHeadBytes = 1_048_576;

/** The same of an image in base64, of which only the beginning is decoded. */
export function readEncodedHeader(content: Base64): ImageHeader | undefined {
  const header = readImageHeader(decodeHead(content, headBytes));
  if (header === undefined || header.size !== undefined) return header;
  return readImageHeader(decodeHead(content, longHeadBytes));
}

interface Reader {
  readonly type: ImageType;
  is(head: Buffer): boolean;
  size(head: Buffer): ImageSize | undefined;
}

const readers: readonly Reader[] = [
  { type: "image/png", is: (head) => isAt(head, 0, "\x89PNG\r\n\x1a\n"), size: pngSize },
  { type: "image/gif", is: (head) => isAt(head, 0, "GIF87a") || isAt(head, 0, "GIF89a"), size: gifSize },
  { type: "image/webp", is: (head) => isAt(head, 0, "RIFF") && isAt(head, 8, "WEBP"), size: webpSize },
  { type: "image/jpeg", is: (head) => isAt(head, 0, "\xff\xd8\xff"), size: jpegSize },
];

function isAt(head: Buffer, at: number, text: string): boolean {
  return head.toString("latin1", at, at + text.length) === text;
}

function pngSize(head: Buffer): ImageSize | undefined {
  if (head.length < 24 || !isAt(head, 12, "IHDR")) return undefined;
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

function gifSize(head: Buffer): ImageSize | undefined {
  return head.length < 10 ? undefined : { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

/** The three forms of https://developers.google.com/speed/webp/docs/riff_container. */
function webpSize(head: Buffer): ImageSize | undefined {
  if (head.length < 30) return undefined;
  if (isAt(head, 12, "VP8X")) return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
  if (isAt(head, 12, "VP8 ")) return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  if (!isAt(head, 12, "VP8L")) return undefined;
  const bits = head.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** Goes from segment to segment up to the frame header, whose markers are C0–CF without C4, C8 and CC. */
function jpegSize(head: Buffer): ImageSize | undefined {
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff;) {
    const marker = head[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) };
    }
    // A marker may have any number of FF before it.
    at += marker === 0xff ? 1 : 2 + head.readUInt16BE(at + 2);
  }
  return undefined;
}

/** 0 if the header does not tell: an image whose size nobody knows could be of any. */
export function countPixels({ size }: ImageHeader): number {
  return size === undefined ? 0 : size.width * size.height;
}

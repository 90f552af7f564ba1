/** A JPEG may carry a preview and colour tables before its size. */
const headBytesMax = 65_536;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** One line about an image part: its type, its size in pixels where the header tells, and its size in bytes. */
export function describeImage(url: string): string {
  const [, type, data] = /^data:([\w.+/-]+)?(?:;[\w=-]+)*;base64,([\s\S]*)$/.exec(url) ?? [];
  if (data === undefined) return "an image by address, which I do not fetch";
  // Four characters of base64 are three bytes.
  const head = Buffer.from(data.slice(0, Math.ceil(headBytesMax / 3) * 4), "base64");
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  const bytes = Math.floor((data.length * 3) / 4) - padding;
  const found = readers.find((reader) => reader.is(head));
  const size = found?.size(head);
  const pixels = size ? `${size.width} × ${size.height} pixels` : "a size in pixels that I cannot read";
  return `an image (${found?.type ?? type ?? "of unknown type"}, ${pixels}, ${bytes} bytes)`;
}

interface Reader {
  readonly type: string;
  is(head: Buffer): boolean;
  size(head: Buffer): Size | undefined;
}

const readers: readonly Reader[] = [
  { type: "image/png", is: (head) => isAt(head, 1, "PNG"), size: pngSize },
  { type: "image/gif", is: (head) => isAt(head, 0, "GIF8"), size: gifSize },
  { type: "image/webp", is: (head) => isAt(head, 0, "RIFF") && isAt(head, 8, "WEBP"), size: webpSize },
  { type: "image/jpeg", is: (head) => head[0] === 0xff && head[1] === 0xd8, size: jpegSize },
];

function isAt(head: Buffer, at: number, text: string): boolean {
  return head.toString("latin1", at, at + text.length) === text;
}

function pngSize(head: Buffer): Size | undefined {
  return head.length < 24 ? undefined : { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

function gifSize(head: Buffer): Size | undefined {
  return head.length < 10 ? undefined : { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

/** The three forms of https://developers.google.com/speed/webp/docs/riff_container. */
function webpSize(head: Buffer): Size | undefined {
  if (head.length < 30) return undefined;
  if (isAt(head, 12, "VP8X")) return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
  if (isAt(head, 12, "VP8 ")) return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  const bits = head.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** Goes from segment to segment up to the frame header, whose markers are C0–CF without C4, C8 and CC. */
function jpegSize(head: Buffer): Size | undefined {
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff;) {
    const marker = head[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) };
    }
    at += 2 + head.readUInt16BE(at + 2);
  }
  return undefined;
}

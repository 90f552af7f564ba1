import { countBytes } from "../../base/media/base64.ts";
import { parseDataUrl } from "../../base/media/data-url.ts";
import { readEncodedHeader } from "../../base/media/image-header.ts";

/** One line about an image part: its type, its size in pixels where the header tells, and its size in bytes. */
export function describeImage(url: string): string {
  const image = parseDataUrl(url);
  if (image === undefined) return "an image by address, which I do not fetch";
  const header = readEncodedHeader(image.content);
  const size = header?.size;
  const pixels = size ? `${size.width} × ${size.height} pixels` : "a size in pixels that I cannot read";
  const type = header?.type ?? (image.type === "" ? "of unknown type" : image.type);
  return `an image (${type}, ${pixels}, ${countBytes(image.content)} bytes)`;
}

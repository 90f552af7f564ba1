import { GatewayError } from "../../base/errors.ts";
import { type Base64, countBytes, isBase64 } from "../../base/media/base64.ts";
import { parseDataUrl } from "../../base/media/data-url.ts";
import { countPixels, type ImageHeader, imageTypes, readEncodedHeader } from "../../base/media/image-header.ts";
import { type MediaPart, type PlacedPart, toLink } from "./media-parts.ts";
import { toInvalid } from "./refusal.ts";

export interface MediaLimits {
  /** Of one request, its history included. */
  readonly imagesMax: number;
  /** Of all images, audio and files of one request together, decoded. */
  readonly bytesMax: number;
  /** Width × height of one image. */
  readonly pixelsMax: number;
}

/** The content of one part, where it stands in the request. */
interface Encoded {
  readonly param: string;
  readonly content: Base64;
  /** What an image says that it is. */
  readonly imageType?: string;
}

/**
 * Checks images, audio and files by their length, their alphabet and their first bytes, and returns how many bytes they
 * have together. Nothing is decoded but the header of an image. An image that is given by its address counts as an
 * image, and not yet as bytes. Throws a `GatewayError` whose `param` is the part at fault.
 */
export function measureMedia(media: readonly PlacedPart[], limits: MediaLimits): number {
  const extra = media.filter(({ part }) => part.type === "image_url")[limits.imagesMax];
  if (extra !== undefined) throw toInvalid(extra.place, `a request may have at most ${limits.imagesMax} images`);
  let bytes = 0;
  for (const placed of media) {
    if (toLink(placed) !== undefined) continue;
    const encoded = toEncoded(placed);
    bytes += countBytes(encoded.content);
    if (bytes > limits.bytesMax) {
      throw toInvalid(encoded.param, `all media of a request may have at most ${limits.bytesMax} bytes together`);
    }
    assertEncoded(encoded, limits.pixelsMax);
  }
  return bytes;
}

function toEncoded({ part, place }: PlacedPart): Encoded {
  switch (part.type) {
    case "image_url":
      return toEncodedImage(part.image_url.url, `${place}.image_url.url`);
    case "input_audio":
      return { param: `${place}.input_audio.data`, content: { text: part.input_audio.data, from: 0 } };
    case "file":
      return toEncodedFile(part.file, `${place}.file`);
  }
}

function toEncodedImage(url: string, param: string): Encoded {
  const image = parseDataUrl(url);
  if (image !== undefined && imageTypes.some((type) => type === image.type)) {
    return { param, content: image.content, imageType: image.type };
  }
  throw toInvalid(param, `expected a base64 data URL of type ${imageTypes.join(", ").replace(/, (?=[^,]*$)/, " or ")}`);
}

function toEncodedFile(
  { file_id: id, file_data: text }: Extract<MediaPart, { type: "file" }>["file"],
  place: string,
): Encoded {
  if ((id === undefined) === (text === undefined)) {
    throw toInvalid(place, "expected exactly one of 'file_data' and 'file_id'");
  }
  if (text === undefined) {
    const param = `${place}.file_id`;
    throw new GatewayError(
      "unsupported_value",
      `Unsupported value for '${param}': this gateway keeps no files. Send the content as 'file_data'.`,
      { param },
    );
  }
  return { param: `${place}.file_data`, content: parseDataUrl(text)?.content ?? { text, from: 0 } };
}

function assertEncoded({ param, content, imageType }: Encoded, pixelsMax: number): void {
  if (!isBase64(content)) throw toInvalid(param, "the base64 is empty, cut, or has other characters than its alphabet");
  if (imageType !== undefined) assertImage(readEncodedHeader(content), { param, type: imageType, pixelsMax });
}

interface Expected {
  readonly param: string;
  readonly type: string;
  readonly pixelsMax: number;
}

function assertImage(header: ImageHeader | undefined, { param, type, pixelsMax }: Expected): void {
  if (header?.type !== type) throw toInvalid(param, `the content is not of type ${type}`);
  const pixels = countPixels(header);
  if (pixels === 0) throw toInvalid(param, "the header of the image is broken, or does not tell its size");
  if (pixels > pixelsMax) throw toInvalid(param, `an image may have at most ${pixelsMax} pixels`);
}

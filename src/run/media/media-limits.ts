import type { ImagePart, Message, UserPart } from "../../base/contract.ts";
import { GatewayError, invalidValue } from "../../base/errors.ts";
import { type Base64, countBytes, isBase64 } from "../../base/media/base64.ts";
import { parseDataUrl } from "../../base/media/data-url.ts";
import { countPixels, type ImageHeader, imageTypes, readEncodedHeader } from "../../base/media/image-header.ts";

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
  if (extra !== undefined) throw invalidValue(extra.place, `a request may have at most ${limits.imagesMax} images`);
  let bytes = 0;
  for (const placed of media) {
    if (toLink(placed) !== undefined) continue;
    const encoded = toEncoded(placed);
    bytes += countBytes(encoded.content);
    if (bytes > limits.bytesMax) {
      throw invalidValue(encoded.param, `all media of a request may have at most ${limits.bytesMax} bytes together`);
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
  throw invalidValue(
    param,
    `expected a base64 data URL of type ${imageTypes.join(", ").replace(/, (?=[^,]*$)/, " or ")}`,
  );
}

function toEncodedFile(
  { file_id: id, file_data: text }: Extract<MediaPart, { type: "file" }>["file"],
  place: string,
): Encoded {
  if ((id === undefined) === (text === undefined)) {
    throw invalidValue(place, "expected exactly one of 'file_data' and 'file_id'");
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
  if (!isBase64(content))
    throw invalidValue(param, "the base64 is empty, cut, or has other characters than its alphabet");
  if (imageType !== undefined) assertImage(readEncodedHeader(content), { param, type: imageType, pixelsMax });
}

interface Expected {
  readonly param: string;
  readonly type: string;
  readonly pixelsMax: number;
}

function assertImage(header: ImageHeader | undefined, { param, type, pixelsMax }: Expected): void {
  if (header?.type !== type) throw invalidValue(param, `the content is not of type ${type}`);
  const pixels = countPixels(header);
  if (pixels === 0) throw invalidValue(param, "the header of the image is broken, or does not tell its size");
  if (pixels > pixelsMax) throw invalidValue(param, `an image may have at most ${pixelsMax} pixels`);
}

export type MediaPart = Exclude<UserPart, { type: "text" }>;

/** An image, audio or file of a user message. */
export interface PlacedPart {
  readonly part: MediaPart;
  /** Its path as OpenAI writes it, for example `messages[2].content[1]`. */
  readonly place: string;
}

/** An image that is given by its address. */
export interface ImageLink {
  readonly part: ImagePart;
  readonly url: string;
  /** The path of the address. */
  readonly param: string;
}

export function listMedia(messages: readonly Message[]): PlacedPart[] {
  return messages.flatMap(({ role, content }, message) => {
    if (role !== "user" || typeof content === "string") return [];
    return content.flatMap((part, index) =>
      part.type === "text" ? [] : [{ part, place: `messages[${message}].content[${index}]` }],
    );
  });
}

export function toLink({ part, place }: PlacedPart): ImageLink | undefined {
  if (part.type !== "image_url" || !/^https?:/i.test(part.image_url.url)) return undefined;
  return { part, url: part.image_url.url, param: `${place}.image_url.url` };
}

/** The same messages with other addresses for some of their images; what has none stays the same object. */
export function replaceUrls(messages: readonly Message[], urls: ReadonlyMap<UserPart, string>): Message[] {
  return messages.map((message) => {
    if (message.role !== "user" || typeof message.content === "string") return message;
    if (!message.content.some((part) => urls.has(part))) return message;
    return { ...message, content: message.content.map((part) => replaceUrl(part, urls.get(part))) };
  });
}

function replaceUrl(part: UserPart, url: string | undefined): UserPart {
  if (part.type !== "image_url" || url === undefined) return part;
  return { ...part, image_url: { ...part.image_url, url } };
}

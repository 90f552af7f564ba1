import type { Message } from "../../base/contract.ts";
import { type Base64, countBytes, isBase64 } from "../../base/media/base64.ts";
import { parseDataUrl } from "../../base/media/data-url.ts";
import { countPixels, imageTypes, readEncodedHeader } from "../../base/media/image-header.ts";
import { toToolMedia, type ToolMedium } from "../../base/media/tool-medium.ts";
import type { InputKind } from "../../model/model.ts";
import type { ServerToolMessage } from "../../session/store.ts";
import type { RawMedium, ToolResult } from "../../tool/tool-set.ts";
import type { MediaLimits } from "./media-limits.ts";

/** What of a tool's result goes on to the model: its words, and what it can be shown besides. */
export interface ShownResult {
  readonly content: string;
  readonly media?: readonly ToolMedium[];
}

/**
 * Lets the images and sounds of a result through that a user might have sent. Of the others the text says why they are
 * not shown: a model would else describe what it has not seen.
 */
export function admitResult({ text, media = [] }: ToolResult, limits: MediaLimits): ShownResult {
  const admitted: ToolMedium[] = [];
  const lines = [text];
  const budget = createBudget(limits);
  for (const medium of media) {
    const checked = checkMedium(medium, limits);
    const refused = typeof checked === "string" ? checked : budget(checked);
    if (typeof checked !== "string" && refused === undefined) admitted.push(checked);
    else lines.push(toNote(medium.type === "image" ? "image" : "sound", refused));
  }
  return { content: lines.join("\n"), ...(admitted.length === 0 ? {} : { media: admitted }) };
}

function toNote(what: string, why: string | undefined): string {
  return `[The ${what} above cannot be shown: ${why}.]`;
}

/** Why not, in words that follow a colon, or undefined. Each call takes its share. */
function createBudget({ imagesMax, bytesMax }: MediaLimits): (medium: ToolMedium) => string | undefined {
  let images = 0;
  let bytes = 0;
  return (medium) => {
    if (medium.type === "image_url" && images === imagesMax) return `at most ${imagesMax} are shown`;
    const size = countBytes(toBase64(medium));
    if (bytes + size > bytesMax) return `at most ${bytesMax} bytes are shown`;
    bytes += size;
    if (medium.type === "image_url") images += 1;
    return undefined;
  };
}

function toBase64(medium: ToolMedium): Base64 {
  if (medium.type === "input_audio") return { text: medium.input_audio.data, from: 0 };
  const { url } = medium.image_url;
  return parseDataUrl(url)?.content ?? { text: url, from: 0 };
}

/** As a user's message would hold it, or why it cannot. */
function checkMedium({ type, mimeType, data }: RawMedium, limits: MediaLimits): ToolMedium | string {
  const content = { text: data, from: 0 };
  if (!isBase64(content)) return "it is not whole base64";
  return type === "image" ? checkImage(content, limits) : checkSound(mimeType, data);
}

/** Tools name the type of an image wrongly so often that only its first bytes are believed. */
function checkImage(content: Base64, { pixelsMax }: MediaLimits): ToolMedium | string {
  const header = readEncodedHeader(content);
  if (header === undefined) return `only ${imageTypes.join(", ")} can be`;
  const pixels = countPixels(header);
  if (pixels === 0) return "its header is broken";
  if (pixels > pixelsMax) return `it has more than ${pixelsMax} pixels`;
  return { type: "image_url", image_url: { url: `data:${header.type};base64,${content.text}` } };
}

const soundFormats: Readonly<Record<string, "wav" | "mp3">> = {
  "audio/wav": "wav",
  "audio/wave": "wav",
  "audio/x-wav": "wav",
  "audio/vnd.wave": "wav",
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
};

function checkSound(mimeType: string, data: string): ToolMedium | string {
  const format = soundFormats[mimeType.split(";", 1)[0]?.trim().toLowerCase() ?? ""];
  if (format === undefined) return "only WAV and MP3 can be";
  return { type: "input_audio", input_audio: { data, format } };
}

/**
 * A conversation as a model can read it: without images and sounds that are not its kind, and with the latest ones as
 * far as the limits of one request go. In the place of each other one stands a note.
 */
export function fitMedia(
  messages: readonly Message[],
  input: ReadonlySet<InputKind>,
  limits: MediaLimits,
): readonly Message[] {
  if (!messages.some((message) => toToolMedia(message).length > 0)) return messages;
  const budget = createBudget(limits);
  return messages
    .toReversed()
    .map((message) => fitMessage(message, (medium) => findObstacle(medium, input) ?? toPast(budget(medium))))
    .toReversed();
}

function findObstacle({ type }: ToolMedium, input: ReadonlySet<InputKind>): string | undefined {
  if (type === "image_url") return input.has("image") ? undefined : "this model reads no images";
  return input.has("audio") ? undefined : "this model hears no sounds";
}

function toPast(obstacle: string | undefined): string | undefined {
  return obstacle === undefined ? undefined : "later ones have taken its place";
}

function fitMessage(message: Message, refuse: (medium: ToolMedium) => string | undefined): Message {
  const media = toToolMedia(message);
  if (message.role !== "tool" || media.length === 0) return message;
  const notes: string[] = [];
  const kept = media.filter((medium) => {
    const why = refuse(medium);
    if (why !== undefined) notes.push(toNote(medium.type === "image_url" ? "image" : "sound", why));
    return why === undefined;
  });
  if (notes.length === 0) return message;
  // What the gateway writes is one text.
  const text = typeof message.content === "string" ? message.content : "";
  const fitted: ServerToolMessage = {
    ...message,
    content: [text, ...new Set(notes)].join("\n"),
    origin: "server",
    media: kept,
  };
  return fitted;
}

import type { ImagePart, Message, UserPart } from "../../base/contract.ts";

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

import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from "@ai-sdk/provider";
import type { ImagePart, UserPart } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { parseDataUrl } from "../../base/media/data-url.ts";
import { given } from "./given.ts";

type FilePart = Extract<UserPart, { type: "file" }>["file"];

export function toUserPart(part: UserPart): LanguageModelV4TextPart | LanguageModelV4FilePart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image_url":
      return toImage(part.image_url);
    case "input_audio": {
      const { data, format } = part.input_audio;
      return { type: "file", mediaType: `audio/${format}`, data: { type: "data", data } };
    }
    case "file":
      return toFile(part.file);
  }
}

function toImage({ url, detail }: ImagePart["image_url"]): LanguageModelV4FilePart {
  const options = detail === undefined ? {} : { providerOptions: { openai: { imageDetail: detail } } };
  const found = parseDataUrl(url);
  if (found !== undefined) {
    const { text, from } = found.content;
    return { type: "file", mediaType: found.type, data: { type: "data", data: text.slice(from) }, ...options };
  }
  if (!URL.canParse(url)) throw refuse("an image that is neither a data URL nor an address");
  return { type: "file", mediaType: "image/*", data: { type: "url", url: new URL(url) }, ...options };
}

/** `file_data` is a data URL at OpenAI; bare base64, which other servers take, is held to be a PDF. */
function toFile({ filename, file_data: content, file_id: id }: FilePart): LanguageModelV4FilePart {
  if (content === undefined) {
    // A file id is known to the vendor that gave it out.
    if (id === undefined) throw refuse("a file without content");
    return { type: "file", mediaType: "application/pdf", data: { type: "reference", reference: { openai: id } } };
  }
  const found = parseDataUrl(content);
  const data = found === undefined ? content : found.content.text.slice(found.content.from);
  const mediaType = found === undefined || found.type === "" ? "application/pdf" : found.type;
  return { type: "file", mediaType, data: { type: "data", data }, ...given({ filename }) };
}

function refuse(what: string): GatewayError {
  return new GatewayError("unsupported_value", `The agent's model does not take ${what}.`, { param: "messages" });
}

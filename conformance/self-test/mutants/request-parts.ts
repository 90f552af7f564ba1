import { isObject } from "../../expect.ts";
import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { crash, editBody, editMessages, refuse, toMessages } from "./request-edit.ts";

function toTypes(content: unknown): unknown[] {
  return Array.isArray(content) ? content.map((part: unknown) => (isObject(part) ? part["type"] : undefined)) : [];
}

/** Fields that are newer than many servers. */
const recent = ["store", "metadata", "service_tier", "verbosity", "prompt_cache_key", "safety_identifier"];

export const requestPartMutants = defineMutants([
  {
    id: "parts-refused",
    what: "Content as a list of parts is refused (qwisp#83).",
    killedBy: ["REQ-11", "REQ-48"],
    call: editBody((body) =>
      toMessages(body).some(({ content }) => Array.isArray(content)) ? refuse(400, { param: "messages" }) : undefined,
    ),
  },
  {
    id: "parts-refused-in-tool",
    what: "A tool message with parts is refused (Neroued/ninfer#56; Qwen Code sends it).",
    killedBy: ["REQ-11"],
    call: editBody((body) =>
      toMessages(body).some(({ role, content }) => role === "tool" && Array.isArray(content))
        ? refuse(400, { param: "messages" })
        : undefined,
    ),
  },
  {
    id: "parts-blanked-in-assistant",
    what: "Parts of the assistant are blanked behind a 200 (CommandCodeAI/command-code#820).",
    killedBy: ["REQ-11"],
    call: editMessages((message) =>
      message["role"] === "assistant" && Array.isArray(message["content"]) ? { ...message, content: "" } : message,
    ),
  },
  {
    id: "parts-json-in-tool",
    what: "Parts of a tool's result reach the model as JSON text (InsForge/InsForge#1787).",
    killedBy: ["REQ-11"],
    call: editMessages((message) =>
      message["role"] === "tool" && Array.isArray(message["content"])
        ? { ...message, content: JSON.stringify(message["content"]) }
        : message,
    ),
  },
  {
    id: "parts-first-only",
    what: "Only the first part of a message is read.",
    killedBy: ["REQ-11"],
    call: editMessages((message) =>
      Array.isArray(message["content"]) ? { ...message, content: message["content"].slice(0, 1) } : message,
    ),
  },
  {
    id: "parts-unknown-dropped",
    what: "Parts of a kind that the model cannot take are left out in silence.",
    killedBy: ["REQ-49"],
    call: editMessages((message) => {
      const isUsed = toTypes(message["content"]).every((type) => type === "text" || type === "image_url");
      return isUsed ? message : { ...message, content: "" };
    }),
  },
  {
    id: "image-any-url",
    what: "The address of an image is not looked at.",
    killedBy: ["REQ-48"],
    call: editMessages((message) =>
      toTypes(message["content"]).includes("image_url") ? { ...message, content: "What is this?" } : message,
    ),
  },
  {
    id: "image-fetched",
    what: "Images are fetched from wherever the client says, also from the server's own machine (CWE-918).",
    killedBy: ["REQ-48"],
    call: editBody((body) => {
      const [url] = /http:\/\/127\.0\.0\.1:\d+\/image\.png/.exec(JSON.stringify(body)) ?? [];
      if (url !== undefined) fetch(url).catch(() => undefined);
      return undefined;
    }),
  },
  {
    id: "fields-recent-refused",
    what: "Fields that came later are unknown and refused, without a name.",
    killedBy: ["REQ-21", "REQ-22", "REQ-46", "REQ-47"],
    call: editBody((body) =>
      recent.some((name) => name in body)
        ? refuse(400, { message: "Unrecognized request argument supplied" })
        : undefined,
    ),
  },
  {
    id: "fields-null-refused",
    what: "A field that is null is refused, as typed clients that send every field find out.",
    killedBy: ["REQ-22", "REQ-31", "REQ-44"],
    call: editBody((body) => {
      const [name] = Object.entries(body).find(([, value]) => value === null) ?? [];
      return name === undefined ? undefined : refuse(400, { param: name });
    }),
  },
  {
    id: "fields-null-is-zero",
    what: "`temperature: null` reaches the model as 0.",
    killedBy: ["REQ-22"],
    call: editBody((body) => (body["temperature"] === null ? { ...body, temperature: 0 } : undefined)),
  },
  {
    id: "fields-null-crash",
    what: "`tools: null` and `response_format: null` are a 500.",
    killedBy: ["REQ-23"],
    call: editBody((body) => (body["tools"] === null || body["response_format"] === null ? crash : undefined)),
  },
  {
    id: "format-unknown-ignored",
    what: "A `response_format` of an unknown type is ignored: the client gets prose.",
    killedBy: ["REQ-34", "REQ-51"],
    call: editBody((body) => {
      const { response_format: format } = body;
      const isKnown = isObject(format) && /^(text|json_object|json_schema)$/.test(String(format["type"]));
      return isKnown ? undefined : without(body, "response_format");
    }),
  },
  {
    id: "format-schema-incomplete",
    what: "A `json_schema` without its parts is any JSON.",
    killedBy: ["REQ-35"],
    call: editBody((body) => {
      const { response_format: format } = body;
      if (!isObject(format) || format["type"] !== "json_schema") return undefined;
      const { json_schema: schema } = format;
      return isObject(schema) && "name" in schema ? undefined : { ...body, response_format: { type: "json_object" } };
    }),
  },
]);

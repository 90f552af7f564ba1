import { isDeepStrictEqual } from "node:util";
import type { FunctionToolCall, Message, RefusalPart, ToolCall, UserPart } from "../base/contract.ts";

type Part = UserPart | RefusalPart;
type Content = Message["content"];

/**
 * Whether a client's message is the stored one, told again.
 *
 * Only what a model would read counts. SDKs add keys of their own when they replay an answer (`parsed`, `annotations`,
 * `refusal: null`, …); those are not looked at, and null, empty and absent are one. A text may be told as a string or
 * in parts. Texts are compared as they are, except those of an answer: clients trim them and write their line ends anew.
 * Arguments of a function are the same if they are the same JSON: clients on the AI SDK (opencode) and others parse them,
 * and write them again without the model's blanks.
 */
export function isSameMessage(a: Message, b: Message): boolean {
  if (a.role !== b.role) return false;
  if (!isSameContent(a, b)) return false;
  switch (a.role) {
    case "system":
    case "developer":
    case "user":
    case "function":
      return b.role === a.role && isSameText(a.name, b.name);
    case "tool":
      return b.role === "tool" && a.tool_call_id === b.tool_call_id;
    case "assistant":
      return b.role === "assistant" && isSameAnswer(a, b);
  }
}

/** The text of an answer without what clients change when they keep it: white space at its ends, and line ends. */
export function toSpoken(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").trim();
}

type Answer = Extract<Message, { role: "assistant" }>;

function isSameAnswer(a: Answer, b: Answer): boolean {
  return (
    isSameText(toSpoken(a.refusal ?? ""), toSpoken(b.refusal ?? "")) &&
    isSameText(a.name, b.name) &&
    isSameText(a.audio?.id, b.audio?.id) &&
    isSameList(toCalls(a), toCalls(b), isSameToolCall)
  );
}

/** A legacy call has no id, and is the answer that was stored as a call with one. */
type Call = ToolCall | (Omit<FunctionToolCall, "id"> & { readonly id: undefined });

function toCalls({ tool_calls: calls = [], function_call: legacy }: Answer): readonly Call[] {
  return legacy == null ? calls : [...calls, { id: undefined, type: "function", function: legacy }];
}

function isSameToolCall(a: Call, b: Call): boolean {
  if (a.id !== b.id && a.id !== undefined && b.id !== undefined) return false;
  if (a.type === "custom")
    return b.type === "custom" && a.custom.name === b.custom.name && a.custom.input === b.custom.input;
  return (
    b.type === "function" &&
    a.function.name === b.function.name &&
    isSameJson(a.function.arguments, b.function.arguments)
  );
}

/** Longer ones are compared as texts: to read megabytes again for each answer of a conversation takes seconds. */
const jsonUnitsMax = 50_000;

function isSameJson(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.length > jsonUnitsMax || b.length > jsonUnitsMax) return false;
  try {
    return isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
  } catch {
    // A model may write what is no JSON; nobody can have written that again in another way.
    return false;
  }
}

function isSameContent(a: Message, b: Message): boolean {
  if (isPlain(a.content) && isPlain(b.content) && isSameText(a.content, b.content)) return true;
  return isSameList(toParts(a), toParts(b), isSamePart);
}

function isPlain(content: Content): content is string | null | undefined {
  return typeof content === "string" || content == null;
}

/** Where a client's list parts from the transcript, one message is compared with many; its form is made once. */
const formed = new WeakMap<Message, readonly Part[]>();

/** One form for equal contents: neighbouring texts become one, empty texts none. */
function toParts(message: Message): readonly Part[] {
  const known = formed.get(message);
  if (known !== undefined) return known;
  const parts = message.role === "assistant" ? listParts(message.content, toSpoken) : listParts(message.content);
  formed.set(message, parts);
  return parts;
}

function listParts(content: Content, toForm = (text: string): string => text): readonly Part[] {
  const parts: Part[] = [];
  let text = "";
  const endText = (): void => {
    const form = toForm(text);
    if (form !== "") parts.push({ type: "text", text: form });
    text = "";
  };
  for (const part of typeof content === "string" ? [{ type: "text", text: content } as const] : (content ?? [])) {
    if (part.type === "text") {
      text += part.text;
    } else {
      endText();
      parts.push(part.type === "refusal" ? { ...part, refusal: toForm(part.refusal) } : part);
    }
  }
  endText();
  return parts;
}

function isSamePart(a: Part, b: Part): boolean {
  switch (a.type) {
    case "text":
      return b.type === "text" && a.text === b.text;
    case "refusal":
      return b.type === "refusal" && a.refusal === b.refusal;
    case "image_url":
      // `detail` says how closely to look; it is the same image.
      return b.type === "image_url" && a.image_url.url === b.image_url.url;
    case "input_audio":
      return (
        b.type === "input_audio" &&
        a.input_audio.data === b.input_audio.data &&
        a.input_audio.format === b.input_audio.format
      );
    case "file":
      return (
        b.type === "file" &&
        isSameText(a.file.file_id, b.file.file_id) &&
        isSameText(a.file.file_data, b.file.file_data) &&
        isSameText(a.file.filename, b.file.filename)
      );
  }
}

function isSameText(a: string | null | undefined, b: string | null | undefined): boolean {
  return (a ?? "") === (b ?? "");
}

function isSameList<Item>(a: readonly Item[], b: readonly Item[], isSame: (a: Item, b: Item) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index];
      return other !== undefined && isSame(item, other);
    })
  );
}

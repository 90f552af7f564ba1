import type { Message, Tool } from "../base/contract.ts";
import { toToolMedia } from "../base/media/tool-medium.ts";
import { toNamedCall } from "../base/tool-call.ts";

/** Nobody's real vocabulary: long words become several tokens, as they do for a model. */
const lettersMax = 8;
const digitsMax = 3;
/** What a message costs beside its text: its role and the marks around it. */
const tokensPerMessage = 4;
/** What an image, a sound or a file counts for, whatever its size; the price of a low-detail image at OpenAI. */
const tokensPerAttachment = 85;

const other = 0;
const letter = 1;
const digit = 2;
const blank = 3;
const highSurrogate = 4;

/** The kind of every UTF-16 unit: one look-up a unit is what makes counting fast. */
const kinds = new Uint8Array(0x10000);
kinds.fill(letter, 0xc0, 0x2000);
kinds.fill(digit, 0x30, 0x3a);
kinds.fill(letter, 0x41, 0x5b);
kinds.fill(letter, 0x61, 0x7b);
kinds.fill(blank, 0x09, 0x0e);
kinds.fill(blank, 0x20, 0x21);
kinds.fill(highSurrogate, 0xd800, 0xdc00);

/**
 * The end of the token that begins at `from`; `from` must be below `text.length`.
 *
 * A token is one of: an optional single space and up to 8 letters (A–Z, a–z, and the alphabets U+00C0–U+1FFF);
 * an optional single space and up to 3 digits; a run of ASCII white space; one other code point. A surrogate pair is
 * never split, so every token of a well-formed text is well formed.
 */
export function nextToken(text: string, from: number): number {
  const { length } = text;
  const code = text.charCodeAt(from);
  let kind = kinds[code] ?? other;
  let at = from + 1;
  if (code === 0x20 && at < length) {
    const next = kinds[text.charCodeAt(at)] ?? other;
    if (next === letter || next === digit) {
      kind = next;
      at += 1;
    }
  }
  if (kind === other) return at;
  if (kind === highSurrogate) return at < length && (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? at + 1 : at;
  const most = kind === letter ? at + lettersMax - 1 : kind === digit ? at + digitsMax - 1 : length;
  // Never past the end: what charCodeAt gives there would spoil the compiled code.
  const end = Math.min(most, length);
  while (at < end && kinds[text.charCodeAt(at)] === kind) at += 1;
  return at;
}

/** Runs over the whole prompt of every request, so it allocates nothing. */
export function countTokens(text: string): number {
  const { length } = text;
  let count = 0;
  for (let at = 0; at < length; at = nextToken(text, at)) count += 1;
  return count;
}

/** Instructions and documents come again with every call: how many tokens the newest long texts have is remembered. */
const counts = new Map<number, { readonly text: string; readonly count: number }>();
const rememberedMax = 64;
/** So that at most 1 MB is held; a shorter text is counted as fast as it is looked up. */
const rememberedLength = { min: 512, max: 8192 };

/** Looked up by its length and one unit of it: to compare a text takes a tenth of the time that its hash takes. */
function countAgain(text: string): number {
  const { length } = text;
  if (length < rememberedLength.min || length > rememberedLength.max) return countTokens(text);
  const place = length * 0x10000 + text.charCodeAt(length >> 1);
  const known = counts.get(place);
  if (known?.text === text) return known.count;
  const count = countTokens(text);
  const [oldest] = counts.size < rememberedMax ? [] : counts.keys();
  if (oldest !== undefined) counts.delete(oldest);
  counts.set(place, { text, count });
  return count;
}

/** Joined again, the tokens are the text. */
export function splitTokens(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = nextToken(text, at);
    tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
}

/** A longer text is not cut into all its tokens, of which it may have millions. */
const cutUnitsMax = 50_000;

/**
 * One token a piece, or equally many tokens a piece where that would make more than `piecesMax` pieces. Of a long text
 * the pieces are equally long instead, and each is cut when it is asked for.
 */
export function* splitPieces(text: string, piecesMax: number): Generator<string> {
  if (text.length > cutUnitsMax) return yield* cutPieces(text, Math.ceil(text.length / piecesMax));
  const tokens = splitTokens(text);
  const size = Math.ceil(tokens.length / piecesMax);
  if (size <= 1) return yield* tokens;
  for (let at = 0; at < tokens.length; at += size) yield tokens.slice(at, at + size).join("");
}

/** Whole tokens, of so many units together or a little more. */
function* cutPieces(text: string, units: number): Generator<string> {
  for (let at = 0, end = 0; at < text.length; at = end) {
    const least = Math.min(at + units, text.length);
    while (end < least) end = nextToken(text, end);
    yield text.slice(at, end);
  }
}

/** The longest beginning of `text` that has at most `tokensMax` tokens. */
export function takeTokens(text: string, tokensMax: number): string {
  let at = 0;
  for (let count = 0; count < tokensMax && at < text.length; count += 1) at = nextToken(text, at);
  return text.slice(0, at);
}

/**
 * The tokens of a prompt: 4 for each message, the tokens of its text and of the names, arguments and inputs of its
 * tool calls, 85 for each image, sound or file, and the tokens of each tool definition written as JSON.
 *
 * Undefined for a prompt that takes more than a few milliseconds: that is for `countInSlices`.
 */
export function countPromptTokens(messages: readonly Message[], tools: readonly Tool[]): number | undefined {
  let count = 0;
  let units = 0;
  const add = (text: string): void => {
    units += text.length;
    if (units <= sliceUnits) count += countAgain(text);
  };
  for (const message of messages) {
    count += tokensPerMessage + countMedia(message);
    forEachText(message, add);
    if (units > sliceUnits) return undefined;
  }
  for (const tool of tools) {
    add(toText(tool));
    if (units > sliceUnits) return undefined;
  }
  return count;
}

/** Of long ones, which are counted in slices after they were found to be long. */
const toolTexts = new WeakMap<Tool, string>();

function toText(tool: Tool): string {
  const known = toolTexts.get(tool);
  toolTexts.delete(tool);
  if (known !== undefined) return known;
  const text = JSON.stringify(tool);
  if (text.length > sliceUnits) toolTexts.set(tool, text);
  return text;
}

/** A tool whose schema is longer was a while in the works already. */
const longToolUnits = 100_000;
/** After so many units of text others may have a turn. */
const sliceUnits = 100_000;

/** The same of any prompt, in slices of a few milliseconds each: others have a turn between them. */
export function* countInSlices(
  messages: readonly Message[],
  tools: readonly Tool[],
): Generator<undefined, number, undefined> {
  let count = 0;
  let units = 0;
  for (const message of messages) {
    count += tokensPerMessage + countMedia(message);
    const texts: string[] = [];
    forEachText(message, (text) => texts.push(text));
    for (const text of texts) {
      if ((units += text.length) > sliceUnits) {
        units = text.length;
        yield undefined;
      }
      count += text.length > sliceUnits ? yield* countLong(text) : countAgain(text);
    }
  }
  for (const tool of tools) {
    const text = toText(tool);
    if (text.length > longToolUnits) yield undefined;
    count += yield* countLong(text);
  }
  return count;
}

function* countLong(text: string): Generator<undefined, number, undefined> {
  let count = 0;
  for (let at = 0, end = sliceUnits; at < text.length; end += sliceUnits) {
    const stop = Math.min(end, text.length);
    for (; at < stop; at = nextToken(text, at)) count += 1;
    if (at < text.length) yield undefined;
  }
  return count;
}

/** Told one by one: a list of them, or a generator, would cost more than to count most texts. */
function forEachText(message: Message, tell: (text: string) => void): void {
  const { content } = message;
  if (typeof content === "string") tell(content);
  else
    for (const part of content ?? [])
      if (part.type === "text") tell(part.text);
      else if (part.type === "refusal") tell(part.refusal);
  if (message.role !== "assistant") return;
  for (const call of message.tool_calls ?? []) {
    const { name, text } = toNamedCall(call);
    tell(name);
    tell(text);
  }
}

function countMedia(message: Message): number {
  const { content } = message;
  let count = message.role === "tool" ? toToolMedia(message).length : 0;
  if (typeof content !== "string")
    for (const { type } of content ?? []) if (type !== "text" && type !== "refusal") count += 1;
  return count * tokensPerAttachment;
}

import type { Message } from "../../base/contract.ts";
import { textOf } from "./conversation.ts";

/**
 * What the user asks, without what clients wrap around it: blocks in tags that stand on lines of their own
 * (`<system-reminder>`, `<environment_details>`, `<current_datetime>`), and quotation marks around all of it. Where a
 * block says that it is the question (`<user_query>`), it alone counts. The whole text where nothing else is left.
 */
export function toQuestion(message: Message): string {
  const text = textOf(message);
  const question = withoutQuotes(withoutBlocks(text).trim());
  return question === "" ? text.trim() : question;
}

/** What the user asked before the last message of the user, oldest first. */
export function earlierQuestions(messages: readonly Message[]): string[] {
  return messages
    .filter((message) => message.role === "user")
    .slice(0, -1)
    .map(toQuestion);
}

/** The names of blocks that hold what the user wrote. */
const questions = new Set("user_query user_message user_request user_input user_prompt user_question".split(" "));
/** Words of one part that clients wrap; a name of several parts (`environment_details`) is no HTML either. */
const wrappers = new Set("context environment reminder instructions metadata workspace files system".split(" "));

interface Block {
  readonly name: string;
  readonly start: number;
  readonly innerStart: number;
  readonly innerEnd: number;
  readonly end: number;
}

/** A longer text is something to work on and not a question. */
const wrappedUnitsMax = 50_000;

function withoutBlocks(text: string): string {
  if (text.length > wrappedUnitsMax || !text.includes("</")) return text;
  const blocks = findBlocks(text);
  const asked = blocks.findLast(({ name }) => questions.has(name));
  if (asked !== undefined) return text.slice(asked.innerStart, asked.innerEnd);
  let kept = "";
  let at = 0;
  for (const { name, start, end } of blocks) {
    if (!wrappers.has(name) && !/[-_]/.test(name)) continue;
    kept += text.slice(at, start);
    at = end;
  }
  return kept + text.slice(at);
}

const tagPattern = /<(\/?)([a-z][\w-]{0,63})(?:\s[^<>]{0,500})?>/gi;

/** The outermost blocks, in order. Each tag is looked at once, however many never close. */
function findBlocks(text: string): Block[] {
  const tags = Array.from(text.matchAll(tagPattern), ({ 0: whole, 1: slash, 2: name = "", index }) => {
    return { name: name.toLowerCase(), closes: slash === "/", start: index, end: index + whole.length };
  });
  const closings = Map.groupBy(tags.filter(({ closes }) => closes).toReversed(), ({ name }) => name);
  const blocks: Block[] = [];
  let at = 0;
  for (const { name, closes, start, end: innerStart } of tags) {
    if (closes || start < at) continue;
    const left = closings.get(name) ?? [];
    while ((left.at(-1)?.start ?? Infinity) < innerStart) left.pop();
    const close = left.at(-1);
    if (close === undefined || !(beginsLine(text, start) || text.slice(close.end).trim() === "")) continue;
    blocks.push({ name, start, innerStart, innerEnd: close.start, end: close.end });
    at = close.end;
  }
  return blocks;
}

function beginsLine(text: string, start: number): boolean {
  let at = start;
  while (text[at - 1] === " " || text[at - 1] === "\t") at -= 1;
  return at === 0 || text[at - 1] === "\n";
}

function withoutQuotes(text: string): string {
  const [, inner] =
    /^"([^"]+)"$|^'([^']+)'$|^“([^”]+)”$|^`([^`]+)`$/.exec(text)?.filter((one) => one !== undefined) ?? [];
  return inner === undefined ? text : inner.trim();
}

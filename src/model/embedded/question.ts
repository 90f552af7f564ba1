import type { Message } from "../../base/contract.ts";
import { findBlocks } from "./tag-blocks.ts";
import { textOf } from "./conversation.ts";
import { withoutPlainText } from "./prompt-template.ts";

/**
 * What the user asks, without what clients wrap around it: blocks in tags that stand on lines of their own
 * (`<system-reminder>`, `<environment_details>`, `<current_datetime>`), comments, quotations, the plain text of their
 * templates, and quotation marks around all of it. Where a block says that it is the question (`<user_query>`,
 * `<task>`), it alone counts. The whole text where nothing else is left.
 */
export function toQuestion(message: Message): string {
  const text = textOf(message);
  return unwrap(text) || text.trim();
}

function unwrap(text: string): string {
  // A longer text is something to work on and not a question.
  if (text.length > wrappedUnitsMax) return text.trim();
  return withoutQuotes(withoutPlainText(withoutBlocks(withoutMarked(text)).trim()).trim());
}

/**
 * The conversation without what a client says at its end in messages of their own, as OpenClaw does: a message of the
 * user's that is a wrapper and nothing else asks nothing.
 */
export function withoutAsides(messages: readonly Message[]): readonly Message[] {
  const end = messages.findLastIndex((message) => !isWrapper(message));
  return end === -1 ? messages : messages.slice(0, end + 1);
}

function isWrapper(message: Message): boolean {
  if (message.role !== "user" || textOf(message).trim() === "") return false;
  const { content } = message;
  return (
    (typeof content === "string" || content.every(({ type }) => type === "text")) && unwrap(textOf(message)) === ""
  );
}

/** A long conversation is read again only as far back as this many characters. */
const rereadUnitsMax = 200_000;

/** What the user asked before the last message of the user, oldest first: the newest of it, as much as is remembered. */
export function earlierQuestions(messages: readonly Message[]): string[] {
  const questions: string[] = [];
  const asked = messages.filter((message) => message.role === "user").slice(0, -1);
  let left = rereadUnitsMax;
  for (const message of asked.toReversed()) {
    const { length } = textOf(message);
    // Of a longer one nothing is looked for but its beginning.
    left -= Math.min(length, wrappedUnitsMax);
    if (left < 0) break;
    if (!isWrapper(message)) questions.push(toQuestion(message));
  }
  return questions.toReversed();
}

const wrappedUnitsMax = 50_000;

const toNames = (names: string): ReadonlySet<string> => new Set(names.split(" "));
/** The names of blocks that hold what the user wrote. */
const questions = toNames(
  "user_query user_message user_request user_input user_prompt user_question userrequest userquery usermessage " +
    "user-query user-message user-request user-input user-prompt user-question",
);
/** The same, of one word: blocks only where they begin a line, since people speak of tags too. */
const plainQuestions = toNames("task feedback prompt query question request");
/** Words of one part that clients wrap; a name of several parts (`environment_details`, `editorContext`) is no HTML either. */
const wrappers = toNames(
  "context environment reminder instructions metadata workspace files file system attachments attachment documents " +
    "document sources memory memories knowledge",
);

function withoutBlocks(text: string): string {
  if (!text.includes("</")) return text;
  const blocks = findBlocks(text);
  const asked = blocks.findLast(({ name, leads }) => {
    const plain = name.toLowerCase();
    return questions.has(plain) || (leads && plainQuestions.has(plain));
  });
  if (asked !== undefined) return text.slice(asked.innerStart, asked.innerEnd);
  let kept = "";
  let at = 0;
  for (const { name, start, end } of blocks) {
    if (!wrappers.has(name.toLowerCase()) && !/[-_.]|[a-z][A-Z]/.test(name)) continue;
    kept += text.slice(at, start);
    at = end;
  }
  return kept + text.slice(at);
}

/** Between these nobody asks anything; clients put what they know there. */
const marks: readonly (readonly [start: string, end: string])[] = [
  ["<!--", "-->"],
  ["<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>", "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"],
];

function withoutMarked(text: string): string {
  return marks.reduce((kept, [start, end]) => withoutBetween(kept, start, end), text);
}

function withoutBetween(text: string, opening: string, closing: string): string {
  let kept = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf(opening, at);
    const end = start === -1 ? -1 : text.indexOf(closing, start);
    if (end === -1) return kept + text.slice(at);
    kept += text.slice(at, start);
    at = end + closing.length;
  }
}

function withoutQuotes(text: string): string {
  const [, inner] =
    /^"([^"]+)"$|^'([^']+)'$|^“([^”]+)”$|^`([^`]+)`$/.exec(text)?.filter((one) => one !== undefined) ?? [];
  return inner === undefined ? text : inner.trim();
}

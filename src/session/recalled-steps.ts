import type { AssistantMessage, Message } from "../base/contract.ts";
import { isSameMessage, toSpoken } from "./same-message.ts";
import type { StoredMessage } from "./store.ts";
import type { VisibleMessage } from "./visible.ts";

/**
 * What a client told from `agreed` on, where it parts from the transcript. An answer that the transcript has further on,
 * behind the same message, is the same answer: what is stored of it takes its place, with the steps that no client sees.
 * Clients cut old messages off, or put a summary in their place, and would lose the steps of all later turns.
 */
export function recallSteps(
  stored: readonly StoredMessage[],
  visible: readonly VisibleMessage[],
  told: readonly Message[],
  agreed: number,
): readonly StoredMessage[] {
  if (visible.length === agreed) return told.slice(agreed);
  const places = findAnswers(visible, agreed);
  let next = agreed;
  let triesLeft = triesMax;
  return told.slice(agreed).flatMap((message, index): readonly StoredMessage[] => {
    if (message.role !== "assistant") return [message];
    const before = told[agreed + index - 1];
    const place = places
      .get(toText(message))
      ?.find((at) => at >= next && (triesLeft -= 1) >= 0 && isAt(visible, at, message, before));
    if (place === undefined) return [message];
    next = place + 1;
    return stored.slice(visible[place - 1]?.end ?? 0, visible[place]?.end);
  });
}

/** Answers of the same text, as "Done." is, are tried one after the other; beyond this many they are taken for others. */
const triesMax = 10_000;

/** Where the answers of each text stand; to compare all with all would take the square of the conversation's length. */
function findAnswers(visible: readonly VisibleMessage[], from: number): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [index, { message }] of visible.entries()) {
    if (index < from || message.role !== "assistant") continue;
    const text = toText(message);
    const known = places.get(text);
    if (known === undefined) places.set(text, [index]);
    else known.push(index);
  }
  return places;
}

/** An answer that the client's list begins with lost what stood before it; another must answer the same message. */
function isAt(visible: readonly VisibleMessage[], at: number, message: Message, before: Message | undefined): boolean {
  const here = visible[at]?.message;
  const previous = visible[at - 1]?.message;
  if (here === undefined || !isSameMessage(here, message)) return false;
  return before === undefined || (previous !== undefined && isSameMessage(previous, before));
}

function toText({ content }: AssistantMessage): string {
  if (content == null || typeof content === "string") return toSpoken(content ?? "");
  return toSpoken(content.map((part) => (part.type === "text" ? part.text : "")).join(""));
}

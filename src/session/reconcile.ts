import type { Message } from "../base/contract.ts";
import { fromTold } from "../base/model-state.ts";
import { recallSteps } from "./recalled-steps.ts";
import { isSameMessage } from "./same-message.ts";
import type { StoredMessage } from "./store.ts";
import { toVisible, type VisibleMessage } from "./visible.ts";

export type Instruction = Extract<Message, { role: "system" | "developer" }>;

export interface Reconciled {
  /** How many messages of the stored transcript the conversation goes on from. */
  readonly keep: number;
  /** What comes after them: messages of the client, and steps that belong to an answer it tells in another place. */
  readonly fresh: readonly StoredMessage[];
}

/** Parts the instructions of this run, which no session stores, from what was said. The order within each stays. */
export function separateInstructions(messages: readonly Message[]): {
  readonly instructions: readonly Instruction[];
  readonly conversation: readonly Message[];
} {
  return {
    instructions: messages.filter(isInstruction),
    conversation: messages.filter((message) => !isInstruction(message)),
  };
}

function isInstruction(message: Message): message is Instruction {
  return message.role === "system" || message.role === "developer";
}

/**
 * Makes one conversation of what the session remembers and what the client sent (without its instructions). The model
 * shall see `stored.slice(0, keep)` followed by `fresh`.
 *
 * A client that repeats an answer tells the whole conversation, as far as it saw it: `keep` is how far the transcript
 * agrees, with the steps that stayed inside the gateway, and `fresh` is the rest, in which answers from further on in the
 * transcript (the client has cut or summed up what stood before them) have their steps again. A client that repeats none
 * (a first message, the next one, the results of tools) tells only what is new, which goes after everything stored. That
 * needs no exception for a turn that failed, and is told again: such a turn was not stored.
 *
 * One round of tools is new too, though it begins with the answer that called them: SDKs hand that answer out to be put
 * before the results.
 *
 * With `always` the client tells the whole conversation even where it repeats no answer: the question alone is then the
 * first one, edited or asked again. Results alone cannot be a conversation, and no messages say nothing about one.
 */
export function reconcile(stored: readonly StoredMessage[], incoming: readonly Message[], always: boolean): Reconciled {
  const told = incoming.map(toTold);
  if (stored.length === 0 || !tellsAll(told, always)) return { keep: stored.length, fresh: told };
  const visible = toVisible(stored);
  const round = always ? undefined : findRound(visible, told);
  if (round !== undefined) return { keep: visible[round.last]?.end ?? 0, fresh: told.slice(round.agreed) };
  const agreed = toCommonLength(visible, told);
  const keep = visible[agreed - 1]?.end ?? 0;
  return { keep, fresh: recallSteps(stored, visible, told, agreed) };
}

function tellsAll(told: readonly Message[], always: boolean): boolean {
  return told.some(({ role }) => role === "assistant" || (always && role === "user"));
}

/** How far the transcript has a round of tools that is told by itself, and where it ends there. */
function findRound(
  visible: readonly VisibleMessage[],
  told: readonly Message[],
): { readonly last: number; readonly agreed: number } | undefined {
  const [called, ...others] = told;
  if (called?.role !== "assistant" || !called.tool_calls?.length) return undefined;
  if (others[0]?.role !== "tool" || others.some(({ role }) => role === "assistant")) return undefined;
  const place = visible.findLastIndex(({ message }) => isSameMessage(message, called));
  if (place === -1) return undefined;
  const agreed = toCommonLength(visible.slice(place), told);
  return { last: place + agreed - 1, agreed };
}

function toCommonLength(visible: readonly VisibleMessage[], incoming: readonly Message[]): number {
  const parting = incoming.findIndex((message, index) => {
    const known = visible[index];
    return known === undefined || !isSameMessage(known.message, message);
  });
  return parting === -1 ? incoming.length : parting;
}

/**
 * A client's message as the run knows it. Only the gateway may say that a result is its own: a client could otherwise
 * hide what it told.
 */
function toTold(message: Message): Message {
  if (message.role === "assistant") return fromTold(message);
  if (!("origin" in message)) return message;
  const { origin: _, ...told } = message;
  return told;
}

import type { Session, SessionMessage } from "../../base/contract.ts";
import { withoutState } from "../../base/model-state.ts";
import { parseOperatorKey, parseStoredKey } from "../../session/key.ts";
import type { HistoryMessage, SessionEntry } from "../../session/store.ts";

/** `shown` is the key by which the reader knows it. */
export function toSession({ key, createdAt, updatedAt, messageCount }: SessionEntry, shown: string): Session {
  return {
    id: shown,
    object: "session",
    // Every session belongs to an agent, whose id its owner's key begins with.
    agent_id: parseOperatorKey(parseStoredKey(key) ?? key).agentId ?? key,
    created_at: toSeconds(createdAt),
    updated_at: toSeconds(updatedAt),
    message_count: messageCount,
  };
}

export function toMessage(entry: HistoryMessage): SessionMessage {
  const { createdAt, supersededAt, message } = entry;
  return {
    id: toMessageId(entry),
    object: "session.message",
    created_at: toSeconds(createdAt),
    superseded_at: supersededAt === undefined ? null : toSeconds(supersededAt),
    // The contract leaves the message open, as its clients may have sent more than it knows; instructions are not stored.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- so it is wider than what is stored
    message: (message.role === "assistant" ? withoutState(message) : message) as SessionMessage["message"],
  };
}

export function toMessageId({ sequence }: Pick<HistoryMessage, "sequence">): string {
  return `msg_${sequence}`;
}

/** What `toMessageId` made it of; 0, which is before every message, for none. */
export function toSequence(id: string | undefined): number {
  return id === undefined ? 0 : Number(id.slice("msg_".length));
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

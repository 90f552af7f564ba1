import { toChatMessage } from "./chat-message.ts";
import { toDefaults } from "./directory.ts";
import type { SocketHandlers } from "./methods.ts";
import type { SessionFeeds } from "./session-feeds.ts";
import { toSessionId } from "./session-name.ts";
import { nameReadable, type RowParts, toRow } from "./session-rows.ts";
import type { ChatMessage } from "../base/contract.ts";
import type { Agents } from "../run/agents.ts";
import type { SessionStore } from "../session/store.ts";

export interface HistoryParts extends RowParts {
  readonly agents: Agents;
  readonly store: Pick<SessionStore, "find" | "history">;
  readonly feeds: SessionFeeds;
}

const limitDefault = 200;
/** Of one message, and of all together: what a client is sent it has to parse at once. */
const charactersMaxDefault = 100_000;
const pageCharactersMax = 1_000_000;

/** What was said last in a session, and what is being said. */
export function createChatHistory(parts: HistoryParts): Pick<SocketHandlers, "chat.history"> {
  return {
    async "chat.history"({ sessionKey, agentId, limit = limitDefault, maxChars = charactersMaxDefault }, call) {
      const { agent, key, stored } = nameReadable(parts.agents, { sessionKey, agentId }, call.principal);
      // First, so that nothing is missed between what is read and what is told.
      parts.feeds.follow(stored, key, call.member);
      const entry = await parts.store.find(stored);
      const query = { after: 0, limit, includeSuperseded: false, fromEnd: true };
      const page = entry && (await parts.store.history(stored, query));
      const messages = (page?.items ?? []).map((item) => toChatMessage(item, maxChars));
      const kept = keepLast(messages, pageCharactersMax);
      const [inFlightRun] = parts.feeds.listRuns(stored);
      return {
        sessionKey: key,
        sessionId: toSessionId(stored, entry?.createdAt),
        messages: kept,
        hasMore: page?.hasMore === true || kept.length < messages.length,
        defaults: toDefaults(parts.agents.of(call.principal)),
        sessionInfo: toRow(parts, { stored, key, agent, entry }),
        ...(inFlightRun?.text === undefined
          ? {}
          : {
              inFlightRun: { runId: inFlightRun.runId, text: inFlightRun.text, startedAt: inFlightRun.startedAt },
            }),
      };
    },
  };
}

/** As many of the last ones as fit, and always the last. */
function keepLast(messages: readonly ChatMessage[], charactersMax: number): ChatMessage[] {
  let left = charactersMax;
  const first = messages.findLastIndex((message) => {
    left -= JSON.stringify(message).length;
    return left < 0;
  });
  return messages.slice(Math.min(first + 1, Math.max(0, messages.length - 1)));
}

import { toChatMessage } from "./chat-message.ts";
import { listAgents, listModels, toDefaults } from "./directory.ts";
import type { Followers } from "./followers.ts";
import type { SocketCall, SocketHandlers } from "./methods.ts";
import type { RunMarks } from "./run-marks.ts";
import type { RunUnderWay } from "./session-feed.ts";
import { mainKey, toSessionId } from "./session-name.ts";
import { nameReadable, type RowParts, toRow } from "./session-rows.ts";
import type { ChatMessage, SocketMethods } from "../base/contract.ts";
import type { Principal } from "../base/principal.ts";
import type { Agents } from "../run/agents.ts";
import type { SessionStore } from "../session/store.ts";

export interface HistoryParts extends RowParts {
  readonly agents: Agents;
  readonly store: Pick<SessionStore, "find" | "history">;
  readonly marks: RunMarks;
  readonly followers: Followers;
}

const limitDefault = 200;
/** Of all messages together. */
const pageCharactersMax = 1_000_000;

/** No run, or one that says nothing of itself. */
const nobody: RunUnderWay = { runId: "", startedAt: 0, text: undefined };

type HistoryPayload = SocketMethods["chat.history"]["payload"];

/** What was said last in a session, and what is being said. */
export function createChatHistory(
  parts: HistoryParts,
): Pick<SocketHandlers, "chat.history" | "chat.startup" | "chat.metadata"> {
  const { agents } = parts;
  const toMetadata = (principal: Principal, agentId?: string): SocketMethods["chat.metadata"]["payload"] => {
    return { commands: [], models: listModels(agents, principal, agentId) };
  };
  return {
    "chat.history": (params, call) => readHistory(parts, params, call),
    async "chat.startup"({ sessionKey = mainKey, ...params }, call) {
      parts.followers.subscribe(call.member);
      const history = await readHistory(parts, { sessionKey, ...params }, call);
      const agentsList = listAgents(agents, call.principal);
      return { ...history, agentsList, metadata: toMetadata(call.principal, params.agentId) };
    },
    "chat.metadata": ({ agentId }, { principal }) => toMetadata(principal, agentId),
  };
}

async function readHistory(
  parts: HistoryParts,
  { sessionKey, agentId, limit = limitDefault, maxChars }: SocketMethods["chat.history"]["params"],
  { principal, member }: Pick<SocketCall<"chat.history">, "principal" | "member">,
): Promise<HistoryPayload> {
  const { agents, store, followers, marks } = parts;
  const { agent, key, stored } = nameReadable(agents, { sessionKey, agentId }, principal);
  // First, so that nothing is missed between what is read and what is told.
  await followers.follow(stored, key, member);
  const entry = await store.find(stored);
  const page = entry && (await store.history(stored, { after: 0, limit, includeSuperseded: false, fromEnd: true }));
  const messages = (page?.items ?? []).map((item) => toChatMessage(item, maxChars, marks.find(stored, item.sequence)));
  const kept = keepLast(messages, pageCharactersMax);
  const [{ runId, text, startedAt } = nobody] = followers.listRuns(stored);
  return {
    sessionKey: key,
    sessionId: toSessionId(stored, entry?.createdAt),
    messages: kept,
    hasMore: page?.hasMore === true || kept.length < messages.length,
    defaults: toDefaults(agents.of(principal)),
    sessionInfo: toRow(parts, { stored, key, agent, entry }),
    ...(text === undefined ? {} : { inFlightRun: { runId, text, startedAt } }),
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

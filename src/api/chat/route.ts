import {
  isSideTask,
  listChatIdHeaders,
  listSideTaskPresets,
  readChatId,
  type ReadHeader,
  type SessionPolicy,
} from "./chat-client.ts";
import type { ChatCompletionRequest } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import type { Agent, Agents, AgentTarget } from "../../run/agents.ts";
import type { RunSession } from "../../run/run-request.ts";
import { parseHeaderKey, toChatKey, toHeaderKey, toStatelessKey, toUserKey } from "../../session/key.ts";

export interface Route {
  readonly agent: Agent;
  readonly session: RunSession;
}

/** What a call says about its session. */
export interface SessionWish {
  /** Those that the caller may use. */
  readonly agents: Agents;
  readonly target: AgentTarget;
  readonly sessionKey: string | undefined;
  readonly header: ReadHeader;
  readonly body: Pick<ChatCompletionRequest, "user" | "messages">;
}

/**
 * The session of a call: that of `x-openclaw-session-key`, else of a chat id header, else of `user`, else a new one that
 * is not kept. A client's side task is not kept either, unless the call names its session by the first. A key that names
 * an agent selects it. Throws `invalid_session_key`, `agent_conflict` if another agent was chosen, `model_not_found` if
 * there is none.
 */
export type ToRoute = (wish: SessionWish) => Route;

const keyHeader = "x-openclaw-session-key";

export function createToRoute(policy: SessionPolicy): ToRoute {
  const chatIdHeaders = listChatIdHeaders(policy);
  const sideTasks = listSideTaskPresets(policy);

  const toSession = (agentId: string, { header, body: { user, messages } }: SessionWish): RunSession => {
    // Where no client's headers are read, which is so unless the configuration names some, there is nothing to look for.
    const chatId = chatIdHeaders.length === 0 ? undefined : readChatId(chatIdHeaders, header);
    const stateless = { key: toStatelessKey(agentId), kept: false, toldWhole: true };
    if (sideTasks.length > 0 && isSideTask(sideTasks, header, messages)) return stateless;
    // Who keeps a list of chats keeps their messages, and sends them all; a `user` may be anybody's.
    if (chatId !== undefined) return { key: toChatKey(agentId, chatId), kept: true, toldWhole: true };
    if (!user || policy.user !== "session") return stateless;
    return { key: toUserKey(agentId, user), kept: true, toldWhole: false };
  };

  return (wish) => {
    const { agents, target, sessionKey } = wish;
    if (sessionKey !== undefined) return toKeyRoute(sessionKey, target, agents);
    const { agent } = target;
    return { agent, session: toSession(agent.id, wish) };
  };
}

function toKeyRoute(sessionKey: string, target: AgentTarget, agents: Agents): Route {
  const { agentId, key } = parseHeaderKey(sessionKey);
  const agent = agentId === undefined ? target.agent : toKeyAgent(agentId, target, agents);
  return { agent, session: { key: toHeaderKey(agent.id, key), kept: true, toldWhole: false } };
}

function toKeyAgent(id: string, target: AgentTarget, agents: Agents): Agent {
  if (target.explicit && target.agent.id !== id) {
    throw new GatewayError(
      "agent_conflict",
      `'${keyHeader}' belongs to the agent '${id}', but the call chose '${target.agent.id}'.`,
      { param: keyHeader },
    );
  }
  const agent = agents.find(id);
  if (agent === undefined)
    throw new GatewayError("model_not_found", `'${keyHeader}' names the agent '${id}', which does not exist.`, {
      param: keyHeader,
    });
  return agent;
}

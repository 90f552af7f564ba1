import type { Agent, Agents } from "../agents/agents.ts";
import type { AgentTarget } from "../agents/target.ts";
import { GatewayError } from "../errors.ts";
import { parseHeaderKey, toHeaderKey, toStatelessKey, toUserKey } from "../sessions/key.ts";

export interface Route {
  readonly agent: Agent;
  readonly session: { readonly key: string; readonly kept: boolean };
}

const header = "x-openclaw-session-key";

/**
 * The session of a call: the header's, else the one derived from `user`, else a new one that is not kept. A header key
 * that names an agent selects it. Throws `agent_conflict` if another one was chosen, `model_not_found` if there is none.
 */
export function toRoute(
  target: AgentTarget,
  headerKey: string | undefined,
  user: string | undefined,
  agents: Agents,
): Route {
  if (headerKey !== undefined) {
    const { agentId, key } = parseHeaderKey(headerKey);
    const agent = agentId === undefined ? target.agent : toKeyAgent(agentId, target, agents);
    return { agent, session: { key: toHeaderKey(agent.id, key), kept: true } };
  }
  const { agent } = target;
  if (user) return { agent, session: { key: toUserKey(agent.id, user), kept: true } };
  return { agent, session: { key: toStatelessKey(agent.id), kept: false } };
}

function toKeyAgent(id: string, target: AgentTarget, agents: Agents): Agent {
  if (target.explicit && target.agent.id !== id) {
    throw new GatewayError(
      "agent_conflict",
      `'${header}' belongs to the agent '${id}', but the call chose '${target.agent.id}'.`,
      { param: header },
    );
  }
  const agent = agents.find(id);
  if (agent === undefined)
    throw new GatewayError("model_not_found", `'${header}' names the agent '${id}', which does not exist.`, {
      param: header,
    });
  return agent;
}

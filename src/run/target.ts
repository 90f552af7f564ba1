import { GatewayError } from "../base/errors.ts";
import type { Agent, Agents } from "./agents.ts";

/** The agent that a `model` names, and whether it was named rather than left to the default. */
export interface AgentTarget {
  readonly agent: Agent;
  readonly explicit: boolean;
}

/**
 * `openclaw` and `openclaw/default` are the default agent; `openclaw:<id>`, `openclaw/<id>` and `agent:<id>` the agent
 * `<id>`; further names come from the alias table. Anything else is undefined, never silently the default.
 */
export function findTarget(model: string, agents: Agents): AgentTarget | undefined {
  if (model === "openclaw" || model === "openclaw/default") return { agent: agents.default, explicit: false };
  const id = /^(?:openclaw[:/]|agent:)(.+)$/.exec(model)?.[1];
  const agent = id === undefined ? agents.aliases.get(model) : agents.find(id);
  return agent === undefined ? undefined : { agent, explicit: true };
}

/** The names that `GET /v1/models` lists: one form for each agent, and the aliases. */
export function listTargets(agents: Agents): string[] {
  return ["openclaw", "openclaw/default", ...agents.list.map(({ id }) => `openclaw/${id}`), ...agents.aliases.keys()];
}

/** The header wins over `model`. Throws 404 `model_not_found` whose `param` is the one that was used. */
export function toTarget(model: string, header: string | undefined, agents: Agents): AgentTarget {
  if (header !== undefined) {
    const agent = agents.find(header);
    if (agent !== undefined) return { agent, explicit: true };
    throw notFound(header, "x-openclaw-agent-id", agents);
  }
  const target = findTarget(model, agents);
  if (target === undefined) throw notFound(model, "model", agents);
  return target;
}

function notFound(name: string, param: string, agents: Agents): GatewayError {
  const known = agents.list
    .slice(0, 10)
    .map(({ id }) => (param === "model" ? `openclaw/${id}` : id))
    .join(", ");
  const message = `No agent answers to '${name.slice(0, 64)}'. Try: ${param === "model" ? "openclaw, " : ""}${known}.`;
  return new GatewayError("model_not_found", message, { param });
}

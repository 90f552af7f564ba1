import { hash } from "node:crypto";
import type { SessionRow } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Agent, Agents } from "../run/agents.ts";
import { parseOperatorKey, parseStoredKey, toHeaderKey, toStoredKey } from "../session/key.ts";

/** A session as a client names it, and as the store does. */
export interface NamedSession {
  readonly agent: Agent;
  /** `agent:<id>:…`, as its owner knows it. */
  readonly key: string;
  readonly stored: string;
}

/** What a client means that names no session. */
export const mainKey = "main";

/**
 * The session of a key, with or without `agent:<id>:` before it, and of the agent that it or the client names. Any name will
 * do, that of a `user` too: whoever has come this far could name it over HTTP. Throws `model_not_found` and
 * `agent_conflict`.
 */
export function nameSession(
  {
    sessionKey = mainKey,
    agentId,
  }: { readonly sessionKey?: string | undefined; readonly agentId?: string | undefined },
  principal: Principal,
  all: Agents,
): NamedSession {
  if (parseStoredKey(sessionKey) !== undefined)
    throw new GatewayError("invalid_session_key", "The session belongs to another key; only that one talks in it.", {
      param: "sessionKey",
    });
  const agents = all.of(principal);
  const named = parseOperatorKey(sessionKey);
  if (named.agentId !== undefined && agentId !== undefined && named.agentId !== agentId)
    throw new GatewayError(
      "agent_conflict",
      `The session belongs to the agent '${named.agentId}', but 'agentId' is '${agentId.slice(0, 64)}'.`,
      { param: "agentId" },
    );
  const agent = findAgent(agents, named.agentId ?? agentId);
  const key = toHeaderKey(agent.id, named.key);
  return { agent, key, stored: toStoredKey(key, principal) };
}

/** The agent of this id, or the default one. Throws `model_not_found`, as the HTTP side does for such a name. */
export function findAgent(agents: Agents, agentId: string | undefined): Agent {
  const agent = agentId === undefined ? agents.default : agents.find(agentId);
  if (agent !== undefined) return agent;
  const known = agents.list.slice(0, 10).map(({ id }) => id);
  const message = `There is no agent '${agentId?.slice(0, 64)}'. There are: ${known.join(", ")}.`;
  throw new GatewayError("model_not_found", message, { param: "agentId" });
}

/** The key by which somebody knows a session; undefined for one that is not theirs to read. */
export function toShownKey(stored: string, principal: Principal, agents: Agents): string | undefined {
  const { namespace = "", scopes } = principal;
  const isOwn = stored.startsWith(`${namespace}agent:`);
  const shown = isOwn ? stored.slice(namespace.length) : stored;
  const { agentId } = parseOperatorKey(isOwn ? shown : (parseStoredKey(stored) ?? stored));
  const isReached = agents.of(principal).list.some(({ id }) => id === agentId);
  return isReached && (isOwn || scopes.has("admin")) ? shown : undefined;
}

/** One id for each life of a session: a key that is used again after a deletion is another one. */
export function toSessionId(stored: string, createdAt = 0): string {
  const digits = hash("sha256", `${createdAt} ${stored.toWellFormed()}`);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

export function toModelNames({ models }: Agent): Required<Pick<SessionRow, "modelProvider" | "model">> {
  const { name, model } = models[0];
  return { modelProvider: name.slice(0, name.length - model.length - 1), model };
}

import type { SocketHandlers } from "./methods.ts";
import { findAgent, mainKey, toModelNames } from "./session-name.ts";
import { contractVersion, type SocketMethods } from "../base/contract.ts";
import type { Principal } from "../base/principal.ts";
import type { Agents } from "../run/agents.ts";

type Health = SocketMethods["health"]["payload"];

/** Left out here: `sessions.list` is the one that asks the store. */
const noSessions = { path: "", count: 0, recent: [] };
/** Agents begin nothing by themselves. */
const noHeartbeat = { enabled: false, every: "0m", everyMs: null, prompt: "", target: "none", ackMaxChars: 0 } as const;

type DirectoryMethod =
  | "health"
  | "status"
  | "agents.list"
  | "models.list"
  | "models.authStatus"
  | "commands.list"
  | "question.list"
  | "plugin.approval.list";

/** What there is: agents, models, and that the gateway answers. */
export function createDirectory(all: Agents): Pick<SocketHandlers, DirectoryMethod> {
  return {
    health: (_, { principal }) => toHealth(all.of(principal)),
    status(_, { principal }) {
      const agents = all.of(principal);
      return {
        runtimeVersion: contractVersion,
        heartbeat: { defaultAgentId: agents.default.id, agents: [] },
        channelSummary: [],
        queuedSystemEvents: [],
        sessions: { paths: [], count: 0, defaults: toDefaults(agents), recent: [], byAgent: [] },
      };
    },
    "agents.list": (_, { principal }) => listAgents(all, principal),
    "models.list": ({ agentId }, { principal }) => ({ models: listModels(all, principal, agentId) }),
    "models.authStatus"({ agentId }, { principal }) {
      const names = new Set(listModels(all, principal, agentId).map(({ provider }) => provider));
      const status = "static" as const;
      const providers = [...names].map((provider) => ({ provider, displayName: provider, status, profiles: [] }));
      return { ts: Date.now(), providers };
    },
    // There are none, and that is the truth; what there is nothing of at all is an unknown method.
    "commands.list": () => ({ commands: [] }),
    "question.list": () => ({ questions: [] }),
    "plugin.approval.list": () => [],
  };
}

export function toHealth(agents: Agents): Health {
  return {
    ok: true,
    ts: Date.now(),
    durationMs: 0,
    channels: {},
    channelOrder: [],
    channelLabels: {},
    heartbeatSeconds: 0,
    defaultAgentId: agents.default.id,
    agents: agents.list.map(({ id }) => ({
      agentId: id,
      isDefault: id === agents.default.id,
      heartbeat: noHeartbeat,
      sessions: noSessions,
    })),
    sessions: noSessions,
  };
}

/** Of the default agent, with which a session begins that names none. */
export function toDefaults(agents: Agents): SocketMethods["status"]["payload"]["sessions"]["defaults"] {
  return { ...toModelNames(agents.default), contextTokens: null };
}

export function listAgents(all: Agents, principal: Principal): SocketMethods["agents.list"]["payload"] {
  const agents = all.of(principal);
  return {
    defaultId: agents.default.id,
    mainKey,
    scope: "per-sender",
    agents: agents.list.map(({ id, models: [first, ...others] }) => ({
      id,
      name: id,
      model: { primary: first.name, fallbacks: others.map(({ name }) => name) },
    })),
  };
}

/** Each model once, whichever agents have it. */
export function listModels(
  all: Agents,
  principal: Principal,
  agentId?: string,
): SocketMethods["models.list"]["payload"]["models"] {
  const agents = all.of(principal);
  const asked = agentId === undefined ? agents.list : [findAgent(agents, agentId)];
  const bound = new Map(asked.flatMap(({ models }) => models.map((model) => [model.name, model])));
  return [...bound.values()].map(({ name, model }) => ({
    id: model,
    name: model,
    provider: name.slice(0, name.length - model.length - 1),
    available: true,
  }));
}

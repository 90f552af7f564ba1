import { ConfigError } from "../base/config/config-error.ts";
import type { Config, KeyConfig, ModelChoice } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Capabilities, Provider } from "../model/model.ts";
import { toUnknownProvider } from "../model/provider-check.ts";
import type { MediaLimits } from "./media/media-limits.ts";
import { type Reach, toReach } from "./model-reach.ts";

/** One model of a provider, under the name that the configuration gives it. */
export interface BoundModel {
  readonly provider: Provider;
  /** `provider/model`, as configured. */
  readonly name: string;
  /** The part after the first slash. */
  readonly model: string;
  readonly capabilities: Capabilities;
}

export type Included = "reasoning" | "tools";

/** Who answers: models with instructions and tools, under a name. */
export interface Agent {
  readonly id: string;
  readonly instructions: readonly string[];
  /** In the order in which they are tried. */
  readonly models: readonly [BoundModel, ...BoundModel[]];
  /** What all its models are given of a request beyond the contract. */
  readonly reach: Reach;
  /** What every answer shows besides itself. */
  readonly include: readonly Included[];
  /** Whether `response_format` is checked here where the model itself cannot hold to it. */
  readonly enforcesFormat: boolean;
  /** The most model calls of one run. */
  readonly stepsMax: number;
  /** Tool servers by name, each with the tools that the agent may use; `*` for all. */
  readonly tools: Readonly<Record<string, readonly string[]>>;
  /** How much of what its tools show the model is shown. */
  readonly mediaLimits: MediaLimits;
}

export interface Agents {
  readonly list: readonly Agent[];
  readonly default: Agent;
  readonly aliases: ReadonlyMap<string, Agent>;
  /** Throws 403 `agent_not_allowed` if there is such an agent, but none that may be used here. */
  find(id: string): Agent | undefined;
  /** The same for a name of the alias table. */
  findAlias(name: string): Agent | undefined;
  /** What of them a principal may use. */
  of(principal: Permit): Agents;
}

/** Which agents and models may be used, and by whom. */
export type Permit = Pick<Principal, "name" | "agents" | "models">;

export type Providers = ReadonlyMap<string, Provider>;

const stepsMaxDefault = 16;

/** For programs that neither name a model nor look for one. */
const standardModel = "embedded/assistant";

/** Binds every agent of the configuration to its models. Throws `ConfigError` where one does not exist. */
export function createAgents({ agents, gateway }: Config, providers: Providers): Agents {
  const entries: Config["agents"]["list"] = agents.list.length > 0 ? agents.list : [{ id: "main", default: true }];
  const { defaults } = agents;
  const list = entries.map((entry, index): Agent => {
    const key = entry.model === undefined ? "agents.defaults.model" : `agents.list[${index}].model`;
    const models = bindModels(entry.model ?? defaults.model ?? standardModel, key, providers);
    const agent = {
      id: entry.id,
      instructions: [defaults.instructions, entry.instructions].filter((text) => text !== undefined),
      models,
      reach: toReach(models.map(({ provider }) => provider)),
      include: entry.include ?? defaults.include ?? [],
      enforcesFormat: (entry.structuredOutput ?? defaults.structuredOutput) === "enforce",
      stepsMax: entry.stepsMax ?? defaults.stepsMax ?? stepsMaxDefault,
      tools: entry.tools ?? defaults.tools ?? {},
      mediaLimits: gateway.http.endpoints.chatCompletions.media,
    };
    assertToolsUsable(agent, key);
    return agent;
  });
  const byId = new Map(list.map((agent) => [agent.id, agent]));
  const marked = entries.find((entry) => entry.default)?.id ?? "main";
  const first = byId.get(marked);
  if (first === undefined) throw new ConfigError("agents.list has neither an agent marked default nor 'main'.");
  const aliases = Object.entries(agents.aliases).map(([alias, id]): [string, Agent] => {
    const agent = byId.get(id);
    if (agent === undefined) throw new ConfigError(`agents.aliases['${alias}'] names no agent.`);
    return [alias, agent];
  });
  const whole = toAgents(list, first, new Map(aliases));
  for (const [name, key] of Object.entries(gateway.auth.keys)) assertPermit(name, key, whole);
  return whole;
}

/** All of them. */
export function toAgents(list: readonly Agent[], first: Agent, aliases: ReadonlyMap<string, Agent>): Agents {
  const byId = new Map(list.map((agent) => [agent.id, agent]));
  const views = new WeakMap<Permit, Agents>();
  const whole: Agents = {
    list,
    default: first,
    aliases,
    find: (id) => byId.get(id),
    findAlias: (name) => aliases.get(name),
    of(principal) {
      if (principal.agents === undefined && principal.models === undefined) return whole;
      const view = views.get(principal) ?? permit(whole, principal);
      views.set(principal, view);
      return view;
    },
  };
  return whole;
}

/** The agents as one sees them who may not use all, or not with all their models. */
function permit(whole: Agents, principal: Permit): Agents {
  const { name, agents, models } = principal;
  const list = whole.list.flatMap((agent): Agent[] => {
    if (agents?.has(agent.id) === false) return [];
    const [first, ...others] = agent.models.filter((bound) => models?.has(bound.name) !== false);
    if (first === undefined) return [];
    const reach = toReach([first, ...others].map(({ provider }) => provider));
    return [{ ...agent, models: [first, ...others], reach }];
  });
  const byId = new Map(list.map((agent) => [agent.id, agent]));
  const preferred = [whole.default.id, ...(agents ?? [])]
    .map((id) => byId.get(id))
    .find((agent) => agent !== undefined);
  const first = preferred ?? list[0];
  if (first === undefined)
    throw new ConfigError(`gateway.auth.keys.${name}.models has no model of an agent that it may use.`);
  const pass = (id: string | undefined): Agent | undefined => {
    if (id === undefined) return undefined;
    return byId.get(id) ?? refuse(name, id, list);
  };
  return {
    list,
    default: first,
    aliases: new Map(
      [...whole.aliases].flatMap(([alias, { id }]) => {
        const agent = byId.get(id);
        return agent === undefined ? [] : [[alias, agent]];
      }),
    ),
    find: (id) => pass(whole.find(id)?.id),
    findAlias: (alias) => pass(whole.findAlias(alias)?.id),
    of: (other) => whole.of(other),
  };
}

/** That there is such an agent is no secret among those who have a key; a 404 would let them look for a typo. */
function refuse(name: string, id: string, list: readonly Agent[]): never {
  const allowed = list.slice(0, 10).map((agent) => `'${agent.id}'`);
  const message = `The key '${name}' may not use the agent '${id}'. It may use: ${allowed.join(", ")}.`;
  throw new GatewayError("agent_not_allowed", message);
}

function assertPermit(name: string, key: KeyConfig, whole: Agents): void {
  const known = new Set(whole.list.flatMap(({ models }) => models.map((bound) => bound.name)));
  const unknown = key.models?.find((model) => !known.has(model));
  if (unknown !== undefined)
    throw new ConfigError(`gateway.auth.keys.${name}.models has '${unknown}', which no agent uses.`);
  whole.of({ name, agents: key.agents && new Set(key.agents), models: key.models && new Set(key.models) });
}

function bindModels(choice: ModelChoice, key: string, providers: Providers): Agent["models"] {
  if (typeof choice === "string") return [bindModel(choice, key, providers)];
  const others = (choice.fallbacks ?? []).map((name, index) =>
    bindModel(name, `${key}.fallbacks[${index}]`, providers),
  );
  return [bindModel(choice.primary, `${key}.primary`, providers), ...others];
}

function bindModel(name: string, key: string, providers: Providers): BoundModel {
  const slash = name.indexOf("/");
  const providerName = name.slice(0, slash);
  const provider = providers.get(providerName);
  if (provider === undefined) throw toUnknownProvider(key, name, [...providers.keys()]);
  const model = name.slice(slash + 1);
  if (provider.models?.includes(model) === false) {
    const known = provider.models.map((one) => `'${providerName}/${one}'`).join(", ");
    throw new ConfigError(
      `${key} is '${name}', but the provider '${providerName}' has no such model. Models: ${known}.`,
    );
  }
  return { provider, name, model, capabilities: provider.toCapabilities(model) };
}

/** Tools of the operator that a model could never be shown would be missing in silence. */
function assertToolsUsable({ id, models, tools }: Agent, key: string): void {
  if (Object.keys(tools).length === 0) return;
  const unable = models.find(({ capabilities }) => !capabilities.tools.has("function"));
  if (unable === undefined) return;
  throw new ConfigError(`${key} has '${unable.name}', which takes no tools, but the agent '${id}' has some.`);
}

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
  const agent = id === undefined ? agents.findAlias(model) : agents.find(id);
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

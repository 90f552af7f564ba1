import type { Config } from "../contract.ts";
import { ConfigError } from "../config/error.ts";
import type { Provider } from "../providers/provider.ts";

/** Who answers: a model with instructions, under a name. */
export interface Agent {
  readonly id: string;
  readonly instructions: readonly string[];
  readonly provider: Provider;
  /** `provider/model`, as configured. */
  readonly model: string;
  /** The part after the first slash. */
  readonly modelName: string;
}

export interface Agents {
  readonly list: readonly Agent[];
  readonly default: Agent;
  readonly aliases: ReadonlyMap<string, Agent>;
  find(id: string): Agent | undefined;
}

export type Providers = ReadonlyMap<string, Provider>;

/** Binds every agent of the configuration to its provider. Throws `ConfigError` where one does not exist. */
export function createAgents({ agents }: Config, providers: Providers): Agents {
  const entries: Config["agents"]["list"] = agents.list.length > 0 ? agents.list : [{ id: "main", default: true }];
  const list = entries.map((entry, index): Agent => {
    const key = entry.model === undefined ? "agents.defaults.model" : `agents.list[${index}].model`;
    const instructions = [agents.defaults.instructions, entry.instructions].filter((text) => text !== undefined);
    return { id: entry.id, instructions, ...bindModel(entry.model ?? agents.defaults.model, key, providers) };
  });
  const byId = new Map(list.map((agent) => [agent.id, agent]));
  const marked = entries.find((entry) => entry.default)?.id ?? "main";
  const standard = byId.get(marked);
  if (standard === undefined) throw new ConfigError("agents.list has neither an agent marked default nor 'main'.");
  const aliases = Object.entries(agents.aliases).map(([alias, id]): [string, Agent] => {
    const agent = byId.get(id);
    if (agent === undefined) throw new ConfigError(`agents.aliases['${alias}'] names no agent.`);
    return [alias, agent];
  });
  return { list, default: standard, aliases: new Map(aliases), find: (id) => byId.get(id) };
}

function bindModel(model: string, key: string, providers: Providers): Pick<Agent, "model" | "modelName" | "provider"> {
  const slash = model.indexOf("/");
  const name = model.slice(0, slash);
  const provider = providers.get(name);
  if (provider === undefined) {
    const known = [...providers.keys()].map((one) => `'${one}'`).join(", ");
    throw new ConfigError(`${key} is '${model}', but there is no provider '${name}'. Providers: ${known}.`);
  }
  const modelName = model.slice(slash + 1);
  if (provider.models?.includes(modelName) === false) {
    const known = provider.models.map((one) => `'${name}/${one}'`).join(", ");
    throw new ConfigError(`${key} is '${model}', but the provider '${name}' has no such model. Models: ${known}.`);
  }
  return { model, modelName, provider };
}

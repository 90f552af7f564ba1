import type { Environment } from "../base/config/source.ts";
import type { LoadedConfig } from "../base/config/load.ts";
import { GatewayError } from "../base/errors.ts";
import { openFlow } from "../base/listener.ts";
import { createSilentLog } from "../base/log.ts";
import type { Provider } from "../model/model.ts";
import { toRemedy } from "../model/remedy.ts";
import { createProviders, stopProviders } from "../model/table.ts";
import { type Agents, createAgents } from "../run/agents.ts";
import type { ReadyConfig } from "./common.ts";
import type { Finding } from "./finding.ts";

/** How long a model may take to say a word. */
const wordMs = 20_000;

/**
 * Who would answer, and whether they can. Only providers of the configuration are asked, and only what costs nothing: a key
 * that merely lies in the environment is no order to call somebody. `online` is one.
 */
export async function examineModels(loaded: ReadyConfig, given: LoadedConfig, online: boolean): Promise<Finding[]> {
  const providers = await createProviders(loaded.config, loaded.folder, createSilentLog());
  try {
    const agents = createAgents(loaded.config, providers);
    const configured = new Set(Object.keys(given.config.models.providers));
    const examined = await Promise.all(
      [...providers].map(([name, provider]) => examineProvider({ name, provider, agents, online }, configured)),
    );
    return [...toAgentFindings(loaded, agents), ...examined.filter((finding) => finding !== undefined)];
  } finally {
    await stopProviders(providers);
  }
}

const proxies = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/** Other programs use it, so that somebody may wait for a call that never leaves the house. */
export function examineProxy({ config }: ReadyConfig, environment: Environment): Finding[] {
  const name = proxies.find((one) => environment[one]);
  const isNeeded = Object.values(config.models.providers).some(({ api }) => api !== "embedded");
  if (name === undefined || !isNeeded) return [];
  const detail = `${name} is set, and not used: providers are called directly. Where only a proxy leads out, name one that takes the calls itself as baseUrl`;
  return [{ state: "warn", what: "proxy", detail }];
}

function toAgentFindings({ standard }: ReadyConfig, agents: Agents): Finding[] {
  return agents.list.map((agent): Finding => {
    const [first, ...others] = agent.models;
    const why = first.name === standard?.model ? standard.why : "its own model";
    const fallbacks = others.length === 0 ? "" : `, then ${others.map(({ name }) => name).join(", ")}`;
    const mark = agent === agents.default ? ", answers to `openclaw`" : "";
    return { state: "ok", what: `agent ${agent.id}`, detail: `${first.name} (${why})${fallbacks}${mark}` };
  });
}

interface Examined {
  readonly name: string;
  readonly provider: Provider;
  readonly agents: Agents;
  readonly online: boolean;
}

/** Undefined for a provider that no agent uses, and for the built-in one, of which nothing can fail. */
async function examineProvider(asked: Examined, configured: ReadonlySet<string>): Promise<Finding | undefined> {
  const { name, provider, agents, online } = asked;
  const used = agents.list.flatMap(({ models }) => models).filter((bound) => bound.provider === provider);
  const models = [...new Set(used.map(({ model }) => model))];
  const [first] = models;
  if (first === undefined || name === "embedded") return undefined;
  const what = `model ${name}`;
  const isFree = configured.has(name) && provider.examine !== undefined;
  if (!isFree && !online)
    return { state: "ok", what, detail: "not asked whether it answers; `clawgate doctor --online` does" };
  try {
    const details = provider.examine === undefined ? [] : [await provider.examine(models)];
    if (online) details.push(await askForWord(provider, first));
    return { state: "ok", what, detail: details.join("; ") };
  } catch (error) {
    return { state: "FAIL", what, detail: toFailureDetail(name, GatewayError.from(error), configured.has(name)) };
  }
}

/** The smallest call that there is. */
async function askForWord(provider: Provider, model: string): Promise<string> {
  const messages = [{ role: "user" as const, content: "Say ok." }];
  const request = { model, agentId: "doctor", messages, tools: [], settings: { max_completion_tokens: 16 } };
  const signal = AbortSignal.timeout(wordMs);
  await provider.stream(request, { signal, flow: openFlow, emit: () => undefined });
  return `${model} answers a call`;
}

/** Whoever reads this is the one who would look into the log. */
const logHint = " The operator finds the reason in the log.";

function toFailureDetail(name: string, error: GatewayError, isConfigured: boolean): string {
  const { cause } = error;
  const message = error.message.replace(logHint, "");
  const detail = cause instanceof Error ? `${message} (${cause.message})` : message;
  const remedy = toRemedy(name, error) ?? `See models.providers.${name}`;
  const origin = isConfigured ? "" : " (it comes from the environment)";
  return `${detail}${/[.)]$/.test(detail) ? " " : ". "}${remedy}${origin}.`;
}

import { ConfigError } from "../base/config/config-error.ts";
import { headerTextRule, isHeaderText } from "../base/config/request-text.ts";
import type { OwnSecrets } from "../base/config/own-secret.ts";
import { type ConfigWarning, findKeyTrouble } from "../base/config/suspicion.ts";
import type { Config } from "../base/contract.ts";

type ProviderConfigs = Config["models"]["providers"];
type Environment = Readonly<Record<string, string | undefined>>;

/** The model that answers where the configuration names none, and why. */
export interface DetectedModel {
  /** `provider/model`. */
  readonly model: string;
  readonly why: string;
  /** The provider that was found, by name, if the configuration has none of that name. */
  readonly providers: ProviderConfigs;
  readonly warnings: readonly ConfigWarning[];
}

export interface DetectOptions {
  readonly environment: Environment;
  /** What lets somebody into this gateway, and is no key of a provider. */
  readonly own?: OwnSecrets;
  /** Asks a server on this machine for its models; undefined where there is none. */
  readonly listModels?: (baseUrl: string) => Promise<readonly string[] | undefined>;
  readonly isInstalled?: (packageName: string) => boolean;
}

interface KeyRow {
  readonly variable: string;
  readonly name: string;
  readonly model: string;
  /** The domain that the key is for. */
  readonly vendor: string;
  /** A package that not everybody has. */
  readonly needs?: string;
  readonly toConfig: (apiKey: string) => ProviderConfigs[string];
}

const completions =
  (baseUrl: string): KeyRow["toConfig"] =>
  (apiKey) => ({ ...remote, compat: {}, forward: [], api: "openai-completions", baseUrl, apiKey });

const remote = {
  headers: {},
  deadlines: { connectMs: 5_000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 600_000 },
  connectionsMax: 1_024,
};

/** In the order in which they are looked for. The models are the vendors' small, current ones. */
const keys: readonly KeyRow[] = [
  {
    variable: "OPENAI_API_KEY",
    name: "openai",
    model: "gpt-5-mini",
    vendor: "openai.com",
    toConfig: completions("https://api.openai.com/v1"),
  },
  {
    variable: "ANTHROPIC_API_KEY",
    name: "anthropic",
    model: "claude-haiku-4-5",
    vendor: "anthropic.com",
    needs: "@ai-sdk/anthropic",
    toConfig: (apiKey) => ({ ...remote, api: "anthropic-messages", apiKey }),
  },
  {
    variable: "OPENROUTER_API_KEY",
    name: "openrouter",
    model: "openrouter/auto",
    vendor: "openrouter.ai",
    toConfig: completions("https://openrouter.ai/api/v1"),
  },
  {
    variable: "GEMINI_API_KEY",
    name: "google",
    model: "gemini-flash-latest",
    vendor: "googleapis.com",
    needs: "@ai-sdk/google",
    toConfig: (apiKey) => ({ ...remote, api: "google-generative-ai", apiKey }),
  },
  {
    variable: "GROQ_API_KEY",
    name: "groq",
    model: "openai/gpt-oss-20b",
    vendor: "groq.com",
    toConfig: completions("https://api.groq.com/openai/v1"),
  },
  {
    variable: "MISTRAL_API_KEY",
    name: "mistral",
    model: "mistral-small-latest",
    vendor: "mistral.ai",
    toConfig: completions("https://api.mistral.ai/v1"),
  },
  {
    variable: "DEEPSEEK_API_KEY",
    name: "deepseek",
    model: "deepseek-chat",
    vendor: "deepseek.com",
    toConfig: completions("https://api.deepseek.com/v1"),
  },
];

const servers: readonly { readonly name: string; readonly title: string; readonly baseUrl: string }[] = [
  { name: "ollama", title: "Ollama", baseUrl: "http://127.0.0.1:11434/v1" },
  { name: "lmstudio", title: "LM Studio", baseUrl: "http://127.0.0.1:1234/v1" },
  { name: "llamacpp", title: "llama.cpp", baseUrl: "http://127.0.0.1:8080/v1" },
  { name: "vllm", title: "vLLM", baseUrl: "http://127.0.0.1:8000/v1" },
];

/** Models that only embed or rank, by the names they commonly have. */
const answersNot = /embed|rerank|\bbge\b|minilm/i;

const probeMs = 500;
const listBytesMax = 1024 * 1024;

/**
 * Finds the model for agents without one: a provider whose key is in the environment, else a model server on this
 * machine, else `embedded/assistant`. Asks nobody but this machine, and that only if there is no key. Throws
 * `ConfigError` for a key that no call could carry.
 */
export async function detectModel(configured: ProviderConfigs, options: DetectOptions): Promise<DetectedModel> {
  const { environment, own, listModels = listLocalModels, isInstalled = isPackageInstalled } = options;
  let passedOver = "";
  for (const { variable, name, model, vendor, needs, toConfig } of keys) {
    const key = environment[variable]?.trim();
    if (!key) continue;
    const otherUse = own?.name(key) ?? findOtherUse(variable, vendor, environment);
    if (otherUse !== undefined) {
      passedOver += `; ${variable} is not taken for a provider's key, since it is ${otherUse}`;
      continue;
    }
    if (needs !== undefined && !isInstalled(needs)) {
      passedOver += `; ${variable} is passed over, since ${needs} is not installed`;
      continue;
    }
    const why = `${variable} is in the environment${passedOver}`;
    if (!isHeaderText(key)) throw new ConfigError(`${variable} ${headerTextRule}.`);
    return {
      ...toDetected(configured, { name, model, config: toConfig(key), why }),
      warnings: toWarnings(variable, key),
    };
  }
  const found = await Promise.all(servers.map(({ baseUrl }) => listModels(baseUrl)));
  for (const [index, { name, title, baseUrl }] of servers.entries()) {
    const model = found[index]?.find((id) => !answersNot.test(id));
    if (model === undefined) continue;
    const config = { ...remote, compat: {}, forward: [], api: "openai-completions" as const, baseUrl };
    const why = `${title} answers at ${baseUrl}${passedOver}`;
    return { ...toDetected(configured, { name, model, config, why }), warnings: [] };
  }
  const why = `no model is configured and none was found${passedOver}`;
  return { model: "embedded/assistant", why, providers: {}, warnings: [] };
}

/**
 * Clients and vendors' own tools read `OPENAI_BASE_URL` beside `OPENAI_API_KEY`: where it leads elsewhere, the key is for
 * there, and the vendor is not to see it. Such an address is most often this gateway's.
 */
function findOtherUse(variable: string, vendor: string, environment: Environment): string | undefined {
  for (const name of [variable.replace("API_KEY", "BASE_URL"), variable.replace("API_KEY", "API_BASE")]) {
    const address = environment[name]?.trim();
    if (!address) continue;
    const host = URL.parse(address)?.hostname ?? "";
    if (host === vendor || host.endsWith(`.${vendor}`)) continue;
    return `for the address in ${name}`;
  }
  return undefined;
}

function toWarnings(key: string, value: string): ConfigWarning[] {
  const problem = findKeyTrouble(value);
  return problem === undefined ? [] : [{ key, problem }];
}

function isPackageInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Whether a provider of that name may be found where the configuration has none. */
export function isFindable(name: string): boolean {
  return [...keys, ...servers].some((one) => one.name === name);
}

interface Found {
  readonly name: string;
  readonly model: string;
  readonly config: ProviderConfigs[string];
  readonly why: string;
}

/** A provider that is configured under the name stays as it is, and has its own models. */
function toDetected(configured: ProviderConfigs, { name, model, config, why }: Found): Omit<DetectedModel, "warnings"> {
  const own = Object.hasOwn(configured, name) ? configured[name] : undefined;
  if (own === undefined) return { model: `${name}/${model}`, why, providers: { [name]: config } };
  const [first] = "models" in own ? (own.models ?? []) : [];
  return { model: `${name}/${first?.id ?? model}`, why, providers: {} };
}

/** The models of a server on this machine; undefined if there is none, or none that tells in time. */
export async function listLocalModels(baseUrl: string): Promise<readonly string[] | undefined> {
  try {
    const response = await fetch(`${baseUrl}/models`, { signal: AbortSignal.timeout(probeMs), redirect: "error" });
    if (!response.ok || Number(response.headers.get("content-length") ?? 0) > listBytesMax) {
      await response.body?.cancel();
      return undefined;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing in it is certain, as the type says
    const list = (await response.json()) as { readonly data?: readonly { readonly id?: unknown }[] } | null;
    const entries: readonly ({ readonly id?: unknown } | null)[] = Array.isArray(list?.data) ? list.data : [];
    const ids = entries.map((entry) => entry?.id);
    return ids.filter((id): id is string => typeof id === "string" && id !== "");
  } catch {
    // Nothing there, or something that is no model server: both are the usual case.
    return undefined;
  }
}

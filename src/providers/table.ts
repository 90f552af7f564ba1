import { ConfigError } from "../config/error.ts";
import type { Config } from "../contract.ts";
import { createAiSdkProvider } from "./ai-sdk/provider.ts";
import { loadScenarios } from "./embedded/load.ts";
import { createEmbeddedProvider } from "./embedded/provider.ts";
import { createOpenAiProvider } from "./openai/provider.ts";
import type { Provider } from "./provider.ts";

type ProviderConfig = Config["models"]["providers"][string];
type Api = ProviderConfig["api"];

interface Place {
  /** `models.providers.<name>`, for what is wrong with it. */
  readonly key: string;
  /** What relative paths start from. */
  readonly folder: string;
}

/** How each `api` of the configuration becomes a provider. */
const makers: {
  readonly [A in Api]: (config: Extract<ProviderConfig, { api: A }>, place: Place) => Provider | Promise<Provider>;
} = {
  embedded: async ({ scenarios }, { folder }) => createEmbeddedProvider(await loadScenarios(scenarios, folder)),
  "openai-completions": (config) => createOpenAiProvider(config),
  "openai-responses": (config, { key }) => createAiSdkProvider(key, config),
  "anthropic-messages": (config, { key }) => createAiSdkProvider(key, config),
  "google-generative-ai": (config, { key }) => createAiSdkProvider(key, config),
};

/** Every provider by name; `embedded` is always there. Throws `ConfigError`. */
export async function createProviders({ models }: Config, folder: string): Promise<Map<string, Provider>> {
  const providers = new Map<string, Provider>();
  for (const [name, config] of Object.entries(models.providers)) {
    if (name.includes("/"))
      throw new ConfigError(`models.providers has '${name}', but a provider's name has no slash.`);
    providers.set(name, await make(config, { key: `models.providers.${name}`, folder }));
  }
  if (!providers.has("embedded")) providers.set("embedded", createEmbeddedProvider());
  return providers;
}

function make<A extends Api>(config: Extract<ProviderConfig, { api: A }>, place: Place): Provider | Promise<Provider> {
  return makers[config.api](config, place);
}

import { ConfigError } from "../config/error.ts";
import type { Config } from "../contract.ts";
import { createEmbeddedProvider } from "./embedded/provider.ts";
import { loadScenarios } from "./embedded/load.ts";
import type { Provider } from "./provider.ts";

type ProviderConfig = Config["models"]["providers"][string];

/** How each `api` of the configuration becomes a provider. `folder` is where its relative paths start. */
const makers: Record<ProviderConfig["api"], (config: ProviderConfig, folder: string) => Provider | Promise<Provider>> =
  {
    embedded: async (config, folder) => createEmbeddedProvider(await loadScenarios(config.scenarios, folder)),
  };

/** Every provider by name; `embedded` is always there. Throws `ConfigError`. */
export async function createProviders({ models }: Config, folder: string): Promise<Map<string, Provider>> {
  const providers = new Map<string, Provider>();
  for (const [name, config] of Object.entries(models.providers)) {
    if (name.includes("/"))
      throw new ConfigError(`models.providers has '${name}', but a provider's name has no slash.`);
    providers.set(name, await makers[config.api](config, folder));
  }
  if (!providers.has("embedded")) providers.set("embedded", createEmbeddedProvider());
  return providers;
}

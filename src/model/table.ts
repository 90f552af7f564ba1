import type { Config } from "../base/contract.ts";
import type { Log } from "../base/log.ts";
import { loadScenarios } from "./embedded/load-scenarios.ts";
import { createEmbeddedProvider } from "./embedded/embedded.ts";
import type { Provider } from "./model.ts";
import { assertProvider } from "./provider-check.ts";
import { createReasonLog, type ReportReason } from "./reason-log.ts";

type ProviderConfig = Config["models"]["providers"][string];
type Api = ProviderConfig["api"];

interface Place {
  /** `models.providers.<name>`, for what is wrong with it. */
  readonly key: string;
  /** What relative paths start from. */
  readonly folder: string;
  /** Told of finish reasons that no table has. */
  readonly reportReason: ReportReason;
}

/** How each `api` of the configuration becomes a provider. A gateway loads the code of those that it has. */
const makers: {
  readonly [A in Api]: (config: Extract<ProviderConfig, { api: A }>, place: Place) => Promise<Provider>;
} = {
  embedded: async ({ scenarios, directives }, { folder }) =>
    createEmbeddedProvider({ ...(await loadScenarios(scenarios, folder)), directives }),
  "openai-completions": async (config, { reportReason }) =>
    (await import("./openai/openai.ts")).createOpenAiProvider(config, reportReason),
  "openai-responses": createVendorProvider,
  "anthropic-messages": createVendorProvider,
  "google-generative-ai": createVendorProvider,
};

type VendorConfig = Extract<
  ProviderConfig,
  { api: "openai-responses" | "anthropic-messages" | "google-generative-ai" }
>;

async function createVendorProvider(config: VendorConfig, { key, reportReason }: Place): Promise<Provider> {
  return (await import("./ai-sdk/ai-sdk.ts")).createAiSdkProvider(key, config, reportReason);
}

/** Every provider by name; `embedded` is always there. Throws `ConfigError`. */
export async function createProviders({ models }: Config, folder: string, log: Log): Promise<Map<string, Provider>> {
  const providers = new Map<string, Provider>();
  for (const [name, config] of Object.entries(models.providers)) {
    assertProvider(name, config);
    const key = `models.providers.${name}`;
    providers.set(name, await make(config, { key, folder, reportReason: createReasonLog(log, name) }));
  }
  if (!providers.has("embedded")) providers.set("embedded", createEmbeddedProvider());
  return providers;
}

/** Closes what they have open. */
export async function stopProviders(providers: ReadonlyMap<string, Provider>): Promise<void> {
  for (const provider of providers.values()) await provider.stop?.();
}

function make<A extends Api>(config: Extract<ProviderConfig, { api: A }>, place: Place): Promise<Provider> {
  return makers[config.api](config, place);
}

import { ConfigError } from "../base/config/config-error.ts";
import { headerTextRule, isHeaderText, isWebAddress } from "../base/config/request-text.ts";
import type { Config } from "../base/contract.ts";

/**
 * Throws `ConfigError` for a provider that no request could be sent to: every call of it would fail, and its client hear
 * that the provider broke off. `key` is `models.providers.<name>`. No message shows a value.
 */
export function assertProvider(key: string, config: Config["models"]["providers"][string]): void {
  if (config.api === "embedded") return;
  const { baseUrl, apiKey, headers } = config;
  if (baseUrl !== undefined && !isWebAddress(baseUrl)) {
    throw new ConfigError(`${key}.baseUrl is no address: it has to be like https://api.example/v1.`);
  }
  if (apiKey !== undefined && !isHeaderText(apiKey)) throw new ConfigError(`${key}.apiKey ${headerTextRule}.`);
  for (const [field, value] of Object.entries(headers)) {
    if (!isHeaderText(value)) throw new ConfigError(`${key}.headers.${field} ${headerTextRule}.`);
  }
}

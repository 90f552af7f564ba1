import { ConfigError } from "../base/config/config-error.ts";
import { headerTextRule, isHeaderText } from "../base/config/header-field.ts";
import type { Config } from "../base/contract.ts";

/**
 * Throws `ConfigError` for a provider that no request could be sent to: every call of it would fail, and its client hear
 * that the provider broke off. `key` is `models.providers.<name>`. No message shows a value.
 */
export function assertProvider(key: string, config: Config["models"]["providers"][string]): void {
  if (config.api === "embedded") return;
  const { baseUrl, apiKey, headers } = config;
  if (baseUrl !== undefined) assertBaseUrl(`${key}.baseUrl`, baseUrl);
  if (apiKey !== undefined && !isHeaderText(apiKey)) throw new ConfigError(`${key}.apiKey ${headerTextRule}.`);
  for (const [field, value] of Object.entries(headers)) {
    if (!isHeaderText(value)) throw new ConfigError(`${key}.headers.${field} ${headerTextRule}.`);
  }
}

/** A host as it stands in a URL once letters of other scripts are encoded, or an address in brackets. */
const host = /^([a-z0-9._~-]+|\[[0-9a-f:.]+\])$/;

function assertBaseUrl(key: string, text: string): void {
  const url = URL.parse(text);
  if (url === null || !host.test(url.hostname)) {
    throw new ConfigError(`${key} is no address: it has to be like https://api.example/v1, with a host that exists.`);
  }
}

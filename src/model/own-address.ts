import { isLoopback, toHost } from "../base/config/check.ts";
import { ConfigError } from "../base/config/config-error.ts";
import type { OwnSecrets } from "../base/config/own-secret.ts";
import type { ConfigWarning } from "../base/config/suspicion.ts";
import type { Config } from "../base/contract.ts";

/**
 * What clients of this gateway are given, and no provider is: its address and its secrets. Throws `ConfigError` for a
 * provider elsewhere that would be sent such a secret; another gateway of this machine may well share it.
 */
export function examineProviders({ gateway, models }: Config, own: OwnSecrets): ConfigWarning[] {
  return Object.entries(models.providers).flatMap(([name, provider]): ConfigWarning[] => {
    if (provider.api === "embedded") return [];
    const { baseUrl, apiKey } = provider;
    const key = `models.providers.${name}`;
    const url = baseUrl === undefined ? null : URL.parse(baseUrl);
    const what = apiKey === undefined ? undefined : own.name(apiKey);
    if (what !== undefined && !(url !== null && isLoopback(url.hostname.replace(/^\[(.*)\]$/, "$1")))) {
      throw new ConfigError(
        `${key}.apiKey is ${what}, which the provider would see. Give it the key that the provider has given you.`,
      );
    }
    if (url === null || !isOwn(url, gateway)) return [];
    return [{ key: `${key}.baseUrl`, problem: "is this gateway itself: its agents would ask themselves" }];
  });
}

function isOwn({ hostname, port, protocol }: URL, gateway: Config["gateway"]): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const bound = toHost(gateway.bind);
  const isHere = host === bound || (isLoopback(host) && (isLoopback(bound) || bound === "0.0.0.0" || bound === "::"));
  return isHere && gateway.port !== 0 && Number(port || (protocol === "https:" ? 443 : 80)) === gateway.port;
}

import { BlockList, isIP } from "node:net";
import { ConfigError } from "./config-error.ts";

/** The proxies of `gateway.trustedProxies`, to be asked about an address. Throws `ConfigError` for what is no address. */
export function toProxyList(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [index, proxy] of proxies.entries()) addProxy(list, proxy, `gateway.trustedProxies[${index}]`);
  return list;
}

function addProxy(list: BlockList, proxy: string, key: string): void {
  const [address = "", prefix, ...rest] = proxy.split("/");
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const length = Number(prefix ?? bits);
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix ?? "0") || length > bits) {
    throw new ConfigError(
      `${key} must be an IP address or a network such as '10.0.0.0/8', but is '${proxy.slice(0, 64)}'.`,
    );
  }
  if (length === 0) throw new ConfigError(`${key} would trust everybody. Name the addresses of your proxies.`);
  list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
}

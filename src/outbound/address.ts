import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** What is given out of IPv6 so far. The rest holds old forms, such as `::7f00:1`, that stand for an address in IPv4. */
const publicIPv6 = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an IP address belongs to the public Internet: not to this machine, a private network, a tunnel that leads
 * into one, or a reserved range. An address in IPv6 that stands for one in IPv4 is judged as that one.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(publicIPv6));
}

/**
 * The one spelling of a host: lower case, punycode, no dot at the end, no brackets; numbers such as `0x7f.1` become the
 * address that they stand for. Takes the `hostname` of a URL, or what a person has written. Undefined if it is none.
 */
export function toHostName(host: string): string | undefined {
  const name = URL.parse(`http://${host}`)?.hostname;
  if (name === undefined) return undefined;
  return name.startsWith("[") ? name.slice(1, -1) : name.replace(/\.$/, "");
}

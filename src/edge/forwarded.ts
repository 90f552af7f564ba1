import ipaddr from "ipaddr.js";
import type { IncomingMessage } from "node:http";
import { type BlockList, isIP } from "node:net";
import { toProxyList } from "../base/config/proxy-list.ts";
import { createPeerReader, toPeer } from "./passage.ts";

/** The most entries that are looked at, and the longest one: `[` 45 characters of IPv6, a zone `]:65535`. */
const hopsMax = 32;
const hopCharsMax = 96;

/**
 * Tells whose request it is. That is the other end of the connection, unless it is a proxy of the list: then it is the
 * last address in what the proxies say that is none of theirs (RFC 7239, section 5.2). What stands left of it the client
 * may have written itself. An entry that is no address (`unknown`, `_hidden`, garbage) ends the search at the proxy that
 * wrote it, and so does a request in which `X-Forwarded-For` and `Forwarded` differ: one of them may be the client's.
 * `onUnlisted` is told of the first one that says so and is no proxy of the list: most often it should be.
 */
export function createAddressReader(
  proxies: readonly string[],
  onUnlisted?: (peer: string) => void,
): (request: IncomingMessage) => string {
  const toUnlisted = createPeerReader(onUnlisted);
  if (proxies.length === 0) return toUnlisted;
  const list = toProxyList(proxies);
  return (request) => {
    const peer = toPeer(request);
    if (!isListed(list, peer)) return toUnlisted(request);
    const { "x-forwarded-for": plain, forwarded } = request.headers;
    const said = [
      ...(isText(plain) ? [follow(peer, plain, toHop, list)] : []),
      ...(isText(forwarded) ? [follow(peer, forwarded, toForwardedHop, list)] : []),
    ];
    return new Set(said).size === 1 ? (said[0] ?? peer) : peer;
  };
}

/**
 * Tells whether a client's connection is encrypted up to a proxy of the list, as that one says. The first value is that of
 * the client, and a page that could write it would have been let in by CORS before.
 */
export function createEncryptionReader(proxies: readonly string[]): (request: IncomingMessage) => boolean {
  if (proxies.length === 0) return () => false;
  const list = toProxyList(proxies);
  return (request) => {
    const { "x-forwarded-proto": plain, forwarded } = request.headers;
    if (!isText(plain) && !isText(forwarded)) return false;
    if (!isListed(list, toPeer(request))) return false;
    if (isText(plain)) return toFirst(plain) === "https";
    return toFirst(forwarded)
      .split(";")
      .some((pair) => /^proto="?https"?$/.test(pair.trim()));
  };
}

function toFirst(text = ""): string {
  const comma = text.indexOf(",");
  return (comma === -1 ? text : text.slice(0, comma)).trim().toLowerCase();
}

export function isListed(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

/** Whether the other end of a connection is one of the proxies, of which another configuration may name others. */
export function createProxyCheck(proxies: () => readonly string[]): (address: string) => boolean {
  let listed: readonly string[] = [];
  let list = toProxyList(listed);
  return (remoteAddress) => {
    const named = proxies();
    if (named !== listed) list = toProxyList((listed = named));
    return isListed(list, toPeer({ socket: { remoteAddress } }));
  };
}

/** Node gives several headers of these names as one, in their order. */
function isText(value: string | string[] | undefined): value is string {
  return typeof value === "string" && value !== "";
}

/** From the right to the left, without looking at more than it needs. */
function follow(peer: string, text: string, read: (hop: string) => string | undefined, list: BlockList): string {
  let client = peer;
  let end = text.length;
  for (let hops = 0; hops < hopsMax && end >= 0; hops++) {
    const comma = end === 0 ? -1 : text.lastIndexOf(",", end - 1);
    const hop = text.slice(comma + 1, end).trim();
    end = comma;
    if (hop === "") continue;
    const address = hop.length > hopCharsMax ? undefined : read(hop);
    if (address === undefined) return client;
    client = address;
    if (!isListed(list, client)) return client;
  }
  return client;
}

const hopPattern = /^(?:\[([0-9a-f:.]+)(?:%[\w.-]+)?\](?::\w+)?|([0-9.]+)(?::\w+)?|([0-9a-f:.]+)(?:%[\w.-]+)?)$/i;

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; one spelling for each address. */
function toHop(hop: string): string | undefined {
  const [, bracketed, plain, bare] = hopPattern.exec(hop) ?? [];
  const address = bracketed ?? plain ?? bare ?? "";
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
}

/** `for=192.0.2.1;proto=https`, `For="[2001:db8::1]:4711"`. */
function toForwardedHop(hop: string): string | undefined {
  const [found, ...others] = hop
    .split(";")
    .map((pair) => /^for=(?:"([^"\\]*)"|([^"\\]*))$/i.exec(pair.trim()))
    .filter((match) => match !== null);
  return found === undefined || others.length > 0 ? undefined : toHop(found[1] ?? found[2] ?? "");
}

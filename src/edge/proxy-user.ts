import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { isLoopback } from "../base/config/check.ts";
import { toProxyList } from "../base/config/proxy-list.ts";
import type { Config } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { operator, type Principal, proxyUserName } from "../base/principal.ts";
import { isListed } from "./forwarded.ts";
import { toPeer } from "./passage.ts";

/** Whom the proxy in front has signed in; undefined if nobody. Throws 400 for a request that names several. */
export type SignIn = (request: IncomingMessage) => Principal | undefined;

const userCharsMax = 256;

/**
 * Mode `trusted-proxy`. Only the other end of the connection says whether to believe a request: what it says of its own
 * way here could have been written by anybody.
 */
export function createSignIn({ trustedProxies, auth }: Config["gateway"]): SignIn | undefined {
  const { mode, trustedProxy } = auth;
  if (mode !== "trusted-proxy" || trustedProxy === undefined) return undefined;
  const list = toProxyList(trustedProxies);
  const userHeader = trustedProxy.userHeader.toLowerCase();
  const required = trustedProxy.requiredHeaders.map((name) => name.toLowerCase());
  const allowed = new Set(trustedProxy.allowUsers);
  return (request) => {
    const peer = toPeer(request);
    if (!isListed(list, peer) || (isLoopback(peer) && !trustedProxy.allowLoopback)) return undefined;
    const { headersDistinct: headers } = request;
    if (required.some((name) => !headers[name]?.some((value) => value.trim() !== ""))) return undefined;
    const [user = "", ...others] = headers[userHeader] ?? [];
    if (others.length > 0) {
      throw new GatewayError("invalid_http", `The header '${userHeader}' is there twice.`, { param: userHeader });
    }
    const name = toText(user).trim();
    if (name === "" || name.length > userCharsMax || (allowed.size > 0 && !allowed.has(name))) return undefined;
    // Names label metrics, which only those of the configuration may make grow.
    return { ...operator, name: allowed.size > 0 ? name : proxyUserName, logFields: { key: name } };
  };
}

/** Node takes the bytes of a header for Latin-1, and proxies write names in UTF-8. */
function toText(given: string): string {
  const bytes = Buffer.from(given, "latin1");
  return isUtf8(bytes) ? bytes.toString() : given;
}

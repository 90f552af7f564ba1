import type { Middleware } from "koa";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { GatewayError } from "../base/errors.ts";
import { type Passage, toCommonHeaders } from "./passage.ts";

export interface OriginRules {
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** The client speaks TLS to a proxy that this gateway trusts. */
  readonly isEncrypted: (request: IncomingMessage) => boolean;
}

/**
 * Keeps web pages out. A page that has rebound its own name to this address sends that name as `Host`; a page of
 * another site sends its `Origin`. Neither is told apart by the client's address, so loopback is no exception.
 */
export function createOriginCheck(rules: OriginRules): (request: IncomingMessage) => void {
  const { allowedHosts, allowedOrigins, isEncrypted } = rules;
  const hosts = new Set(["localhost", ...allowedHosts.map((host) => host.toLowerCase())]);
  const origins = new Set(allowedOrigins);
  // Most requests name the host that the one before has named.
  let served: string | undefined;
  return (request) => {
    const { host, origin } = request.headers;
    if (host !== undefined && host !== served && !isServedHost(toName(host), hosts)) {
      throw new GatewayError(
        "host_not_allowed",
        "This gateway does not answer for that host. Add it to gateway.http.allowedHosts.",
        { param: "host" },
      );
    }
    served = host;
    if (origin === undefined) return assertOwnSite(request);
    if (origins.has(origin)) return;
    // A page that this gateway served itself (/docs) may call it.
    if (host !== undefined && origin === `http://${host}`) return;
    if (host !== undefined && origin === `https://${host}` && isEncrypted(request)) return;
    throw new GatewayError(
      "origin_not_allowed",
      "That web origin may not call this gateway. Add it to gateway.http.allowedOrigins.",
      { param: "origin" },
    );
  };
}

/**
 * What a page asks for without `Origin` (an image, a script, a form that only reads) a browser marks all the same (Fetch
 * Metadata). Pages of other sites may link to what is open, and no more. Other clients send no such header.
 */
function assertOwnSite({ headers, method, url = "" }: IncomingMessage): void {
  const site = headers["sec-fetch-site"];
  if (site !== "cross-site" && site !== "same-site") return;
  const follows = headers["sec-fetch-mode"] === "navigate" && (method === "GET" || method === "HEAD");
  if (follows && !/^\/v1(?![^/?])/.test(url)) return;
  throw new GatewayError(
    "origin_not_allowed",
    "A page of another web site may not call this gateway. Let it call by CORS, and add its origin to gateway.http.allowedOrigins.",
    { param: "sec-fetch-site" },
  );
}

function isServedHost(name: string, hosts: ReadonlySet<string>): boolean {
  return hosts.has(name) || isIP(name) !== 0;
}

/** `[::1]:18789` → `::1`, `LOCALHOST.` → `localhost`. */
function toName(host: string): string {
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d+$/, "");
  return name.toLowerCase().replace(/\.$/, "");
}

/** What a page may read of an answer besides the body. */
const exposed =
  "x-request-id, x-openclaw-agent-id, x-openclaw-session-key, x-clawgate-model, x-clawgate-ignored, x-clawgate-replayed, " +
  "retry-after, x-should-retry, " +
  "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, " +
  "x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens";
/** How long a browser may remember a preflight, in seconds. */
const maxAge = "600";

const requestedCharsMax = 2048;

/**
 * Lets the pages of the allowed origins read answers (Fetch standard, section 3.2). A preflight carries no token by
 * design, so it is answered before one is asked for. The requested headers are given back: SDKs send a dozen of their
 * own, and `*` would not cover `authorization`. Without an allowed origin not one header is sent.
 */
export function allowOrigins(origins: readonly string[]): Middleware {
  const allowed = new Set(origins);
  return (ctx, next) => {
    const origin = ctx.get("origin");
    if (!allowed.has(origin)) return next();
    ctx.set("access-control-allow-origin", origin);
    ctx.vary("Origin");
    const method = ctx.get("access-control-request-method");
    if (ctx.method !== "OPTIONS" || method === "") {
      ctx.set("access-control-expose-headers", exposed);
      return next();
    }
    ctx.set("access-control-allow-methods", "GET, POST, DELETE");
    const requested = ctx.get("access-control-request-headers");
    // A longer list is no SDK's; proxies have 4 KiB for all fields of an answer.
    if (requested !== "" && requested.length <= requestedCharsMax) ctx.set("access-control-allow-headers", requested);
    const { requestId }: Passage = ctx.state;
    ctx.set(toCommonHeaders(requestId));
    ctx.set("access-control-max-age", maxAge);
    ctx.res.writeHead(204).end();
    return undefined;
  };
}

import type { Middleware } from "koa";

/** What a page may read of an answer besides the body. */
const exposed =
  "x-request-id, x-openclaw-agent-id, x-openclaw-session-key, x-clawgate-model, x-clawgate-ignored, retry-after, x-should-retry";
/** How long a browser may remember a preflight, in seconds. */
const maxAge = "600";

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
    if (requested !== "") ctx.set("access-control-allow-headers", requested);
    ctx.set("access-control-max-age", maxAge);
    ctx.status = 204;
    return undefined;
  };
}

import { errorCodes } from "../base/contract.ts";
import type { GatewayError } from "../base/errors.ts";

/** An error as status, headers and the text of its body; the same for Koa and for the parser's raw socket. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Of errors that never change, and are given to one client after the other. */
const constants = new WeakMap<GatewayError, ErrorReply>();

/** Where `retry` is set in the error table but no time was given. */
const retryAfterSeconds = 1;

/**
 * SDKs repeat 408, 409, 429 and every 5xx by themselves. They are told not to where it cannot help or might run the
 * agent twice, and told when where it can (1 to 60 s: SDK 6 sleeps whatever it is told).
 */
export function toErrorReply(error: GatewayError): ErrorReply {
  if (!Object.isFrozen(error)) return makeReply(error);
  let reply = constants.get(error);
  if (reply === undefined) constants.set(error, (reply = makeReply(error)));
  return reply;
}

function makeReply(error: GatewayError): ErrorReply {
  const { status, retry: worthIt } = errorCodes[error.code];
  const retry = error.retry ?? worthIt;
  const headers: Record<string, string> = { ...error.headers };
  if (error.code === "invalid_api_key") headers["www-authenticate"] = 'Bearer realm="clawgate"';
  const isAskedAgain = status >= 408 && status !== 413 && status !== 415;
  // Agents that speak another API ask five times for what is not served, before they show what they were told.
  if (!retry && (isAskedAgain || error.code === "endpoint_not_served")) headers["x-should-retry"] = "false";
  if (retry) headers["retry-after"] = String(Math.min(60, Math.max(1, error.retryAfterSeconds ?? retryAfterSeconds)));
  const text = JSON.stringify(error.toBody());
  headers["content-type"] = "application/json; charset=utf-8";
  headers["content-length"] = String(Buffer.byteLength(text));
  return { status, headers, text };
}

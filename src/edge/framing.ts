import type { IncomingMessage } from "node:http";
import { GatewayError } from "../base/errors.ts";

/** Shipped limits of what a request may look like before anything of it is trusted. */
export const headerFieldsMax = 100;
export const headerBytesMax = 16_384;
export const targetCharsMax = 8192;

/** Fields that must not come twice: two of them are two requests in one, and parsers differ on which counts. */
const single = new Set([
  "host",
  "authorization",
  "content-length",
  "content-type",
  "expect",
  "idempotency-key",
  "origin",
  "transfer-encoding",
  "upgrade",
  "x-openclaw-agent-id",
  "x-openclaw-session-key",
]);

const hostPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9.-]{1,253})(?::\d{1,5})?$/i;

/**
 * What Node's parser lets pass although it has more than one meaning (RFC 9112 sections 3.2, 6.1 and 6.3). Returns the
 * refusal, or undefined for an unambiguous HTTP/1.1 request.
 */
export function findFramingFault(request: IncomingMessage): GatewayError | undefined {
  if (request.httpVersionMajor !== 1) {
    return new GatewayError("http_version_not_supported", "This gateway speaks HTTP/1.1.");
  }
  return (
    findFieldFault(request) ??
    findHostFault(request) ??
    findCodingFault(request) ??
    findExpectFault(request) ??
    findTargetFault(request)
  );
}

function findFieldFault({ rawHeaders }: IncomingMessage): GatewayError | undefined {
  if (rawHeaders.length / 2 > headerFieldsMax) {
    return new GatewayError("headers_too_large", `The request has more than ${headerFieldsMax} header fields.`);
  }
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (!single.has(name)) continue;
    if (seen.has(name))
      return new GatewayError("invalid_http", `The header '${name}' is there twice.`, { param: name });
    seen.add(name);
  }
  return undefined;
}

function findHostFault({ headers, httpVersionMinor }: IncomingMessage): GatewayError | undefined {
  const { host } = headers;
  if (host === undefined && httpVersionMinor === 0) return undefined;
  if (host !== undefined && hostPattern.test(host)) return undefined;
  return new GatewayError("invalid_http", "The 'Host' header is missing or malformed.", { param: "host" });
}

function findCodingFault({ headers, httpVersionMinor }: IncomingMessage): GatewayError | undefined {
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return undefined;
  if (httpVersionMinor === 0) return new GatewayError("invalid_http", "HTTP/1.0 has no 'Transfer-Encoding'.");
  if (coding.trim().toLowerCase() === "chunked") return undefined;
  return new GatewayError("transfer_coding_not_supported", "'Transfer-Encoding' must be 'chunked'.");
}

/** As Node looks for it, which asks its listeners of `checkContinue` then. */
const continuePattern = /(?:^|\W)100-continue(?:$|\W)/i;

function findExpectFault({ headers: { expect }, httpVersionMinor }: IncomingMessage): GatewayError | undefined {
  if (expect === undefined || httpVersionMinor === 0 || continuePattern.test(expect)) return undefined;
  return new GatewayError("expectation_failed", "'Expect' must be '100-continue'.", { param: "expect" });
}

function findTargetFault({ url = "", method = "" }: IncomingMessage): GatewayError | undefined {
  if (url.length > targetCharsMax)
    return new GatewayError("uri_too_long", `The path is longer than ${targetCharsMax} characters.`);
  // TRACE would echo the credential; CONNECT and absolute targets are for proxies, which this is not.
  if (method === "TRACE" || method === "CONNECT") {
    return new GatewayError("method_not_allowed", `${method} is not offered.`, { headers: { allow: "GET, POST" } });
  }
  return url.startsWith("/") ? undefined : new GatewayError("invalid_http", "The request target must be a path.");
}

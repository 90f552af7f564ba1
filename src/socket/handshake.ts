import type { IncomingMessage } from "node:http";
import { GatewayError } from "../base/errors.ts";

/** Whether a request asks for the gateway protocol: every other one, whatever its `Upgrade` says, is an HTTP request. */
export function isHandshake({ headers, url = "" }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket" && /^\/(?:$|\?)/.test(url);
}

/** Sixteen bytes in base64. */
const keyPattern = /^[+/0-9A-Za-z]{22}==$/;

/** What keeps a handshake from being one (RFC 6455 section 4.2.1); undefined for nothing. */
export function findHandshakeFault({ method, headers }: IncomingMessage): GatewayError | undefined {
  if (method !== "GET") {
    const allow = { allow: "GET" };
    return new GatewayError("method_not_allowed", "A WebSocket handshake is a GET.", { headers: allow });
  }
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0)
    return new GatewayError("invalid_http", "A WebSocket handshake has no body.");
  if (headers["sec-websocket-version"] !== "13") {
    const known = { "sec-websocket-version": "13" };
    return new GatewayError("websocket_version_not_supported", "'Sec-WebSocket-Version' must be 13.", {
      param: "sec-websocket-version",
      headers: known,
    });
  }
  if (keyPattern.test(headers["sec-websocket-key"] ?? "")) return undefined;
  return new GatewayError("invalid_http", "'Sec-WebSocket-Key' must be sixteen bytes in base64.", {
    param: "sec-websocket-key",
  });
}

import { createServer, type IncomingMessage, type RequestListener, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorCode } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { createHexId } from "../base/id.ts";
import { toErrorReply } from "./error-reply.ts";
import { headerBytesMax } from "./framing.ts";
import { toCommonHeaders } from "./passage.ts";
import { boundPipelines, type PipelineLimits } from "./pipelines.ts";

/** Deadlines of the connection, in milliseconds. Node checks them once per `checkMs`; its own default is 30 s. */
const deadlines = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 5_000, checkMs: 1_000 };

/**
 * The port. What Node's parser refuses is answered with the same error body as everything else. There is no `upgrade`
 * listener: Node then treats a request with `Upgrade` (curl's h2c, a WebSocket) as the HTTP request that it also is.
 */
export function createHttpServer(serve: RequestListener, limits: PipelineLimits): Server {
  const listener = boundPipelines(serve, limits);
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: deadlines.headersMs,
      requestTimeout: deadlines.requestMs,
      keepAliveTimeout: deadlines.keepAliveMs,
      connectionsCheckingInterval: deadlines.checkMs,
      // Counted in framing.ts, which answers; Node's own check drops the surplus in silence or without an error body.
      requireHostHeader: false,
    },
    listener,
  );
  server.maxHeadersCount = 0;
  // Without these two listeners Node says 100 before the token is checked, and 417 without a body.
  server.on("checkContinue", listener);
  server.on("checkExpectation", (request, response) => {
    const error = new GatewayError("expectation_failed", "'Expect' must be '100-continue'.", { param: "expect" });
    writeRaw(request.socket, error);
    response.destroy();
  });
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    writeRaw(
      socket,
      new GatewayError("method_not_allowed", "CONNECT is not offered.", { headers: { allow: "GET, POST" } }),
    );
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else writeRaw(socket, toParserError(error));
  });
  return server;
}

function toParserError(cause: NodeJS.ErrnoException): GatewayError {
  const [code, message] = parserErrors.get(cause.code ?? "") ?? [
    "invalid_http",
    "The request is not well-formed HTTP/1.1.",
  ];
  return new GatewayError(code, message, { cause });
}

const parserErrors: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ["HPE_HEADER_OVERFLOW", ["headers_too_large", "The header fields are larger than 16 KiB."]],
  ["ERR_HTTP_REQUEST_TIMEOUT", ["request_timeout", "The request did not arrive in time."]],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", ["request_too_large", "The chunk extensions are too large."]],
]);

/** An answer without a response object, and the end of the connection. */
function writeRaw(socket: Duplex, error: GatewayError): void {
  socket.on("error", () => socket.destroy());
  // After an early answer the parser may still find fault with what follows; a second answer would be one too many.
  if (hasAnswered(socket)) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = toErrorReply(error);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(text)),
    ...toCommonHeaders(`req_${createHexId()}`),
    date: new Date().toUTCString(),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
}

function hasAnswered(socket: Duplex): boolean {
  const { _httpMessage: message } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null };
  return message?.headersSent === true;
}

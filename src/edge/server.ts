import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Config, ErrorCode } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { countArrivals } from "./arrival-deadlines.ts";
import type { BodyBudget } from "./body-budget.ts";
import { boundConnections, readOpenFilesMax, toConnectionsMax } from "./open-connections.ts";
import { toErrorReply } from "./error-reply.ts";

import { headerBytesMax } from "./framing.ts";
import { closeIdleConnections } from "./idle-connections.ts";
import { Leftovers, leftoverLimits } from "./leftovers.ts";
import { LineBudget } from "./line-budget.ts";
import { createRequestId, toCommonHeaders, toPeer } from "./passage.ts";
import { boundPipelines, type ParserError } from "./pipelines.ts";
import { SlowReaders } from "./slow-readers.ts";

/** Deadlines of the connection, in milliseconds. Node checks the first two once per `checkMs`; its own default is 30 s. */
const deadlines = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 5_000, checkMs: 1_000 };

/** What waits to be parsed may be so much less than what is held of bodies: by default 16 MB, which are 256 reads. */
const aheadShare = 16;
/** However little may be held of bodies, a few clients shall be able to send chunks. */
const aheadMin = 1_048_576;

/** What the port needs of a configuration that is in force. */
export interface Serving {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly config: { readonly gateway: PortSettings };
  readonly log: Log;
}

export interface PortOptions {
  /** Who answers at first. */
  readonly serving: Serving;
  readonly bodies: BodyBudget;
  /** Told of each answer under way whose client will send no more. */
  readonly onHalfClose: (response: ServerResponse) => void;
  readonly upgrades: Upgrades;
  readonly metrics: Metrics;
}

/** Requests that become something else than an answer. */
export interface Upgrades {
  /** Every other request is answered as if it had asked for no upgrade. */
  isWanted(request: IncomingMessage): boolean;
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

type PortSettings = Pick<Config["gateway"], "limits" | "trustedProxies"> & {
  readonly http: { readonly pipelineMax: number };
};

export interface Port {
  readonly server: Server;
  /** Who answers from now on. */
  readonly serve: (next: Serving) => void;
}

/**
 * The port. What Node's parser refuses is answered with the same error body as everything else. A request with `Upgrade`
 * (curl's h2c, a handshake that is refused) is the HTTP request that it also is, unless somebody takes it.
 */
export function createPort({ serving, bodies, onHalfClose, upgrades, metrics }: PortOptions): Port {
  let current = serving;
  const settings = (): PortSettings => current.config.gateway;
  const log = (): Log => current.log;
  const tell = createSeldom((event) => log().warn(event));
  const leftovers = new Leftovers(leftoverLimits, () => metrics.cutConnection("body"));
  const pipelines = boundPipelines((request, response) => void current.answer(request, response), {
    get runningMax() {
      return settings().http.pipelineMax;
    },
    get bytesMax() {
      return Math.max(aheadMin, settings().limits.bodyBytesHeld / aheadShare);
    },
    onCut() {
      metrics.cutConnection("pipelined");
      tell("a client sends more ahead of its answers than may wait");
    },
    onLeftover: (request) => leftovers.watch(request),
    onHalfClose,
  });
  const readers = new SlowReaders(pipelines.busy, {
    limits: () => settings().limits,
    onCut(reason) {
      metrics.cutConnection(reason);
      tell("a client does not take its answer");
    },
  });
  const { listener } = pipelines;
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: deadlines.keepAliveMs,
      connectionsCheckingInterval: deadlines.checkMs,
      // Counted in framing.ts, which answers; Node's own check drops the surplus in silence or without an error body.
      requireHostHeader: false,
      // Whatever flag the process was started with.
      insecureHTTPParser: false,
      // An answer that is still under way on this connection would be cut by what follows.
      shouldUpgradeCallback: (request) => !isAnswering(request.socket) && upgrades.isWanted(request),
    },
    listener,
  );
  server.maxHeadersCount = 0;
  server.on("listening", () => readers.start());
  server.on("close", () => readers.stop());
  // A client that has said all may end its half and still gets what is no run: `onHalfClose` tells the rest.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("connection", pipelines.greet);
  closeIdleConnections(server);
  countArrivals(server, deadlines);
  const openFilesMax = readOpenFilesMax();
  const open = boundConnections(server, {
    limits() {
      const { limits, trustedProxies } = settings();
      const { connections, connectionsPerAddress } = limits;
      return { connections: toConnectionsMax(connections, openFilesMax), connectionsPerAddress, trustedProxies };
    },
    onRefuse(reason) {
      metrics.refuseConnection(reason);
      tell("too many connections");
    },
  });
  metrics.watchPort({
    connections: () => open.size,
    requestBytes: () => bodies.held + pipelines.held,
    answerBytes: () => readers.held,
  });
  const strangers = new LineBudget(log, "too many requests without a key to log them one by one");
  server.on("close", strangers.tell);
  const refuse = (socket: Duplex, error: GatewayError): void => {
    const address = socket instanceof Socket ? toPeer({ socket }) : "unknown";
    const { status, code } = error;
    const requestId = writeRaw(socket, error);
    if (requestId !== undefined && strangers.take()) log().info({ requestId, address, status, code }, "request");
  };
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    upgrades.take(request, socket, head),
  );
  // Without these Node says 100 before the token is checked, and 417 without a body.
  server.on("checkContinue", listener);
  server.on("checkExpectation", listener);
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    const headers = { allow: "GET, POST" };
    refuse(socket, new GatewayError("method_not_allowed", "CONNECT is not offered.", { headers }));
  });
  server.on("clientError", (error: ParserError, socket) => {
    if (socket instanceof Socket && pipelines.explain(error, socket)) return;
    // What comes behind a request that was to be the last is nobody's; that one gets its answer all the same.
    if (error.code === "HPE_CLOSED_CONNECTION" && isAnswering(socket)) return;
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else refuse(socket, toParserError(error));
  });
  return {
    server,
    serve(next) {
      current = next;
    },
  };
}

/** What a stranger can make happen any number of times is told once a minute; the metrics count it. */
function createSeldom(tell: (event: string) => void): (event: string) => void {
  const told = new Map<string, number>();
  return (event) => {
    const now = performance.now();
    if (now - (told.get(event) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    told.set(event, now);
    tell(event);
  };
}

function toParserError(cause: ParserError): GatewayError {
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

/** An answer without a response object, and the end of the connection. Returns its request id, or undefined for none. */
function writeRaw(socket: Duplex, error: GatewayError): string | undefined {
  socket.on("error", () => socket.destroy());
  // After an early answer the parser may still find fault with what follows; a second answer would be one too many.
  if (hasAnswered(socket)) {
    socket.destroy();
    return undefined;
  }
  const requestId = createRequestId();
  const { status, headers, text } = toErrorReply(error);
  const lines = Object.entries({
    ...headers,
    ...toCommonHeaders(requestId),
    date: new Date().toUTCString(),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
  return requestId;
}

function hasAnswered(socket: Duplex): boolean {
  return toAnswer(socket)?.headersSent === true;
}

function isAnswering(socket: Duplex): boolean {
  return toAnswer(socket) !== undefined;
}

/** What is being answered on a connection. */
function toAnswer(socket: Duplex): { readonly headersSent: boolean } | undefined {
  const { _httpMessage: message } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null };
  return message ?? undefined;
}

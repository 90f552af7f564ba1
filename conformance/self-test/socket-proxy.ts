import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { isObject } from "../expect.ts";

export type Frame = Record<string, unknown>;

/** One WebSocket on its way to the golden server. */
export interface ProxiedSocket {
  /** What the client has put behind the path. */
  readonly query: URLSearchParams;
  /** The method of a request of the client. */
  readonly methodOf: (id: unknown) => string | undefined;
  readonly toClient: (frame: Frame) => void;
  readonly toGolden: (frame: Frame) => void;
  readonly close: (code: number) => void;
}

/** What a fault does to one connection; what is left out is passed on as it is. */
export interface SocketHooks {
  /** A frame of the client: another one, several, or none. */
  readonly up?: (frame: Frame) => Frame | readonly Frame[] | undefined;
  /** A frame of the golden server. */
  readonly down?: (frame: Frame) => Frame | readonly Frame[] | undefined;
  /** Text of the client that is no JSON. */
  readonly noise?: (text: string) => void;
  /** The client has left. */
  readonly left?: () => void;
  /** Does not tell the client that the golden server has closed. */
  readonly deaf?: boolean;
  /** Leaves the events their numbers; otherwise they are counted anew, so that what is taken out leaves no hole. */
  readonly ownNumbers?: boolean;
}

/** A change of what goes through a WebSocket. */
export interface SocketChange {
  /** Changes the frames; called for each connection. */
  readonly socket?: (connection: ProxiedSocket) => SocketHooks;
  /** Changes the headers of the handshake before the golden server sees them. */
  readonly handshake?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Agrees to compress. */
  readonly compress?: boolean;
}

export interface SocketProxy {
  readonly forward: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly stop: () => void;
}

/** More than any gateway takes, so that the limit that is seen is the golden server's. */
const payloadBytesMax = 64 * 1024 * 1024;
/** What belongs to the client's own handshake. */
const ownFields = /^(?:host|connection|upgrade|sec-websocket-.*)$/;

/** Passes WebSockets on, but for what the change does to them. */
export function createSocketProxy(golden: URL, change: SocketChange): SocketProxy {
  const perMessageDeflate = change.compress === true ? { threshold: 0 } : false;
  const server = new WebSocketServer({ noServer: true, maxPayload: payloadBytesMax, perMessageDeflate });
  const open = new Set<WebSocket>();
  return {
    forward(request, socket, head) {
      const headers = Object.entries(change.handshake?.(request.headers) ?? request.headers).filter(
        (entry): entry is [string, string] => !ownFields.test(entry[0]) && entry[1] !== undefined,
      );
      const upstream = new WebSocket(new URL(request.url ?? "/", golden.href.replace(/^http/, "ws")), {
        headers: Object.fromEntries(headers),
        perMessageDeflate: false,
        maxPayload: payloadBytesMax,
      });
      open.add(upstream);
      upstream.on("close", () => open.delete(upstream));
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.terminate());
      upstream.on("unexpected-response", (_request, { statusCode = 502 }) => {
        socket.end(`HTTP/1.1 ${statusCode} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      });
      upstream.once("open", () => {
        server.handleUpgrade(request, socket, head, (client) => {
          open.add(client);
          client.on("close", () => open.delete(client));
          join(client, upstream, new URL(request.url ?? "/", golden).searchParams, change);
        });
      });
    },
    stop() {
      for (const socket of open) socket.terminate();
      server.close();
    },
  };
}

function join(client: WebSocket, upstream: WebSocket, query: URLSearchParams, change: SocketChange): void {
  const methods = new Map<unknown, string>();
  let seq = 0;
  const toClient = (frame: Frame): void => {
    const isCounted = typeof frame["seq"] === "number" && hooks.ownNumbers !== true;
    if (client.readyState === WebSocket.OPEN) client.send(JSON.stringify(isCounted ? { ...frame, seq: ++seq } : frame));
  };
  const toGolden = (frame: Frame): void => {
    if (upstream.readyState === WebSocket.OPEN) upstream.send(JSON.stringify(frame));
  };
  const close = (code: number): void => client.close(code);
  const connection = { query, methodOf: (id: unknown) => methods.get(id), toClient, toGolden, close };
  const hooks = change.socket?.(connection) ?? {};
  client.on("message", (data: Buffer) => {
    const text = data.toString("utf8");
    const frame = toFrame(text);
    if (frame === undefined) {
      hooks.noise?.(text);
      if (upstream.readyState === WebSocket.OPEN) upstream.send(text);
      return;
    }
    if (typeof frame["method"] === "string") methods.set(frame["id"], frame["method"]);
    for (const one of toList(hooks.up === undefined ? frame : hooks.up(frame))) toGolden(one);
  });
  upstream.on("message", (data: Buffer) => {
    const frame = toFrame(data.toString("utf8"));
    if (frame === undefined) return;
    for (const one of toList(hooks.down === undefined ? frame : hooks.down(frame))) toClient(one);
  });
  upstream.on("close", (code) => {
    if (hooks.deaf === true) return;
    // Codes that stand for no code cannot be sent.
    if (code === 1005 || code === 1006) client.terminate();
    else client.close(code);
  });
  client.on("close", () => {
    hooks.left?.();
    upstream.close();
  });
  client.on("error", () => upstream.terminate());
}

function toList(frames: Frame | readonly Frame[] | undefined): readonly Frame[] {
  if (frames === undefined) return [];
  return isFrame(frames) ? [frames] : frames;
}

function isFrame(frames: Frame | readonly Frame[]): frames is Frame {
  return !Array.isArray(frames);
}

function toFrame(text: string): Frame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

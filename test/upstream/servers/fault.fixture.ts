import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { onEnd } from "../../end.fixture.ts";

/** One call as it came over the wire. */
export interface FaultCall {
  /** 0 for the first one of the server, whatever its connection. */
  readonly count: number;
  readonly head: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
}

/** Writes what it likes, whole answers or not; nothing is sent that it has not written. */
export type Fault = (socket: Socket, call: FaultCall) => unknown;

export interface FaultServer {
  /** For `baseUrl` of a configuration. */
  readonly baseUrl: string;
  readonly port: number;
  readonly calls: readonly FaultCall[];
  /** Connections so far, and those that are open now. */
  readonly connections: number;
  readonly open: number;
  /** How much the client's end has taken, what the operating system holds of it included. */
  readonly bytesTaken: number;
  /** From the next call on. */
  fault: Fault;
}

/** A server on a free port that need not keep to HTTP. */
export async function startFaultServer(fault: Fault, tls?: TlsOptions): Promise<FaultServer> {
  const calls: FaultCall[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytesTaken = 0;
  const accept = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    // A client that leaves resets what is still being written.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      bytesTaken += socket.bytesWritten - socket.writableLength;
      sockets.delete(socket);
    });
    readCalls(socket, (head, body) => {
      const { messages } = JSON.parse(body) as Pick<FaultCall, "messages">;
      const call: FaultCall = { count: calls.length, head, messages };
      calls.push(call);
      void server.fault(socket, call);
    });
  };
  const listener = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  listener.on("tlsClientError", () => undefined);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onEnd(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = listener.address() as AddressInfo;
  const server: FaultServer = {
    baseUrl: tls === undefined ? `http://127.0.0.1:${port}/v1` : `https://localhost:${port}/v1`,
    port,
    calls,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    get bytesTaken() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, bytesTaken);
    },
    fault,
  };
  return server;
}

/** Knows as much of HTTP as the gateway's calls need: a head with a length, and a body. */
function readCalls(socket: Socket, onCall: (head: string, body: string) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on("data", (more: Buffer) => {
    bytes = Buffer.concat([bytes, more]);
    for (;;) {
      const at = bytes.indexOf("\r\n\r\n");
      if (at < 0) return;
      const head = bytes.subarray(0, at).toString("latin1");
      const end = at + 4 + Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
      if (bytes.length < end) return;
      const body = bytes.subarray(at + 4, end).toString("utf8");
      bytes = bytes.subarray(end);
      onCall(head, body);
    }
  });
}

/** The head of an answer. */
export function toHead(fields: readonly string[], status = "200 OK"): string {
  return [`HTTP/1.1 ${status}`, ...fields, "", ""].join("\r\n");
}

/** Of a stream. */
export const streamHead = toHead(["content-type: text/event-stream", "transfer-encoding: chunked"]);

export function toChunk(body: string): string {
  return `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
}

export function toEvent(event: unknown): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

export function toSaid(text: string): string {
  return toEvent({ choices: [{ index: 0, delta: { content: text } }] });
}

export const finished = toEvent({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
export const done = "data: [DONE]\n\n";

/** A stream that says this and ends as it should. */
export function toAnswer(text: string): string {
  return `${streamHead}${toChunk(toSaid(text))}${toChunk(finished + done)}0\r\n\r\n`;
}

/** An answer that is no stream. */
export function toWhole(body: unknown, fields: readonly string[] = [], status?: string): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const length = `content-length: ${Buffer.byteLength(text)}`;
  return `${toHead(["content-type: application/json", length, ...fields], status)}${text}`;
}

/** Writes the same again and again until the client has had enough, or `bytesMax` were written. */
export async function pour(socket: Socket, piece: string, bytesMax: number): Promise<void> {
  for (let written = 0; written < bytesMax && !socket.destroyed; written += piece.length) {
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        socket.off("drain", goOn).off("close", goOn);
        resolve();
      };
      socket.on("drain", goOn).on("close", goOn);
    });
  }
}

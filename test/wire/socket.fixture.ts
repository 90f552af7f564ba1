import { connect, type Socket } from "node:net";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";

export interface Head {
  readonly status: number;
  /** Names in lower case; a field that came twice is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Answer extends Head {
  readonly body: Buffer;
  readonly text: string;
}

/** Bytes of a body, without the framing, and when they came (`performance.now()`). */
export interface Piece {
  readonly bytes: Buffer;
  readonly at: number;
}

/**
 * A client that knows nothing of HTTP but how an answer is framed. It takes from the socket only what is asked for, so
 * that a client that stops reading really is slow.
 */
export interface WireSocket {
  readonly socket: Socket;
  send(request: string | Uint8Array): void;
  /** One answer. Those of status 1xx are answers of their own. */
  read(options?: { readonly bodyless?: boolean }): Promise<Answer>;
  readHead(): Promise<Head>;
  readBody(head: Head): AsyncGenerator<Piece>;
  /** Everything up to the end of the connection. */
  readRest(): Promise<Buffer>;
}

/** Both ends of a connection. */
interface Ends {
  readonly host?: string;
  /** The address of the client, for tests of who is told apart by it. */
  readonly from?: string;
}

/** Opens a connection, which ends with the test. */
export async function openSocket(port: number, { host = "127.0.0.1", from }: Ends = {}): Promise<WireSocket> {
  const socket = connect({ port, host, noDelay: true, ...(from === undefined ? {} : { localAddress: from }) });
  onEnd(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const source: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  const fill = async (): Promise<boolean> => {
    const { value, done } = await source.next();
    if (done === true) return false;
    rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    return true;
  };
  const take = (count: number): Buffer => {
    const taken = rest.subarray(0, count);
    rest = rest.subarray(count);
    return taken;
  };
  const readLine = async (): Promise<string> => {
    for (;;) {
      const end = rest.indexOf("\r\n");
      if (end >= 0)
        return take(end + 2)
          .toString("latin1")
          .slice(0, -2);
      if (!(await fill())) throw new Error(`the connection ended within a line: ${rest.toString("latin1")}`);
    }
  };
  async function* readBytes(count: number): AsyncGenerator<Piece> {
    for (let left = count; left > 0;) {
      if (rest.length === 0 && !(await fill())) throw new Error(`the connection ended ${left} bytes early`);
      const bytes = take(Math.min(left, rest.length));
      left -= bytes.length;
      yield { bytes, at: performance.now() };
    }
  }
  async function* readChunks(): AsyncGenerator<Piece> {
    for (;;) {
      const size = await readLine();
      if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`not a chunk size: ${size}`);
      yield* readBytes(Number.parseInt(size, 16));
      const end = await readLine();
      if (end !== "") throw new Error(`not the end of a chunk: ${end}`);
      if (size === "0") return;
    }
  }
  async function* readToEnd(): AsyncGenerator<Piece> {
    while (rest.length > 0 || (await fill())) yield { bytes: take(rest.length), at: performance.now() };
  }

  const wire: WireSocket = {
    socket,
    send: (request) => void socket.write(request),
    async read({ bodyless = false } = {}) {
      const head = await wire.readHead();
      const pieces: Buffer[] = [];
      if (!bodyless) for await (const { bytes } of wire.readBody(head)) pieces.push(bytes);
      const body = Buffer.concat(pieces);
      return { ...head, body, text: body.toString() };
    },
    async readHead() {
      const line = await readLine();
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1];
      if (status === undefined) throw new Error(`not a status line: ${line}`);
      const headers: Record<string, string> = {};
      for (let field = await readLine(); field !== ""; field = await readLine()) {
        const [, name = "", value = ""] = /^([^\s:]+): ?(.*)$/.exec(field) ?? [];
        const known = headers[name.toLowerCase()];
        headers[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`;
      }
      return { status: Number(status), headers };
    },
    readBody({ status, headers }) {
      if (status < 200 || status === 204 || status === 304) return readBytes(0);
      if (headers["transfer-encoding"] !== undefined) return readChunks();
      const length = headers["content-length"];
      return length === undefined ? readToEnd() : readBytes(Number(length));
    },
    async readRest() {
      const pieces: Buffer[] = [];
      for await (const { bytes } of readToEnd()) pieces.push(bytes);
      return Buffer.concat(pieces);
    },
  };
  return wire;
}

export interface RequestParts {
  readonly method?: string;
  readonly path?: string;
  /** Merged over `host`, `authorization` and, with a body, `content-type` and `content-length`; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string | Uint8Array;
}

/** A whole request as bytes; by default a call of `POST /v1/chat/completions` that the gateway accepts. */
export function toRequest({ method = "POST", path = chatPath, headers = {}, body }: RequestParts = {}): Buffer {
  const bytes = Buffer.from(body ?? (method === "POST" ? toChatBody("@@echo ok") : ""));
  const framing = bytes.length > 0 ? { "content-type": "application/json", "content-length": `${bytes.length}` } : {};
  const fields = { host: "127.0.0.1", authorization: `Bearer ${testToken}`, ...framing, ...headers };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}\r\n`]));
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"), bytes]);
}

export const chatPath = "/v1/chat/completions";

export function toChatBody(content: string, fields: object = {}): string {
  return JSON.stringify({ model: "openclaw", messages: [{ role: "user", content }], ...fields });
}

/** One request on a connection of its own, and its answer. */
export async function exchange(port: number, request: string | Uint8Array, bodyless = false): Promise<Answer> {
  const wire = await openSocket(port);
  wire.send(request);
  return wire.read({ bodyless });
}

/** The same from another address of this machine. */
export async function exchangeFrom(from: string, port: number, request: string | Uint8Array): Promise<Answer> {
  const wire = await openSocket(port, { from });
  wire.send(request);
  return wire.read();
}

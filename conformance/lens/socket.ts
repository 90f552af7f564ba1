import type { Socket } from "node:net";
import { NoAnswer } from "../reach/blame.ts";
import type { Subject } from "../reach/subject.ts";
import { dialStraight, toPlace } from "./dial.ts";
import { type Exchange, shownBytesMax } from "./exchange.ts";
import { withQuery } from "./query.ts";

/** A connection on which any bytes may be written, and everything that comes back is kept. */
export interface WireConnection {
  write(bytes: string | Uint8Array): void;
  /** Waits for a piece of text in what has come; resolves to all that has come. Rejects at the end or the limit. */
  waitFor(text: string | RegExp, limitMs?: number): Promise<string>;
  /** Waits for the other side to close; resolves to all that has come. */
  waitForEnd(limitMs?: number): Promise<string>;
  /** Everything so far, one character a byte. */
  readonly received: string;
  readonly closed: boolean;
  /** How many times longer than usual to wait on it, which the waits without a limit of their own do. */
  readonly patience: number;
  /** Says that nothing more will be written (FIN). */
  finish(): void;
  /** RST. */
  reset(): void;
  close(): void;
  pause(): void;
  resume(): void;
}

const limitMsDefault = 5000;
/** No case waits for more; one that sends without end is left. */
const receivedMax = 4 * 1024 * 1024;

/**
 * The connection is closed at the latest when the signal aborts. What was said on it is recorded when it is closed, as one
 * exchange.
 */
export async function connect(
  { baseUrl, patience = 1, dial = dialStraight }: Subject,
  signal?: AbortSignal,
  record: (exchange: Exchange) => void = () => undefined,
): Promise<WireConnection> {
  const socket = await dial(toPlace(new URL(baseUrl)));
  const connection = toConnection(socket, patience, watchSocket(socket, baseUrl, record));
  const onAbort = (): void => void socket.destroy(new NoAnswer("the time for the connection is over"));
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.once("close", () => signal?.removeEventListener("abort", onAbort));
  return connection;
}

/** Writes down what a connection says; returned is what takes what is said on it. */
function watchSocket(
  socket: Socket,
  url: string,
  record: (exchange: Exchange) => void,
): (bytes: string | Uint8Array) => void {
  const started = performance.now();
  const sinceMs = (): number => Math.round(performance.now() - started);
  const reads: { atMs: number; text: string }[] = [];
  let [requestBody, failure, size] = ["", "", 0];
  let ended = false;
  socket.on("data", (bytes: Buffer) => {
    if (size < shownBytesMax) reads.push({ atMs: sinceMs(), text: bytes.toString("utf8", 0, shownBytesMax - size) });
    size += bytes.length;
  });
  socket.once("end", () => (ended = true));
  socket.on("error", (error) => (failure = error.message));
  socket.once("close", () => {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(reads[0]?.text ?? "")?.[1] ?? 0);
    const end = size > receivedMax ? "limit" : size > 0 ? (ended ? "complete" : "cut") : "none";
    const said = { requestHeaders: {}, requestBody, status, headers: {}, reads, endMs: sinceMs(), end } as const;
    record({ method: "TCP", url, ...said, ...(failure === "" ? {} : { failure }) });
  });
  return (bytes) => {
    if (requestBody.length < shownBytesMax)
      requestBody += Buffer.from(bytes as string).toString("latin1", 0, shownBytesMax - requestBody.length);
  };
}

function toConnection(socket: Socket, patience: number, said: (bytes: string | Uint8Array) => void): WireConnection {
  let received = "";
  let closed = false;
  let isLeft = false;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  socket.setNoDelay(true);
  socket.on("data", (bytes: Buffer) => {
    if (isLeft) return;
    received += bytes.toString("latin1");
    isLeft = received.length > receivedMax;
    if (isLeft) socket.destroy();
    wake();
  });
  const end = (): void => {
    // Who was left has not closed it.
    closed = !isLeft;
    wake();
  };
  socket.on("end", end);
  socket.on("close", end);
  socket.on("error", end);

  const wait = (isDone: () => boolean, what: string, limitMs: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        watchers.delete(check);
      };
      const check = (): void => {
        if (!isDone() && !closed && !isLeft) return;
        stop();
        if (isDone()) resolve(received);
        else if (isLeft) reject(new NoAnswer(`${what} did not come within ${receivedMax} bytes`));
        else
          reject(
            new NoAnswer(`the connection ended before ${what}; it had said ${JSON.stringify(received.slice(0, 200))}`),
          );
      };
      const timer = setTimeout(() => {
        stop();
        reject(
          new NoAnswer(
            `${what} did not come within ${limitMs} ms; there was ${JSON.stringify(received.slice(0, 200))}`,
          ),
        );
      }, limitMs);
      watchers.add(check);
      check();
    });

  return {
    write: (bytes) => {
      said(bytes);
      if (socket.writable) socket.write(bytes);
    },
    waitFor: (text, limitMs = limitMsDefault * patience) =>
      wait(() => (typeof text === "string" ? received.includes(text) : text.test(received)), String(text), limitMs),
    waitForEnd: (limitMs = limitMsDefault * patience) => wait(() => closed, "the end of the connection", limitMs),
    get received() {
      return received;
    },
    get closed() {
      return closed;
    },
    patience,
    finish: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    close: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

/** The head of a raw request: the request line, `Host`, the key, and further lines. Ends with the empty line. */
export function toHead(subject: Subject, method: string, path: string, lines: readonly string[]): string {
  const { host, pathname } = new URL(subject.baseUrl);
  const target = path.startsWith("/") ? `${pathname.replace(/\/$/, "")}${withQuery(subject, path)}` : path;
  const key = subject.apiKey === "" ? {} : { Authorization: `Bearer ${subject.apiKey}` };
  const { authorization, ...others } = subject.headers ?? {};
  const sent = { ...key, ...(authorization === undefined ? {} : { Authorization: authorization }), ...others };
  const fields = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...fields, ...lines, "", ""].join("\r\n");
}

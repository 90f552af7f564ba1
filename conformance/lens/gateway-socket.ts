import type { IncomingHttpHeaders } from "node:http";
import { type ClientOptions, WebSocket } from "ws";
import { NoAnswer } from "../reach/blame.ts";
import { Failure, isObject, show } from "../expect.ts";
import type { Subject } from "../reach/subject.ts";
import { createAgent } from "./dial.ts";
import { withQuery } from "./query.ts";
import type { Exchange } from "./exchange.ts";
import { shownBytesMax } from "./exchange.ts";

/** A frame as it came; what is not known of it is for the cases to find out. */
export interface SeenFrame {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly ok?: unknown;
  readonly payload?: unknown;
  readonly error?: unknown;
  readonly event?: unknown;
  readonly seq?: unknown;
}

export interface DialOptions {
  /** Behind the path, with its question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Offers to compress. */
  readonly compress?: boolean;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** How long a frame may take that is waited for. */
const frameMs = 8000;
/** More frames than any case makes a gateway send. */
const framesMax = 20_000;
/** The same of bytes; one that sends without end is left. */
const bytesMax = 16 * 1024 * 1024;
/** The same of frames that may be empty, pings among them. */
const messagesMax = 100_000;

/** One connection of OpenClaw's gateway protocol, without any forgiveness: every frame that came, in its order. */
export class GatewaySocket {
  readonly frames: SeenFrame[] = [];
  /** Of the answer to the handshake; 101 if there is a connection. */
  status = 0;
  headers: IncomingHttpHeaders = {};
  closing: Closing | undefined;
  readonly #socket: WebSocket;
  readonly #patience: number;
  readonly #sent: string[] = [];
  readonly #reads: { atMs: number; text: string }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #toExchange: () => Exchange;
  #id = 0;
  #shownBytes = 0;
  #bytes = 0;
  #messages = 0;

  /** `record` is told of the connection once it is over. */
  constructor(subject: Subject, options: DialOptions, signal: AbortSignal, record: (exchange: Exchange) => void) {
    const { query = "", headers = {}, compress = false } = options;
    const started = performance.now();
    const url = `${toSocketUrl(subject.baseUrl)}${subject.query === undefined ? query : withQuery(subject, query)}`;
    const sentHeaders = { ...subject.headers, ...headers };
    this.#patience = subject.patience ?? 1;
    this.#socket = new WebSocket(url, {
      headers: sentHeaders,
      perMessageDeflate: compress,
      maxPayload: bytesMax,
      ...(subject.dial === undefined ? {} : toDialled(subject, url)),
    });
    this.#socket.on("upgrade", ({ statusCode = 0, headers: answered }) => {
      this.status = statusCode;
      this.headers = answered;
    });
    this.#socket.on("unexpected-response", (request, { statusCode = 0 }) => {
      this.status = statusCode;
      request.destroy();
      this.#close({ code: 1006, reason: `the handshake was answered ${statusCode}` });
    });
    this.#socket.on("message", (data: Buffer) => {
      if (this.closing !== undefined || this.#isTooMany()) return;
      if ((this.#bytes += data.length) > bytesMax) return this.#leave(`it had sent more than ${bytesMax} bytes`);
      const text = data.toString("utf8");
      if ((this.#shownBytes += text.length) <= shownBytesMax)
        this.#reads.push({ atMs: Math.round(performance.now() - started), text: `${text}\n` });
      this.#take(text);
    });
    for (const control of ["ping", "pong"] as const) this.#socket.on(control, () => void this.#isTooMany());
    this.#socket.on("error", (error) => this.#close({ code: 1006, reason: error.message }));
    this.#socket.on("close", (code, reason) => this.#close({ code, reason: reason.toString("utf8") }));
    this.#toExchange = () => ({
      url: url.replace("ws", "http"),
      requestHeaders: sentHeaders,
      endMs: Math.round(performance.now() - started),
      ...this.#toSaid(),
    });
    const finish = (): void => {
      signal.removeEventListener("abort", finish);
      this.#socket.off("close", finish);
      record(this.exchange);
      this.#socket.terminate();
    };
    // In the turn in which the case ends, so that the connection is in its report.
    signal.addEventListener("abort", finish);
    this.#socket.on("close", finish);
  }

  /** What went over the connection so far. */
  get exchange(): Exchange {
    return this.#toExchange();
  }

  /** Resolves when the handshake was answered; rejects if nothing answers. */
  async opened(): Promise<this> {
    await this.until(() => (this.status === 0 ? undefined : true), "an answer to the handshake").catch((error) => {
      throw this.closing === undefined ? error : new NoAnswer(this.closing.reason, { cause: error });
    });
    return this;
  }

  /** Text as it is, anything else as JSON. */
  send(frame: unknown): void {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    this.#sent.push(text.slice(0, shownBytesMax));
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Sends a request and returns its id. `undefined` leaves `params` out. */
  ask(method: string, params?: object): string {
    const id = `${method} ${++this.#id}`;
    this.send({ type: "req", id, method, params });
    return id;
  }

  /** What a request was answered with so far. */
  answers(id: string): SeenFrame[] {
    return this.frames.filter((frame) => frame.type === "res" && frame.id === id);
  }

  /** The first answer to a request, whatever it is. */
  answer(method: string, params?: object): Promise<SeenFrame> {
    const id = this.ask(method, params);
    return this.until(() => this.answers(id)[0], `an answer to \`${method}\``);
  }

  /** What a request is answered with; a refusal is a failure of the case. */
  async request(method: string, params?: object): Promise<Record<string, unknown>> {
    const { ok, payload, error } = await this.answer(method, params);
    if (ok === true && isObject(payload)) return payload;
    throw new Failure(`\`${method}\` to be answered`, ok === true ? show(payload) : show(error));
  }

  /** The payloads of the events of this name so far. */
  events(name: string): Record<string, unknown>[] {
    return this.frames.flatMap(({ type, event, payload }) =>
      type === "event" && event === name && isObject(payload) ? [payload] : [],
    );
  }

  /** Waits for something in what has come. That it does not come is a failure of the case. */
  async until<T>(look: () => T | undefined, what: string, limitMs = frameMs): Promise<T> {
    const deadline = performance.now() + limitMs * this.#patience;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.closing !== undefined) {
        const { code, reason } = this.closing;
        throw new Failure(what, `the connection was closed with ${code} ${reason}; last came ${this.#last()}`);
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0)
        throw new Failure(what, `nothing within ${limitMs * this.#patience} ms; last came ${this.#last()}`);
      // oxlint-disable-next-line no-await-in-loop -- looks again when something has come
      await this.#change(leftMs);
    }
  }

  /** How the other side closes the connection. That it does not is a failure of the case. */
  closed(what: string, limitMs = frameMs): Promise<Closing> {
    return this.until(() => this.closing, what, limitMs).catch((error: unknown) => {
      if (this.closing !== undefined) return this.closing;
      throw error;
    });
  }

  /** Leaves without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  #toSaid(): Omit<Exchange, "url" | "requestHeaders" | "endMs"> {
    return {
      method: "GET",
      requestBody: this.#sent.join("\n").slice(0, shownBytesMax),
      status: this.status,
      headers: Object.fromEntries(
        Object.entries(this.headers)
          // Says nothing without the key that it answers, which is another one each time.
          .filter(([name]) => name !== "sec-websocket-accept")
          .map(([name, value]) => [name, String(value)]),
      ),
      reads: [...this.#reads],
      end: this.status === 0 ? "cut" : "complete",
    };
  }

  #isTooMany(): boolean {
    const isTooMany = ++this.#messages > messagesMax;
    if (isTooMany) this.#leave(`it had sent more than ${messagesMax} frames`);
    return isTooMany;
  }

  #take(text: string): void {
    const value = toJson(text);
    if (this.frames.length < framesMax) this.frames.push(isObject(value) ? value : { type: `no object: ${text}` });
    this.#wake();
  }

  #close(closing: Closing): void {
    this.closing ??= closing;
    this.#wake();
  }

  #leave(reason: string): void {
    this.#close({ code: 1006, reason });
    this.#socket.terminate();
  }

  #change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #last(): string {
    const last = this.frames.at(-1);
    return last === undefined ? "nothing" : show(last);
  }
}

/** Through whoever dials; its frames are masked with zeros, so that they can be read and are the same again. */
function toDialled(subject: Subject, url: string): ClientOptions {
  return { agent: createAgent(subject, url.startsWith("wss:")), generateMask: (mask) => void mask.fill(0) };
}

/** The port's own door: the root of an HTTP address, or the WebSocket address as it was given. */
function toSocketUrl(baseUrl: string): string {
  const url = new URL(baseUrl);
  if (url.protocol.startsWith("ws")) return url.href;
  return new URL("/", baseUrl).href.replace(/^http/, "ws");
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

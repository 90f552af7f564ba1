import { once } from "node:events";
import { WebSocket } from "ws";
import { expect } from "vitest";
import type { SocketEvents, SocketMethods } from "../../src/base/contract.ts";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { type AnyFrame, expectPublished } from "./published.fixture.ts";

export interface SocketOptions {
  readonly token?: string | undefined;
  /** Instead of what a library sends, all of it or parts. */
  readonly params?: object;
  /** Of the handshake. */
  readonly headers?: Record<string, string>;
}

/** An event as it came. */
export type Told = {
  [E in keyof SocketEvents]: { event: E; payload: SocketEvents[E]; seq: number };
}[keyof SocketEvents];

/** One connection of the gateway protocol. Every frame that comes is held against the published schema. */
export class TestSocket {
  readonly socket: WebSocket;
  readonly frames: AnyFrame[] = [];
  readonly #methods = new Map<string, string>();
  readonly #waiting = new Set<() => void>();
  #id = 0;
  #closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url.replace("http", "ws"), { headers, perMessageDeflate: true });
    this.socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as AnyFrame;
      this.frames.push(frame);
      this.#wake();
    });
    this.socket.on("close", (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      this.#wake();
    });
    this.socket.on("error", () => undefined);
    onEnd(() => {
      this.socket.terminate();
      this.expectPublished();
    });
  }

  /** What a device signs. */
  get challenge(): SocketEvents["connect.challenge"] {
    const [first] = this.frames;
    if (first === undefined) throw new Error("nothing has come");
    return first.payload as SocketEvents["connect.challenge"];
  }

  /** What events there were, in their order. */
  get told(): Told[] {
    return this.frames.filter(
      ({ type, event }) => type === "event" && event !== "connect.challenge",
    ) as unknown as Told[];
  }

  payloads<E extends keyof SocketEvents>(name: E): SocketEvents[E][] {
    return this.told.flatMap(({ event, payload }) => (event === name ? [payload as SocketEvents[E]] : []));
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Sends a request and returns its id. */
  ask(method: string, params?: unknown, id = `r${++this.#id}`): string {
    this.#methods.set(id, method);
    this.send({ type: "req", id, method, params });
    return id;
  }

  /** The answers to a request so far. */
  answers(id: string): AnyFrame[] {
    return this.frames.filter((frame) => frame.id === id);
  }

  /** The payload of the answer; throws for a refusal. */
  async request<M extends keyof SocketMethods>(method: M, params?: object): Promise<SocketMethods[M]["payload"]> {
    const frame = await this.answer(method, params);
    if (frame.ok !== true) throw new Error(`${frame.error?.code}: ${frame.error?.message}`);
    return frame.payload as SocketMethods[M]["payload"];
  }

  /** The first answer, whatever it is. */
  answer(method: string, params?: unknown): Promise<AnyFrame> {
    const id = this.ask(method, params);
    return this.until(() => this.answers(id)[0]);
  }

  /** Waits until something is there in what has come; throws when the connection closes before. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#closed !== undefined) throw new Error(`closed with ${this.#closed.code}: ${this.#closed.reason}`);
      // oxlint-disable-next-line no-await-in-loop -- looks again when something has come
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The end of a run as the chat tells it. */
  ended(runId: string): Promise<SocketEvents["chat"]> {
    return this.until(() => this.payloads("chat").find((event) => event.runId === runId && event.state !== "delta"));
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    for (;;) {
      if (this.#closed !== undefined) return this.#closed;
      // oxlint-disable-next-line no-await-in-loop -- looks again when something has come
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Every frame is one of the protocol, and the events of the connection are counted without a hole. */
  expectPublished(): void {
    for (const frame of this.frames) expectPublished(frame, this.#methods.get(frame.id ?? ""));
    expect(this.told.map(({ seq }) => seq)).toEqual(this.told.map((_, index) => index + 1));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export async function openSocket(url: string, headers: Record<string, string> = {}): Promise<TestSocket> {
  const socket = new TestSocket(url, headers);
  await once(socket.socket, "open");
  await socket.until(() => socket.frames[0]);
  return socket;
}

/** What a client says who has the token. */
export const connectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend" },
  role: "operator",
  scopes: ["operator.read", "operator.write"],
  caps: [],
};

/** A connection that has signed in, and what it was answered. */
export async function connect(
  { url }: { readonly url: string },
  { token = testToken, params = {}, headers }: SocketOptions = {},
): Promise<TestSocket & { readonly hello: SocketMethods["connect"]["payload"] }> {
  const socket = await openSocket(url, headers);
  const hello = await socket.request("connect", { ...connectParams, auth: { token }, ...params });
  return Object.assign(socket, { hello });
}

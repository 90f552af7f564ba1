import { randomUUID } from "node:crypto";
import type { Subject } from "../reach/subject.ts";
import type { Use } from "./use.ts";

// What is used of OpenClaw's client library, which is looked for where it is installed; see other-clients.ts.

/** A frame that nobody asked for. */
export interface Told {
  readonly event: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

export interface ClientOptions {
  readonly url?: string;
  readonly token?: string;
  readonly origin?: string;
  readonly scopes?: readonly string[];
  readonly minProtocol?: number;
  readonly maxProtocol?: number;
  readonly requestTimeoutMs?: number;
  readonly connectChallengeTimeoutMs?: number;
  readonly deviceIdentity?: {
    readonly deviceId: string;
    readonly privateKeyPem: string;
    readonly publicKeyPem: string;
  };
  readonly hostDeps?: object;
  readonly onEvent?: (event: Told) => void;
  readonly onHelloOk?: (hello: Answer) => void;
  readonly onConnectError?: (error: Error) => void;
  readonly onReconnectPaused?: (info: { readonly detailCode: string | null }) => void;
  readonly onClose?: (code: number, reason: string) => void;
  readonly onGap?: (gap: object) => void;
}

export type Answer = Readonly<Record<string, unknown>>;

export interface LibraryClient {
  start(): void;
  stop(): void;
  request(method: string, params?: object, options?: object): Promise<Answer>;
}

export interface Library {
  readonly GatewayClient: new (options: ClientOptions) => LibraryClient;
  createSessionProjection(scope?: object): Projection;
  reduceSessionProjectionRunEvent(state: Projection, event: object): { readonly projection: Projection } | null;
  reduceSessionProjection(state: Projection, event: object): Projection;
}

export interface Projection {
  readonly messages: readonly unknown[];
  readonly runs: Readonly<Record<string, { readonly status: string; readonly errorMessage?: string }>>;
}

/** Shorter than a use may take, so that the client's own deadline is what its user sees. */
const patienceMs = 3000;

/** A connection of the library as its user holds it. It ends with the signal. */
export class Window {
  readonly client: LibraryClient;
  readonly told: Told[] = [];
  readonly gaps: object[] = [];
  readonly failures: Error[] = [];
  readonly closings: string[] = [];
  /** Why the library does not come back, once it has given up. */
  paused: string | null | undefined;
  hello: Answer | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(library: Library, subject: Subject, signal: AbortSignal, options: ClientOptions = {}) {
    const changed =
      <Given extends readonly unknown[]>(take: (...given: Given) => unknown) =>
      (...given: Given): void => {
        take(...given);
        for (const look of this.#waiting) look();
      };
    this.client = new library.GatewayClient({
      url: toSocketUrl(subject),
      token: subject.apiKey,
      requestTimeoutMs: patienceMs,
      connectChallengeTimeoutMs: patienceMs,
      onEvent: changed((event) => this.told.push(event)),
      onGap: changed((gap) => this.gaps.push(gap)),
      onHelloOk: changed((hello) => (this.hello = hello)),
      onConnectError: changed((error) => this.failures.push(error)),
      onReconnectPaused: changed(({ detailCode }) => (this.paused = detailCode)),
      onClose: changed((code, reason) => this.closings.push(`${code} ${reason}`)),
      ...options,
    });
    signal.addEventListener("abort", () => this.client.stop());
    this.client.start();
  }

  /** Rejects with what the library says of a connection that does not come about. */
  async opened(): Promise<this> {
    await this.until(() => this.hello ?? this.failures[0]);
    if (this.hello === undefined) throw this.failures[0];
    return this;
  }

  ask(method: string, params?: object, options?: object): Promise<Answer> {
    return this.client.request(method, params, options);
  }

  /** Waits for something in what has come; who uses it waits for no longer than the use may take. */
  until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** The events of this name, of one run. */
  of(runId: string, name: string): Answer[] {
    return this.told.flatMap(({ event, payload = {} }) =>
      event === name && payload["runId"] === runId ? [payload] : [],
    );
  }

  /** How the run's chat ends. */
  end(runId: string): Promise<Answer> {
    return this.until(() => this.of(runId, "chat").find(({ state }) => state !== "delta" && state !== "status"));
  }

  firstWords(runId: string): Promise<Answer> {
    return this.until(() => this.of(runId, "chat").find(({ state }) => state === "delta"));
  }
}

/** The WebSocket of the port that has the base URL. */
export function toSocketUrl({ baseUrl }: Subject): string {
  const url = new URL(baseUrl);
  return url.protocol.startsWith("ws") ? url.href : new URL("/", url).href.replace(/^http/, "ws");
}

/** The text of a message, whose content is a text or a list of parts. */
export function toText(message: unknown): string {
  const content: unknown = (message as { readonly content?: unknown } | undefined)?.content ?? message;
  if (!Array.isArray(content)) return typeof content === "string" ? content : "";
  return content.map((part: { readonly text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("");
}

/** Who said what, as a window shows it. */
export function toLines(messages: unknown): string[] {
  return (Array.isArray(messages) ? messages : []).map(
    (message: { readonly role?: unknown }) => `${String(message.role)}: ${toText(message)}`,
  );
}

/** What a use is given: how to open a window on the subject. */
export interface Asked {
  readonly library: Library;
  readonly subject: Subject;
  readonly open: (options?: ClientOptions) => Promise<Window>;
  /** One that need not come about. */
  readonly knock: (options?: ClientOptions) => Window;
}

export interface SocketUse {
  readonly name: string;
  readonly only: string;
  readonly run: (asked: Asked) => Promise<unknown>;
}

/** Asks for a run, as a chat window does, and returns its id. */
export async function say({ client }: Window, sessionKey: string, message: string): Promise<string> {
  const idempotencyKey = randomUUID();
  await client.request("chat.send", { sessionKey, message, idempotencyKey });
  return idempotencyKey;
}

/** The name of a session that nobody else has. */
export function toKey(): string {
  return `proof-${randomUUID()}`;
}

/** The uses of a library as those of a client. */
export function toSocketUses(uses: readonly SocketUse[], library: Library): Use[] {
  return uses.map(({ run, ...use }) => ({
    ...use,
    run: (subject, signal) => {
      const start = (options?: ClientOptions): Window => new Window(library, subject, signal, options);
      return run({ library, subject, knock: start, open: (options) => start(options).opened() });
    },
  }));
}

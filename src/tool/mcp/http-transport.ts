import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  SdkHttpError,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import { createBoundedFetch } from "./bounded-fetch.ts";
import { createIntake } from "./intake.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/** How long the server may take to acknowledge what needs no answer. */
const noticeMs = 10_000;
/** How long the end of a session may take; a server that misses it forgets the session by itself. */
const goodbyeMs = 1000;
/** A stream that breaks off is taken up again where the server can do that; a call shall not wait long for one that cannot. */
const reconnectionOptions = {
  initialReconnectionDelay: 250,
  reconnectionDelayGrowFactor: 2,
  maxReconnectionDelay: 5000,
  maxRetries: 2,
};
/** JSON-RPC leaves the codes from -32000 on to implementations. */
export const streamEndedCode = -32_001;

type SendOptions = Parameters<Transport["send"]>[1];

export interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectMs: number;
}

/**
 * Streamable HTTP. Over the library's transport, which it uses, it ends the HTTP request of a call that is cancelled,
 * and fails a call whose stream breaks off; otherwise the one would stay open for ever, and the other wait for its time.
 */
export class HttpTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #intake = createIntake();
  readonly #fetch;
  readonly #inner;
  /** What ends the HTTP request of each call that has no answer yet. */
  readonly #calls = new Map<RequestId, AbortController>();
  #closed = false;

  constructor({ url, headers, connectMs }: Address) {
    this.#fetch = createBoundedFetch(connectMs, (value) => this.#intake.admit(value));
    this.#inner = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers },
      fetch: this.#fetch.fetch,
      redirectPolicy: "same-origin",
      reconnectionOptions,
    });
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version);
  }

  async start(): Promise<void> {
    if (this.#closed) throw new Error("closed before the start");
    /* oxlint-disable unicorn/prefer-add-event-listener -- the library has nothing else */
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => this.onerror?.(error);
    this.#inner.onmessage = (message: JSONRPCMessage) => {
      if ((isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) && message.id !== undefined) {
        this.#calls.delete(message.id);
      }
      this.onmessage?.(message);
    };
    /* oxlint-enable unicorn/prefer-add-event-listener */
    await this.#inner.start();
  }

  async send(message: JSONRPCMessage, options?: SendOptions): Promise<void> {
    this.#intake.note(message);
    if (isJSONRPCRequest(message)) return this.#call(message, options);
    const sent = this.#inner.send(message, { requestSignal: AbortSignal.timeout(noticeMs) });
    if (isJSONRPCNotification(message) && message.method === "notifications/cancelled") {
      this.#forget(message.params?.["requestId"] as RequestId);
    }
    // Servers refuse notices that they have no use for. Whether they work is for the requests to show.
    await sent.catch((cause: unknown) => {
      if (!(cause instanceof SdkHttpError) || !isJSONRPCNotification(message)) throw cause;
    });
  }

  async #call(message: JSONRPCMessage & { id: RequestId }, options?: SendOptions): Promise<void> {
    const { id } = message;
    const controller = new AbortController();
    this.#calls.set(id, controller);
    try {
      await this.#inner.send(message, {
        ...(options?.headers === undefined ? {} : { headers: options.headers }),
        requestSignal: controller.signal,
        onRequestStreamEnd: () => this.#lose(id),
      });
    } catch (cause) {
      this.#calls.delete(id);
      const reply = this.#toReply(cause, id);
      if (reply === undefined) throw cause;
      this.onmessage?.(reply);
    }
  }

  /** Many servers give the failure of a call an HTTP status of its own; what went wrong is in the body all the same. */
  #toReply(cause: unknown, id: RequestId): JSONRPCMessage | undefined {
    if (!(cause instanceof SdkHttpError)) return undefined;
    const value = parseObject(String(cause.data.text));
    if (value?.["error"] == null || value["id"] !== id || isOfClient(cause.status, value["error"])) return undefined;
    const reply = this.#intake.admit(value);
    return isJSONRPCErrorResponse(reply) ? reply : undefined;
  }

  #forget(id: RequestId): void {
    this.#calls.get(id)?.abort();
    this.#calls.delete(id);
  }

  #lose(id: RequestId): void {
    if (!this.#calls.delete(id)) return;
    this.onmessage?.({ jsonrpc: "2.0", id, error: { code: streamEndedCode, message: "The stream ended." } });
  }

  async close(): Promise<void> {
    this.#closed = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, goodbyeMs);
    });
    const goodbye = this.#inner.terminateSession().catch((error: unknown) => this.onerror?.(toError(error)));
    await Promise.race([goodbye, patience]);
    clearTimeout(timer);
    await this.#inner.close();
    await this.#fetch.close();
  }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it says no to the client and not to the call. With 400 so do an invalid request and codes of the server's own. */
function isOfClient(status: number, error: unknown): boolean {
  if (status !== 400) return [401, 403, 404].includes(status);
  const code = isObject(error) ? Number(error["code"]) : Number.NaN;
  return !(code > -32_000 || (code < -32_600 && code >= -32_768));
}

function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

import { setTimeout as delay } from "node:timers/promises";
import type { Agent } from "undici";
import { type Deadline, type Patience, startPatience } from "../base/deadline.ts";
import { GatewayError } from "../base/errors.ts";
import type { Flow } from "../base/listener.ts";
import { FailedAttempt, toBrokenAttempt, toFailedAttempt } from "./failure.ts";
import { type Receiver, send, type TakeBytes, type UpstreamHead } from "./send.ts";

/** Of an error's body only codes are read, and they stand at its beginning. */
const errorBytesMax = 64 * 1024;
/** The status is known by then; a client shall not wait for the codes. */
const errorMs = 1_000;

export interface Endpoint {
  /** Of the call. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: Agent;
}

export interface ExchangeOptions {
  readonly deadline: Deadline;
  readonly flow: Flow;
  /** The server has accepted the call. */
  readonly accept: Receiver["accept"];
}

/**
 * Sends one call and resolves when its answer is over. Rejects with a `FailedAttempt` when the server has not accepted
 * it, with whatever ended an answer that had begun, and with the deadline's reason.
 */
export async function exchange(
  { url, headers, connections }: Endpoint,
  body: string,
  { deadline, flow, accept }: ExchangeOptions,
): Promise<void> {
  let accepted = false;
  let refusal: Refusal | undefined;
  const take = (head: UpstreamHead, cut: () => void): TakeBytes => {
    const isPlain = String(head.headers["content-encoding"] ?? "identity").toLowerCase() === "identity";
    if (head.statusCode !== 200) {
      refusal = new Refusal(head, cut);
      if (!isPlain) throw refusal.toFailure();
      return refusal.take;
    }
    if (!isPlain) throw toEncodingFailure();
    accepted = true;
    const takeAccepted = accept(head, cut);
    return (bytes) => {
      deadline.arrived();
      return takeAccepted(bytes);
    };
  };
  try {
    await send(connections, { url, headers, body }, { signal: deadline.signal, flow, accept: take });
  } catch (cause) {
    deadline.signal.throwIfAborted();
    if (accepted || cause instanceof FailedAttempt) throw cause;
    // Its body broke off or took too long; the status says enough.
    throw refusal?.toFailure() ?? toBrokenAttempt(cause);
  } finally {
    refusal?.stop();
  }
  if (refusal !== undefined) throw refusal.toFailure();
}

/** What is compressed could be a bomb, and was not asked for. */
function toEncodingFailure(): FailedAttempt {
  return new FailedAttempt(new GatewayError("upstream_error", "The model provider sent a compressed answer."));
}

/** An answer that says no, of whose body no more is held than its codes need. */
class Refusal {
  readonly #head: UpstreamHead;
  readonly #late: Patience;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(head: UpstreamHead, cut: () => void) {
    this.#head = head;
    this.#late = startPatience(errorMs, cut);
  }

  readonly take: TakeBytes = (bytes) => {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this.#length > errorBytesMax;
  };

  stop(): void {
    this.#late.stop();
  }

  toFailure(): FailedAttempt {
    const { statusCode, headers } = this.#head;
    const retryAfter = headers["retry-after"];
    return toFailedAttempt({
      // A redirect is never followed: it would carry the key to another place.
      status: statusCode < 400 ? 400 : statusCode,
      retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
      body: this.#readJson(),
    });
  }

  #readJson(): unknown {
    if (this.#length === 0 || this.#length > errorBytesMax) return undefined;
    try {
      return JSON.parse(Buffer.concat(this.#parts).toString("utf8"));
    } catch {
      // The status says enough: an error without a readable body is an error all the same.
      return undefined;
    }
  }
}

/**
 * Makes an attempt, and one more if it failed in a way that may pass. An attempt throws `FailedAttempt` only while
 * nothing has been said. Throws what the client shall be told, or the signal's reason.
 */
export async function retryOnce<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    if (!(cause instanceof FailedAttempt)) throw cause;
    if (cause.retryAfterMs === undefined) throw cause.error;
    await pause(cause.retryAfterMs, signal);
  }
  try {
    return await attempt();
  } catch (cause) {
    throw cause instanceof FailedAttempt ? cause.error : cause;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // The timer's own AbortError hides the reason.
    signal.throwIfAborted();
    throw error;
  }
}

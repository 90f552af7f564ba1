import type { Agent, Dispatcher } from "undici";
import type { Flow } from "../base/listener.ts";

export interface UpstreamCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface UpstreamHead {
  readonly statusCode: number;
  /** A field that came several times is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Takes a piece of the body. True says that no more of it is wanted. */
export type TakeBytes = (bytes: Uint8Array) => boolean;

export interface Receiver {
  readonly signal: AbortSignal;
  /** While it is held, no more is read from the connection than it has brought already. */
  readonly flow: Flow;
  /** The head has come; `cut` ends the connection. What it or the function that it returns throws ends the call. */
  readonly accept: (head: UpstreamHead, cut: () => void) => TakeBytes;
}

/** What is left of a body that nobody wants is read, so that its connection can be used again; more is cut. */
const restBytesMax = 16 * 1024;
const restMs = 1_000;

/** Only undici sees it. */
const left = new Error("the call was left");

/**
 * Sends one call, hands its answer to the receiver as it comes, and resolves when that is over. When the signal aborts,
 * it lets go at once: of the connection, and of the wait for one. Then it rejects with the signal's reason.
 *
 * Not by `Agent.request`: there a call that waits for a connection is deaf to its signal, and each piece of the answer
 * costs a promise.
 */
export function send(connections: Agent, { url, headers, body }: UpstreamCall, receiver: Receiver): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    receiver.signal.throwIfAborted();
    const path = url.pathname + url.search;
    const call = new Call(receiver, resolve, reject);
    connections.dispatch({ origin: url.origin, path, method: "POST", headers, body }, call);
  });
}

/** One call, as undici sees it. */
class Call implements Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;
  readonly #resolve: () => void;
  readonly #reject: (cause: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #take: TakeBytes | undefined;
  #over = false;
  #stopFlow: (() => void) | undefined;
  #restBytes = restBytesMax;
  #restTimer: NodeJS.Timeout | undefined;

  constructor(receiver: Receiver, resolve: () => void, reject: (cause: unknown) => void) {
    this.#receiver = receiver;
    this.#resolve = resolve;
    this.#reject = reject;
    receiver.signal.addEventListener("abort", this.#leave, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(left);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: UpstreamHead["headers"],
  ): void {
    // What is below 200 only announces the answer.
    if (this.#over || statusCode < 200) return;
    const { flow, accept } = this.#receiver;
    try {
      this.#take = accept({ statusCode, headers }, () => this.#fail(left));
    } catch (cause) {
      return this.#fail(cause);
    }
    // It may have been left meanwhile.
    if (this.#over) return;
    this.#stopFlow = flow.onChange((held) => (held ? controller.pause() : controller.resume()));
    if (flow.held) controller.pause();
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Uint8Array): void {
    if (this.#over) {
      this.#restBytes -= bytes.length;
      if (this.#restBytes < 0) controller.abort(left);
      return;
    }
    try {
      // Whatever this calls runs inside undici, which would take an error for its own.
      if (this.#take?.(bytes) === true) this.#leaveRest(controller);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.#restTimer);
    if (this.#settle()) this.#resolve();
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    clearTimeout(this.#restTimer);
    if (this.#settle()) this.#reject(cause);
  }

  readonly #leave = (): void => this.#fail(this.#receiver.signal.reason);

  #fail(cause: unknown): void {
    if (!this.#settle()) return;
    this.#controller?.abort(left);
    this.#reject(cause);
  }

  #leaveRest(controller: Dispatcher.DispatchController): void {
    if (!this.#settle()) return;
    if (controller.paused) controller.resume();
    this.#restTimer = setTimeout(() => controller.abort(left), restMs);
    this.#resolve();
  }

  /** False if it was over before. */
  #settle(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#stopFlow?.();
    this.#receiver.signal.removeEventListener("abort", this.#leave);
    return true;
  }
}

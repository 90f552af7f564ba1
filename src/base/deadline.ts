import type { Deadlines } from "./contract.ts";
import { GatewayError } from "./errors.ts";
import type { Flow } from "./listener.ts";

/** The clock of one model call. */
export interface Deadline {
  /** Aborts with the caller's reason, or with `upstream_timeout`. */
  readonly signal: AbortSignal;
  /** A piece of the answer has come. */
  arrived(): void;
  stop(): void;
}

/**
 * Runs until `stop`. The provider has `firstTokenMs` for its first byte and `idleMs` for each further one, but a reader
 * that is slow itself, and holds the flow, does not use up the provider's time.
 */
export function startDeadline({ firstTokenMs, idleMs, totalMs }: Deadlines, caller: AbortSignal, flow: Flow): Deadline {
  const controller = new AbortController();
  const expire = (message: string): void => controller.abort(new GatewayError("upstream_timeout", message));
  const total = setTimeout(expire, totalMs, `The model provider did not finish within ${totalMs} ms.`);
  const first = setTimeout(expire, firstTokenMs, `The model provider did not answer within ${firstTokenMs} ms.`);
  let idle: IdleTimer | undefined;
  let stopped = false;
  const onAbort = (): void => controller.abort(caller.reason);
  if (caller.aborted) onAbort();
  else caller.addEventListener("abort", onAbort, { once: true });
  const stopWatching = flow.onChange((held) => {
    if (!held) idle?.touch();
  });

  return {
    signal: controller.signal,
    arrived() {
      if (idle !== undefined) return idle.touch();
      if (stopped) return;
      clearTimeout(first);
      idle = new IdleTimer(idleMs, () => {
        if (!flow.held) expire(`The model provider fell silent for ${idleMs} ms.`);
      });
    },
    stop() {
      stopped = true;
      clearTimeout(total);
      clearTimeout(first);
      idle?.stop();
      stopWatching();
      caller.removeEventListener("abort", onAbort);
    },
  };
}

/**
 * Tells when nothing has happened for a while. To say that something has happened costs a time stamp and no timer, so
 * it may be said with every token.
 */
export class IdleTimer {
  readonly #ms: number;
  readonly #onIdle: () => void;
  #touched = performance.now();
  #timer: NodeJS.Timeout;

  /** `onIdle` is called after every `ms` milliseconds in which nothing happened, until `stop`. */
  constructor(ms: number, onIdle: () => void) {
    this.#ms = ms;
    this.#onIdle = onIdle;
    this.#timer = setTimeout(this.#look, ms);
  }

  touch(): void {
    this.#touched = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const left = this.#ms - (performance.now() - this.#touched);
    // Timers count whole milliseconds: what is left of less than one is over.
    if (left >= 1) {
      this.#timer = setTimeout(this.#look, left);
      return;
    }
    this.#touched = performance.now();
    this.#timer = setTimeout(this.#look, this.#ms);
    this.#onIdle();
  };
}

import type { Deadlines } from "./contract.ts";
import { GatewayError } from "./errors.ts";
import type { Flow } from "./listener.ts";
import { awakeMs } from "./loop-watch.ts";

/** A loop that has work to do is late by less, as a rule. */
const lateMs = 20;
/** A process that was late has in its hands already what came in time, and reads it in so long. */
const graceMs = 100;

/** A wait for somebody that ends by itself unless it is stopped. */
export interface Patience {
  stop(): void;
}

/** Calls once `ms` milliseconds have gone by in which this process ran, and what had come by then is read. */
export function startPatience(ms: number, onOver: () => void): Patience {
  const since = awakeMs();
  let isLate = false;
  const look = (): void => {
    const left = ms - (awakeMs() - since);
    const wait = toWait(left, isLate);
    isLate = left <= 0;
    if (wait === 0) onOver();
    else timer = setTimeout(look, wait);
  };
  let timer = setTimeout(look, ms);
  return { stop: () => clearTimeout(timer) };
}

/** How long to wait on at a look, by what is left; 0 where it is over. Nobody is waited for twice because of one look. */
function toWait(left: number, wasLate: boolean): number {
  // Timers count whole milliseconds: what is left of less than one is over.
  if (left >= 1) return left;
  return left <= -lateMs && !wasLate ? graceMs : 0;
}

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
  const total = startPatience(totalMs, () => expire(`The model provider did not finish within ${totalMs} ms.`));
  const first = startPatience(firstTokenMs, () =>
    expire(`The model provider did not answer within ${firstTokenMs} ms.`),
  );
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
      first.stop();
      const tell = (): void => {
        if (!flow.held) expire(`The model provider fell silent for ${idleMs} ms.`);
      };
      idle = new IdleTimer(idleMs, tell, awakeMs);
    },
    stop() {
      stopped = true;
      total.stop();
      first.stop();
      idle?.stop();
      stopWatching();
      caller.removeEventListener("abort", onAbort);
    },
  };
}

const steadyMs = (): number => performance.now();

/**
 * Tells when nothing has happened for a while. To say that something has happened costs a time stamp and no timer, so
 * it may be said with every token.
 */
export class IdleTimer {
  readonly #ms: number;
  readonly #onIdle: () => void;
  readonly #now: () => number;
  #touched: number;
  #timer: NodeJS.Timeout;
  #isLate = false;

  /** `onIdle` is called after every `ms` milliseconds of this clock in which nothing happened, until `stop`. */
  constructor(ms: number, onIdle: () => void, now = steadyMs) {
    this.#ms = ms;
    this.#onIdle = onIdle;
    this.#now = now;
    this.#touched = now();
    this.#timer = setTimeout(this.#look, ms);
  }

  touch(): void {
    this.#touched = this.#now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const left = this.#ms - (this.#now() - this.#touched);
    const wait = toWait(left, this.#isLate);
    this.#isLate = left <= 0;
    this.#timer = setTimeout(this.#look, wait === 0 ? this.#ms : wait);
    if (wait > 0) return;
    this.#touched = this.#now();
    this.#isLate = false;
    this.#onIdle();
  };
}

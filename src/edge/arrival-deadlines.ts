import type { Server } from "node:http";

/** In milliseconds. */
export interface ArrivalDeadlines {
  /** For the head of a request. */
  readonly headersMs: number;
  /** For all of it. */
  readonly requestMs: number;
  /** How often it is looked. */
  readonly checkMs: number;
}

/** A time in which the process did not run. */
interface StandStill {
  readonly ms: number;
  readonly until: number;
}

/** A loop that works is late by less. */
const lateMs = 500;
/** Of those that are remembered: more of them within half a minute are a machine that is too slow for any deadline. */
const standStillsMax = 32;

/**
 * Lets only the time count in which the process ran, for requests that are half there. Node looks at its deadlines before
 * it reads: once a process has stood still, it would answer 408 to requests of which the rest has come in time. It asks the
 * server for both deadlines at each look, the one for the head first.
 */
export function countArrivals(server: Server, { headersMs, requestMs, checkMs }: ArrivalDeadlines): void {
  const clock = new ArrivalClock(checkMs);
  server.on("listening", () => clock.look(performance.now()));
  Object.defineProperties(server, {
    headersTimeout: {
      get() {
        clock.look(performance.now());
        return clock.toDeadline(headersMs);
      },
    },
    requestTimeout: { get: () => clock.toDeadline(requestMs) },
  });
}

/** What looks tell that come late. */
export class ArrivalClock {
  readonly #checkMs: number;
  #lookedAt: number | undefined;
  #isBlind = false;
  /** The latest first. */
  #standStills: readonly StandStill[] = [];

  constructor(checkMs: number) {
    this.#checkMs = checkMs;
  }

  look(now: number): void {
    const ms = now - (this.#lookedAt ?? now) - this.#checkMs;
    const isLate = ms >= lateMs;
    // A loop that is late each time looks all the same.
    this.#isBlind = isLate && !this.#isBlind;
    if (isLate) this.#standStills = [{ ms, until: now }, ...this.#standStills].slice(0, standStillsMax);
    this.#lookedAt = now;
  }

  /**
   * How long ago a request has begun whose time is over at the last look. 0, which is never for Node, where that look came
   * late: first what has come is read, until the next one.
   */
  toDeadline(ms: number): number {
    if (this.#isBlind) return 0;
    const now = this.#lookedAt ?? 0;
    let deadline = ms;
    for (const standStill of this.#standStills) {
      if (now - standStill.until >= deadline) break;
      deadline += standStill.ms;
    }
    return Math.ceil(deadline);
  }
}

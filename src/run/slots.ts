import { startPatience } from "../base/deadline.ts";
import { GatewayError } from "../base/errors.ts";
import type { LoopState } from "../base/loop-watch.ts";
import type { RefusalReason, SlotMetrics } from "../base/metrics.ts";
import { FairQueue, type Place } from "./fair-queue.ts";

/** `gateway.runs` of the configuration. */
export interface SlotLimits {
  /** Runs at once. */
  readonly max: number;
  /** Runs that wait for a slot. */
  readonly queueMax: number;
  readonly waitMs: number;
}

export interface SlotParts {
  readonly loop: LoopState;
  readonly metrics: SlotMetrics;
}

/** However short of time the process is, so many runs may go on at once: most of a run is waiting for a model. */
const runsMin = 64;
/**
 * Nor fewer than end within this time, however short they are. More runs at once share more reads and writes and so cost
 * less; but with each the turns of the loop grow longer, in which connections are taken and calls refused.
 */
const runSeconds = 0.35;
/** Meanwhile so many may wait as end within this time, which then takes as long. */
const waitSeconds = 0.25;
const samplesPerSecond = 10;
/** How much of what is known of the runs' pace comes from the last sample. */
const freshShare = 0.2;
/** With each sample so much less or more may run: slowly, because runs that go on take time until they end. */
const slower = 0.95;
const faster = 1.1;
const fasterBy = 8;
/** Those that are refused at one moment are told 1 to so many seconds in turn, so as not to come back at one. */
const retrySecondsMax = 5;

/**
 * How many runs there may be at once, and who is next. A run takes its slot when nothing but its model is left to wait
 * for. Where the event loop has no rest, fewer run at once: more would not get on faster, only all of them end later.
 */
export class Slots {
  #limits: SlotLimits;
  readonly #loop: LoopState;
  readonly #metrics: SlotMetrics;
  readonly #queue = new FairQueue<Waiter>();
  #running = 0;
  /** At most `max`. Whoever waits does so because `#running` has reached it. */
  #allowed: number;
  #isBusy = false;
  /** Runs that have ended since the last sample, and in a second, by and large. */
  #ended = 0;
  #endedPerSecond = 0;
  #refused = 0;
  /** Made once, and frozen, so that their bytes are too: an error takes a tenth of a refusal, for a stack that nobody reads. */
  readonly #refusals = new Map<string, GatewayError>();

  constructor(limits: SlotLimits, { loop, metrics }: SlotParts) {
    this.#limits = limits;
    this.#allowed = limits.max;
    this.#loop = loop;
    this.#metrics = metrics;
    loop.onSample = this.#adapt;
  }

  /** From now on these limits hold; who waits already waits as long as was said. */
  limit(limits: SlotLimits): void {
    this.#limits = limits;
    this.#allowed = limits.max;
    this.#serve();
  }

  /**
   * Throws `overloaded` where a call of this principal could not even wait. It costs next to nothing, for calls of which
   * nothing has been read yet.
   */
  assertRoom(principal: string): void {
    if (this.#loop.isLate()) throw this.#refuse("loop_delay", "it is late with everything");
    if (this.#running < this.#allowed || this.#queue.size < this.#waitingMax) return;
    // The session stands in the body, and where there is no time to read it, the principal alone decides: a call that is
    // read and then takes the place of another costs three times as much.
    const mayWait = this.#isShort ? this.#queue.hasLargerThan(principal) : this.#queue.hasCrowdFor(principal);
    if (!mayWait) throw this.#refuse("queue_full", "too many runs wait");
  }

  /** Takes a slot if one is free. */
  take(): boolean {
    if (this.#running >= this.#allowed) return false;
    this.#running++;
    return true;
  }

  /**
   * Waits for a slot, in turn with other principals and sessions, and takes it. Throws `overloaded` if too many wait or
   * it takes too long, but for time in which the process stood still, and the signal's reason when it aborts.
   */
  async wait(place: Place, signal: AbortSignal): Promise<true> {
    signal.throwIfAborted();
    if (this.#queue.size >= this.#waitingMax) this.#makeRoom(place);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { enter: resolve, giveUp: reject };
    const leave = (reason: unknown): void => {
      this.#queue.remove(place, waiter);
      reject(reason);
    };
    const onAbort = (): void => leave(signal.reason);
    const { waitMs } = this.#limits;
    const patience = startPatience(waitMs, () =>
      leave(this.#refuse("wait_too_long", `no run ended within ${waitMs} ms`)),
    );
    signal.addEventListener("abort", onAbort, { once: true });
    this.#queue.push(place, waiter);
    this.#metrics.setRunsWaiting(this.#queue.size);
    try {
      await promise;
      return true;
    } finally {
      patience.stop();
      signal.removeEventListener("abort", onAbort);
      this.#metrics.setRunsWaiting(this.#queue.size);
    }
  }

  /** Gives a slot back that was taken. */
  leave(): void {
    const mayWait = this.#running >= this.#allowed;
    this.#running--;
    this.#ended++;
    if (mayWait) this.#serve();
  }

  /** While fewer run than may, nobody is let in who would wait long. */
  get #waitingMax(): number {
    const { max, queueMax } = this.#limits;
    return this.#allowed === max ? queueMax : Math.min(queueMax, this.#countEnding(waitSeconds));
  }

  /** The loop has no rest, or had none a moment ago. */
  get #isShort(): boolean {
    return this.#isBusy || this.#allowed < this.#limits.max;
  }

  /** What the process gets done in so much time. */
  #countEnding(seconds: number): number {
    return Math.max(runsMin, Math.ceil(this.#endedPerSecond * seconds));
  }

  #serve(): void {
    while (this.#running < this.#allowed) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#running++;
      next.enter();
    }
  }

  /** Whoever has most waiting makes room for somebody who has less. */
  #makeRoom(place: Place): void {
    const crowd = this.#queue.findCrowd(place);
    if (crowd === undefined) throw this.#refuse("queue_full", "too many runs wait");
    this.#queue.remove(crowd.place, crowd.item);
    crowd.item.giveUp(this.#refuse("displaced", "too many runs wait, most of them the caller's own"));
  }

  readonly #adapt = (isBusy: boolean): void => {
    const { max } = this.#limits;
    this.#isBusy = isBusy;
    this.#endedPerSecond += (this.#ended * samplesPerSecond - this.#endedPerSecond) * freshShare;
    this.#ended = 0;
    if (isBusy) {
      const least = Math.min(max, this.#countEnding(runSeconds));
      this.#allowed = Math.max(least, Math.floor(Math.min(this.#allowed, this.#running) * slower));
    } else if (this.#allowed < max) {
      this.#allowed = Math.min(max, Math.ceil(this.#allowed * faster) + fasterBy);
      this.#serve();
    }
  };

  #refuse(reason: RefusalReason, why: string): GatewayError {
    this.#metrics.refuseRun(reason);
    const retryAfterSeconds = 1 + (this.#refused++ % retrySecondsMax);
    const key = `${why} ${retryAfterSeconds}`;
    let error = this.#refusals.get(key);
    if (error === undefined) {
      error = new GatewayError("overloaded", `The gateway has more to do than it can: ${why}.`, { retryAfterSeconds });
      this.#refusals.set(key, Object.freeze(error));
    }
    return error;
  }
}

interface Waiter {
  readonly enter: () => void;
  readonly giveUp: (reason: unknown) => void;
}

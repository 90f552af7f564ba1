/** What the process can know of its event loop, on which everything waits that it does. */
export interface LoopState {
  /**
   * Whether new work shall be refused: the loop was late within the last second, or has been in this very turn for half
   * the time that counts as late. So a crowd that comes at once does not make it late: what is first in the turn is done,
   * the rest of it is refused.
   */
  isLate(): boolean;
  /**
   * Whether the loop stood still for half a second and more, in this very turn or a while ago, whoever's fault that was. What
   * came meanwhile is read only now, and may be older than the patience of whoever has sent it.
   */
  hasStoodStill(): boolean;
  /** Told ten times a second whether the loop has had no rest in the last two of them. */
  onSample: (isBusy: boolean) => void;
}

export interface LoopMetrics {
  /** With each sample, how late it was. */
  loopDelay(seconds: number): void;
}

const sampleMs = 100;
/** Nobody gives a call up much sooner, to ask elsewhere. */
const stillMs = 500;
/** To read what came while it stood still takes no longer than that lasted, and never longer than this. */
const catchUpMsMax = 30_000;
/** It counts as late for so long after it was, and until it was less than half as late: nothing flaps. */
const holdMs = 1_000;
/** The share of its time that a loop works which has no rest. */
const busyShare = 0.97;
/**
 * The share of what counts as late that the process has to have worked itself. Where it is less, the system has not let it
 * run: it was stopped, its machine slept, or others were before it. That is no load that refusing would take away.
 */
const ownShare = 0.4;

/**
 * A timer that comes late tells how long the loop has kept everybody waiting. `monitorEventLoopDelay` tells that too, but
 * only of what is over, and wakes the process ten times as often.
 */
export class LoopWatch implements LoopState {
  onSample: LoopState["onSample"] = () => undefined;
  readonly #metrics: LoopMetrics;
  #delayMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #letClockGo: (() => void) | undefined;
  #due = Number.POSITIVE_INFINITY;
  #lateUntil = 0;
  /** The last sample, or the beginning. */
  #seen = 0;
  #stillUntil = 0;
  #last = performance.eventLoopUtilization();
  #busySamples = 0;
  /** At the last sample. */
  #cpu = process.threadCpuUsage();

  constructor(metrics: LoopMetrics) {
    this.#metrics = metrics;
  }

  /** From now on so much is late. 0 is never, and then it is only watched whether the loop has stood still. */
  limit(delayMs: number): void {
    this.#delayMs = delayMs;
    if (delayMs === 0) this.#rest();
    if (this.#timer !== undefined) return;
    // For all deadlines of what runs on this loop.
    this.#letClockGo = keepAwakeClock();
    // Until the first sample: what a start takes makes nobody wait.
    this.#due = Number.POSITIVE_INFINITY;
    this.#seen = performance.now();
    this.#last = performance.eventLoopUtilization();
    this.#cpu = process.threadCpuUsage();
    this.#timer = setInterval(this.#sample, sampleMs).unref();
  }

  isLate(): boolean {
    if (this.#timer === undefined || this.#delayMs === 0) return false;
    const now = performance.now();
    return now < this.#lateUntil || this.#isLateBy(now - this.#due, this.#delayMs / 2);
  }

  hasStoodStill(): boolean {
    const now = performance.now();
    return now < this.#stillUntil || this.#isStill(now);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#letClockGo?.();
    this.#rest();
  }

  #rest(): void {
    this.#lateUntil = 0;
    this.#busySamples = 0;
    this.onSample(false);
  }

  #isStill(now: number): boolean {
    return now - this.#seen >= sampleMs + stillMs;
  }

  #isLateBy(delay: number, limit: number): boolean {
    if (delay <= limit) return false;
    const { user, system } = process.threadCpuUsage(this.#cpu);
    return (user + system) / 1_000 >= limit * ownShare;
  }

  readonly #sample = (): void => {
    const now = performance.now();
    const delay = Math.max(0, now - this.#due);
    this.#due = now + sampleMs;
    if (this.#isStill(now)) this.#stillUntil = now + Math.min(Math.max(holdMs, now - this.#seen), catchUpMsMax);
    this.#seen = now;
    if (this.#delayMs === 0) return;
    this.#metrics.loopDelay(delay / 1_000);
    const isLate = now < this.#lateUntil;
    if (this.#isLateBy(delay, isLate ? this.#delayMs / 2 : this.#delayMs)) this.#lateUntil = now + holdMs;
    this.#cpu = process.threadCpuUsage();
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, this.#last);
    this.#last = current;
    this.#busySamples = utilization > busyShare ? this.#busySamples + 1 : 0;
    this.onSample(this.#busySamples >= 2);
  };
}

/** Of this process, as `performance.now` is: the system stops all of it or nothing. */
const awake = {
  keepers: 0,
  lostMs: 0,
  seenAt: 0,
  cpu: process.threadCpuUsage(),
  timer: undefined as NodeJS.Timeout | undefined,
};

/**
 * `performance.now()` without the time in which this process stood still: was stopped or slept. Deadlines of others are counted by it: what they
 * sent meanwhile is read only when the process goes on, and timers come before that. It counts while somebody keeps it, and
 * falls back a little as it is found that the process does stand still.
 */
export function awakeMs(): number {
  const now = performance.now();
  return now - awake.lostMs - toStandStillMs(now);
}

/** It counts from now on, until all who keep it have let go. */
export function keepAwakeClock(): () => void {
  if (awake.keepers++ === 0) {
    noteAwake(performance.now());
    awake.timer = setInterval(sampleAwake, sampleMs).unref();
  }
  let isKept = true;
  return () => {
    if (!isKept) return;
    isKept = false;
    if (--awake.keepers === 0) clearInterval(awake.timer);
  };
}

function sampleAwake(): void {
  const now = performance.now();
  awake.lostMs += toStandStillMs(now);
  noteAwake(now);
}

function noteAwake(now: number): void {
  awake.seenAt = now;
  awake.cpu = process.threadCpuUsage();
}

/**
 * All of the time since the last sample but what this thread has worked itself: where the loop has no rest for long, those
 * who wait shall not wait for ever.
 */
function toStandStillMs(now: number): number {
  const ms = now - awake.seenAt;
  if (awake.keepers === 0 || ms < sampleMs + stillMs) return 0;
  const { user, system } = process.threadCpuUsage(awake.cpu);
  return Math.max(0, ms - (user + system) / 1_000);
}

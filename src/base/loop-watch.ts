/** What the process can know of its event loop, on which everything waits that it does. */
export interface LoopState {
  /**
   * Whether new work shall be refused: the loop was late within the last second, or has been in this very turn for half
   * the time that counts as late. So a crowd that comes at once does not make it late: what is first in the turn is done,
   * the rest of it is refused.
   */
  isLate(): boolean;
  /** Told ten times a second whether the loop has had no rest in the last two of them. */
  onSample: (isBusy: boolean) => void;
}

export interface LoopMetrics {
  /** With each sample, how late it was. */
  loopDelay(seconds: number): void;
}

const sampleMs = 100;
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
  #due = Number.POSITIVE_INFINITY;
  #lateUntil = 0;
  #last = performance.eventLoopUtilization();
  #busySamples = 0;
  /** At the last sample. */
  #cpu = process.threadCpuUsage();

  constructor(metrics: LoopMetrics) {
    this.#metrics = metrics;
  }

  /** From now on so much is late. 0 is never, and then nothing is watched. */
  limit(delayMs: number): void {
    this.#delayMs = delayMs;
    if (delayMs === 0) return this.stop();
    if (this.#timer !== undefined) return;
    // Until the first sample: what a start takes makes nobody wait.
    this.#due = Number.POSITIVE_INFINITY;
    this.#last = performance.eventLoopUtilization();
    this.#cpu = process.threadCpuUsage();
    this.#timer = setInterval(this.#sample, sampleMs).unref();
  }

  isLate(): boolean {
    if (this.#timer === undefined) return false;
    const now = performance.now();
    return now < this.#lateUntil || this.#isLateBy(now - this.#due, this.#delayMs / 2);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#busySamples = 0;
    this.onSample(false);
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

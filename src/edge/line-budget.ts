import type { Log } from "../base/log.ts";

/** So many lines at once, and from then on so many a second: 2.5 KB/s, however many ask. */
const burst = 200;
const perSecond = 10;
const tellMs = 10_000;

/**
 * How many lines of the log those can cause who are turned away, and may come any number of times. Beyond it their requests
 * are only counted; how many, the log says every ten seconds while it lasts. The metrics have all of them.
 */
export class LineBudget {
  readonly #log: () => Log;
  readonly #text: string;
  #left = burst;
  #at = performance.now();
  #missed = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `log` is asked each time: another configuration may say where it goes. `text` stands with the count. */
  constructor(log: () => Log, text: string) {
    this.#log = log;
    this.#text = text;
  }

  /** Whether one more line may be written. */
  take(): boolean {
    const now = performance.now();
    this.#left = Math.min(burst, this.#left + ((now - this.#at) * perSecond) / 1000);
    this.#at = now;
    if (this.#left >= 1) {
      this.#left--;
      return true;
    }
    this.#missed++;
    this.#timer ??= setTimeout(this.tell, tellMs).unref();
    return false;
  }

  /** Says now how many were not written, if any. */
  readonly tell = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#missed === 0) return;
    this.#log().warn({ requests: this.#missed }, this.#text);
    this.#missed = 0;
  };
}

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

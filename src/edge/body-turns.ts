/** Bytes of bodies that are parsed in one turn of the event loop; a longer body has a turn for itself. */
const turnBytes = 65_536;

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

/**
 * Spreads the bodies that come at the same time over turns of the event loop, so that whoever asks for less is answered in
 * between: what is done with a body takes longer than to read it.
 */
export class BodyTurns {
  readonly #waiting: Waiting[] = [];
  #left = turnBytes;
  #isScheduled = false;

  /** Resolves when there is time for a body of so many bytes; undefined is at once. */
  wait(bytes: number): Promise<void> | undefined {
    this.#schedule();
    if (this.#left > 0 && this.#waiting.length === 0) {
      this.#left -= bytes;
      return undefined;
    }
    return new Promise((begin) => this.#waiting.push({ bytes, begin }));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#next);
  }

  readonly #next = (): void => {
    this.#isScheduled = false;
    this.#left = turnBytes;
    while (this.#left > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#left -= next.bytes;
      next.begin();
    }
    if (this.#left < turnBytes) this.#schedule();
  };
}

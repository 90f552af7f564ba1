/**
 * The times of the last events, as many as are allowed in any `spanMs`: never more, wherever the span begins. A bucket
 * that refills would let almost twice as many through. It holds one number for each event that is allowed.
 */
export class RateWindow {
  readonly limit: number;
  readonly #spanMs: number;
  readonly #times: Float64Array;
  /** Where the oldest time of the span stands, and how many there are from there. */
  #first = 0;
  #count = 0;

  constructor(limit: number, spanMs: number) {
    this.limit = limit;
    this.#spanMs = spanMs;
    this.#times = new Float64Array(limit);
  }

  /** Counts an event; false if there have been as many as are allowed. `now`, in milliseconds, never goes back. */
  take(now: number): boolean {
    this.#forget(now);
    if (this.#count === this.limit) return false;
    this.#times[(this.#first + this.#count) % this.limit] = now;
    this.#count += 1;
    return true;
  }

  remaining(now: number): number {
    this.#forget(now);
    return this.limit - this.#count;
  }

  /** Until the next event is allowed; 0 if it is now. */
  waitMs(now: number): number {
    return this.remaining(now) > 0 ? 0 : this.#toEnd(this.#first, now);
  }

  /** Until as many are allowed as at the beginning. */
  resetMs(now: number): number {
    return this.remaining(now) === this.limit ? 0 : this.#toEnd(this.#first + this.#count - 1, now);
  }

  /** The same events under another limit; of too many, the newest. */
  withLimit(limit: number): RateWindow {
    const other = new RateWindow(limit, this.#spanMs);
    for (let index = Math.max(0, this.#count - limit); index < this.#count; index++) {
      other.#times[other.#count++] = this.#times[(this.#first + index) % this.limit] ?? 0;
    }
    return other;
  }

  /** Each event is forgotten once, so this costs nothing on the whole. */
  #forget(now: number): void {
    while (this.#count > 0 && this.#toEnd(this.#first, now) <= 0) {
      this.#first = (this.#first + 1) % this.limit;
      this.#count -= 1;
    }
  }

  #toEnd(place: number, now: number): number {
    return (this.#times[place % this.limit] ?? 0) + this.#spanMs - now;
  }
}

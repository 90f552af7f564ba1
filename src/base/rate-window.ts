/** So many times have room from the beginning. */
const firstRoom = 16;

/**
 * The times of the last events, as many as are allowed in any `spanMs`: never more, wherever the span begins. A bucket
 * that refills would let almost twice as many through. It holds one number for each event of a span.
 */
export class RateWindow {
  readonly limit: number;
  readonly #spanMs: number;
  /** A ring: the oldest time stands at `#first`, and `#count` follow from there. */
  #times: Float64Array;
  #first = 0;
  #count = 0;

  constructor(limit: number, spanMs: number) {
    this.limit = limit;
    this.#spanMs = spanMs;
    this.#times = new Float64Array(Math.min(limit, firstRoom));
  }

  /** Counts an event; false if there have been as many as are allowed. `now`, in milliseconds, never goes back. */
  take(now: number): boolean {
    this.#forget(now);
    if (this.#count === this.limit) return false;
    if (this.#count === this.#times.length) this.#makeRoom(Math.min(this.limit, 2 * this.#count));
    this.#count += 1;
    this.#times[this.#toPlace(this.#count - 1)] = now;
    return true;
  }

  remaining(now: number): number {
    this.#forget(now);
    return this.limit - this.#count;
  }

  /** Until the next event is allowed; 0 if it is now. */
  waitMs(now: number): number {
    return this.remaining(now) > 0 ? 0 : this.#toEnd(0, now);
  }

  /** Until as many are allowed as at the beginning. */
  resetMs(now: number): number {
    return this.remaining(now) === this.limit ? 0 : this.#toEnd(this.#count - 1, now);
  }

  /** The same events under another limit; of too many, the newest. */
  withLimit(limit: number): RateWindow {
    const other = new RateWindow(limit, this.#spanMs);
    const kept = this.#list().slice(-limit);
    if (kept.length > other.#times.length) other.#makeRoom(kept.length);
    other.#times.set(kept);
    other.#count = kept.length;
    return other;
  }

  /** Each event is forgotten once, so this costs nothing on the whole. */
  #forget(now: number): void {
    while (this.#count > 0 && this.#toEnd(0, now) <= 0) {
      this.#first = this.#toPlace(1);
      this.#count -= 1;
    }
  }

  #toEnd(index: number, now: number): number {
    return (this.#times[this.#toPlace(index)] ?? 0) + this.#spanMs - now;
  }

  #toPlace(index: number): number {
    return (this.#first + index) % this.#times.length;
  }

  #list(): number[] {
    return Array.from({ length: this.#count }, (_, index) => this.#times[this.#toPlace(index)] ?? 0);
  }

  #makeRoom(room: number): void {
    const times = new Float64Array(room);
    times.set(this.#list());
    this.#times = times;
    this.#first = 0;
  }
}

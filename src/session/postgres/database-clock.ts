/**
 * How far the clock of the database is from this machine's. What one gateway writes down, another compares with what it
 * has seen itself, so all times of the store are the database's.
 */
export class DatabaseClock {
  #aheadMs = 0;

  /** How far it is ahead, in milliseconds; negative where it is behind. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /**
   * Learns from a time that the database told between two moments of this machine. What is known already stays where it may
   * be so: of a slow answer there is little to learn.
   */
  learn(toldMs: number, asked: number, answered: number): void {
    this.#aheadMs = Math.min(Math.max(this.#aheadMs, toldMs - answered), toldMs - asked);
  }

  toDatabase(ms: number): number {
    return ms + this.#aheadMs;
  }
}

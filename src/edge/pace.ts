/** Begun in one turn of the event loop, on all connections together: as many as take about `turnMs`. */
const begunMax = 64;
const turnMs = 20;
/** Of these a quarter at most are of connections that send ahead of their answers. */
const aheadShare = 4;
/** So many requests of any number of turns are no reason to look whether the turn is over. */
const fewMax = 16;

/** A connection whose requests wait. */
export interface Due {
  /** It sends requests before it has its answers, so that there may be any number of them. */
  readonly isAhead: boolean;
  /** Begins what it may. */
  goOn(): void;
}

/** Says how many requests are begun in a turn of the event loop, and when those come to it that had to wait. */
export class Pace<T extends Due> {
  readonly #modest = new Set<T>();
  readonly #ahead = new Set<T>();
  #begun = 0;
  #begunAhead = 0;
  #allowed = begunMax;
  /** A connection has come in this turn, and in the last one. */
  #isAwaited = false;
  #isHurried = false;
  #isScheduled = false;
  /** When the last turn was over, if it had to leave something to this one. */
  #turned: number | undefined;

  /**
   * A connection has come. The loop takes one in each turn, so there may be others behind it, which wait for all that is
   * done in the turns before theirs.
   */
  noteNewcomer(): void {
    this.#isAwaited = true;
  }

  /** Whether a request of this connection has to wait. */
  isFull({ isAhead }: Due): boolean {
    if (!isAhead) return this.#begun >= this.#allowed;
    return this.#begunAhead >= (this.#isHurried ? 1 : Math.max(1, this.#allowed / aheadShare));
  }

  noteBegun({ isAhead }: Due): void {
    if (isAhead) this.#begunAhead++;
    if (++this.#begun === fewMax) this.#schedule();
  }

  /** Not at once: a queue of refusals, which take no time, would keep the process from everybody else. */
  noteDue(due: T): void {
    (due.isAhead ? this.#ahead : this.#modest).add(due);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#adapt(performance.now());
    this.#begun = this.#begunAhead = 0;
    this.#isHurried = this.#isAwaited;
    this.#isAwaited = false;
    for (const due of this.#modest) {
      if (due.isAhead) this.#ahead.add(due);
      else if (this.isFull(due)) break;
      this.#modest.delete(due);
      if (!due.isAhead) due.goOn();
    }
    for (const due of this.#ahead) {
      if (this.isFull(due)) break;
      this.#ahead.delete(due);
      due.goOn();
    }
    if (this.#modest.size === 0 && this.#ahead.size === 0) return;
    this.#turned = performance.now();
    this.#schedule();
  };

  /** What was begun in a turn is worked on between the turns. */
  #adapt(now: number): void {
    const tookMs = this.#turned === undefined ? 0 : now - this.#turned;
    this.#turned = undefined;
    if (tookMs > turnMs) this.#allowed = Math.max(1, this.#allowed >> 1);
    else this.#allowed = Math.min(begunMax, this.#allowed + 4);
  }
}

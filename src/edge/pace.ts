/** Begun in one turn of the event loop, on all connections together: as many as take about `turnMs`. */
const begunMax = 64;
const turnMs = 20;
/** Of these a quarter at most are of connections that send ahead of their answers. */
const aheadShare = 4;
/** So long bodies in chunks are parsed in one turn, those of all connections together. */
const sliceMs = 5;
/**
 * So many requests of any number of turns are no reason to look whether the turn is over. So many of connections that send
 * one after the other are begun in each, however long it takes: that may be the fault of what goes on already, and whoever
 * is to be refused for it would wait for nothing.
 */
export const fewMax = 16;

/**
 * What a connection sends: one request after the other; requests before it has its answers, of which there may be any
 * number; or bodies in chunks, which are parsed in slices.
 */
export type Kind = "modest" | "ahead" | "sliced";

/** A connection whose requests wait. */
export interface Due {
  readonly kind: Kind;
  /** It sends ahead of its answers, whatever of it is due. */
  readonly sendsAhead: boolean;
  /** Begins what it may, or has one slice parsed. */
  goOn(): void;
}

/** Says how many requests are begun in a turn of the event loop, and when those come to it that had to wait. */
export class Pace<T extends Due> {
  readonly #due: Readonly<Record<Kind, Set<T>>> = { modest: new Set(), ahead: new Set(), sliced: new Set() };
  /** Requests of this turn, and how many there may be. */
  begun = 0;
  allowed = begunMax;
  /**
   * A connection has come in this turn. The loop takes one in each, so there may be others behind it, which wait for all
   * that is done in the turns before theirs.
   */
  isAwaited = false;
  #begunAhead = 0;
  /** One has come in the last turn. */
  #isHurried = false;
  #isScheduled = false;
  /** When the last turn was over, if it had to leave something to this one. */
  #turned: number | undefined;

  /** Whether a request of this connection has to wait. */
  isFull({ sendsAhead }: Due): boolean {
    if (!sendsAhead) return this.begun >= Math.max(this.allowed, fewMax);
    return this.#begunAhead >= (this.#isHurried ? 1 : Math.max(1, this.allowed / aheadShare));
  }

  /** To be told of those that send ahead, and of any when `begun` is no longer few. */
  noteBegun({ sendsAhead }: Due): void {
    if (sendsAhead) this.#begunAhead++;
    if (this.begun >= fewMax) this.#schedule();
  }

  /** Not at once: a queue of refusals, which take no time, would keep the process from everybody else. */
  noteDue(due: T): void {
    this.#due[due.kind].add(due);
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
    this.begun = this.#begunAhead = 0;
    this.#isHurried = this.isAwaited;
    this.isAwaited = false;
    const { modest, ahead, sliced } = this.#due;
    this.#go(modest, "modest", (due) => this.isFull(due));
    this.#go(ahead, "ahead", (due) => this.isFull(due));
    const until = performance.now() + (this.#isHurried ? 0 : sliceMs);
    let slices = 0;
    this.#go(sliced, "sliced", () => slices++ > 0 && performance.now() >= until);
    if (modest.size + ahead.size + sliced.size === 0) return;
    this.#turned = performance.now();
    this.#schedule();
  };

  /**
   * One after the other, in the order in which they came, until the turn is over. Whoever is due again has the next turn;
   * only slices, which end with their time, go round and round.
   */
  #go(queue: Set<T>, kind: Kind, isOver: (due: T) => boolean): void {
    let left = kind === "sliced" ? Infinity : queue.size;
    for (const due of queue) {
      if (left-- === 0) return;
      if (due.kind !== kind) {
        queue.delete(due);
        this.#due[due.kind].add(due);
        continue;
      }
      if (isOver(due)) return;
      queue.delete(due);
      due.goOn();
    }
  }

  /** What was begun in a turn is worked on between the turns. */
  #adapt(now: number): void {
    const tookMs = this.#turned === undefined ? 0 : now - this.#turned;
    this.#turned = undefined;
    if (tookMs > turnMs) this.allowed = Math.max(1, this.allowed >> 1);
    else this.allowed = Math.min(begunMax, this.allowed + 4);
  }
}

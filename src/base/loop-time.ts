import { setImmediate as nextTurn } from "node:timers/promises";

/** So long dear work is begun in one turn of the event loop; what has begun then goes on to where it asks again. */
const shareMs = 10;
/** So long those that go on come before one that would begin, which shall not wait for ever. */
const patienceMs = 1_000;
/** So long all of them wait, between two shares, for connections that come. */
const welcomeMs = 50;

/**
 * Shares out the time of the event loop. Whoever begins work whose size a client chose asks here first, and again where it
 * can be interrupted: so of many that come at once a few milliseconds are done in each turn of the loop, and whoever asks
 * for less is answered in between. What was begun in a turn is measured and not guessed, with all that follows from it in
 * that turn.
 */
export class LoopTime {
  readonly #patienceMs: number;
  readonly #new: (() => void)[] = [];
  /** What is begun holds memory until it is done. */
  readonly #begun: (() => void)[] = [];
  /** When one began at last. */
  #lastBegin = 0;
  /** When the share began that is being used. */
  #since = 0;
  #isShared = false;
  /** When the share was over that was used last. */
  #ended = 0;
  #hasNewcomer = false;
  /** Somebody was told to begin, and what he does is not done yet. */
  #isTaken = false;

  constructor({ patienceMs: patience = patienceMs }: { readonly patienceMs?: number } = {}) {
    this.#patienceMs = patience;
  }

  /** Resolves when there is time to begin; undefined is at once. */
  begin(): Promise<void> | undefined {
    return this.#wait(this.#new);
  }

  /** The same for what has begun, and comes before what has not. */
  goOn(): Promise<void> | undefined {
    return this.#wait(this.#begun);
  }

  /** The same for what has been long at work: the others have a turn of the loop also where nobody waits for a share. */
  giveWay(): Promise<void> {
    return this.goOn() ?? nextTurn();
  }

  #wait(queue: (() => void)[]): Promise<void> | undefined {
    if (!this.#isShared && !this.#hasNewcomer) {
      this.#share();
      setImmediate(this.#next);
    } else if (!this.#isShared || this.#isTaken || this.#isAwaited || !this.#isLeft()) {
      if (!this.#isShared) setImmediate(this.#turn);
      this.#isShared = true;
      return new Promise((resolve) => queue.push(resolve));
    }
    if (queue === this.#new) this.#lastBegin = performance.now();
    this.#isTaken = true;
    whenDone(this.#giveBack);
    return undefined;
  }

  get #isAwaited(): boolean {
    return this.#begun.length + this.#new.length > 0;
  }

  #share(): void {
    this.#isShared = true;
    this.#since = performance.now();
  }

  #isLeft(): boolean {
    return performance.now() - this.#since < shareMs;
  }

  #take(): (() => void) | undefined {
    const now = performance.now();
    const goesOn = this.#new.length === 0 || now - this.#lastBegin < this.#patienceMs;
    const next = goesOn ? this.#begun.shift() : undefined;
    if (next !== undefined) return next;
    this.#lastBegin = now;
    return this.#new.shift();
  }

  /**
   * To be told of each connection that comes. The loop takes one in each turn, so there may be others behind it, of which
   * each would wait for as many shares as there are before it.
   */
  greet(): void {
    this.#hasNewcomer = true;
  }

  readonly #giveBack = (): void => {
    this.#isTaken = false;
  };

  readonly #turn = (): void => {
    const isWelcome = this.#hasNewcomer && performance.now() - this.#ended < welcomeMs;
    this.#hasNewcomer = false;
    if (isWelcome) return void setImmediate(this.#turn);
    this.#share();
    this.#next();
  };

  /** One after the other, while there is time; then the loop has a turn. */
  readonly #next = (): void => {
    const next = this.#isLeft() ? this.#take() : undefined;
    if (next !== undefined) {
      next();
      whenDone(this.#next);
      return;
    }
    if (this.#isAwaited) setImmediate(this.#turn);
    else this.#isShared = false;
    this.#ended = performance.now();
  };
}

/** Calls back when all is done that follows at once from what goes on. */
function whenDone(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}

/** Of the process, which has one loop. */
export const loopTime = new LoopTime();

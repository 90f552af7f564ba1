import { toStorageError } from "./pool.ts";

/**
 * So long others wait for a statement to end, so as to go together in the next: the fewer there are, the less each call
 * costs, here and in the database. One that takes longer waits for something that may be no matter to them, as a lock or a
 * connection that is gone: they go beside it, in so many statements at most.
 */
const longMs = 50;
const underWayMax = 3;
/** The calls of one statement: beyond that, those at its end would wait longer than they save. */
const togetherMax = 64;
/** As many as the pool lets wait, where the database has stopped. */
const waitingMax = 10_000;

export interface TogetherParts<Call, Result> {
  /** One statement for all of them. Resolves to what came of each. */
  readonly send: (calls: readonly Call[]) => Promise<readonly Result[]>;
  /** Calls that are alike in this cannot go in one statement. */
  readonly toKey: (call: Call) => unknown;
  /** Whether what has failed may have failed for one call alone, and had no effect. */
  readonly isDivisible: (error: unknown) => boolean;
}

interface Waiting<Call, Result> {
  readonly call: Call;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends calls of one kind: those that come in one turn of the event loop together, and what comes while they are under way
 * with the next. Nobody waits for company: where nothing is under way, a call alone is sent as the loop turns.
 */
export class Together<Call, Result> {
  readonly #parts: TogetherParts<Call, Result>;
  #waiting: Waiting<Call, Result>[] = [];
  #underWay = 0;
  /** Of these, how many are so for long. */
  #long = 0;
  #isServing = false;

  constructor(parts: TogetherParts<Call, Result>) {
    this.#parts = parts;
  }

  run(call: Call): Promise<Result> {
    if (this.#waiting.length >= waitingMax)
      return Promise.reject(toStorageError(new Error(`${waitingMax} calls wait for the database.`)));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#isServing || this.#isBusy || this.#waiting.length === 0) return;
    this.#isServing = true;
    setImmediate(() => {
      this.#isServing = false;
      void this.#begin(this.#choose());
    });
  }

  get #isBusy(): boolean {
    return this.#underWay > this.#long || this.#underWay >= underWayMax;
  }

  async #begin(chosen: readonly Waiting<Call, Result>[]): Promise<void> {
    let isLong = false;
    const timer = setTimeout(() => {
      isLong = true;
      this.#long += 1;
      this.#serve();
    }, longMs);
    this.#underWay += 1;
    await this.#send(chosen);
    clearTimeout(timer);
    this.#underWay -= 1;
    if (isLong) this.#long -= 1;
    this.#serve();
  }

  /** In order; one that must not go with another waits for the next. */
  #choose(): Waiting<Call, Result>[] {
    const keys = new Set<unknown>();
    const chosen: Waiting<Call, Result>[] = [];
    const left: Waiting<Call, Result>[] = [];
    for (const one of this.#waiting) {
      const key = this.#parts.toKey(one.call);
      if (chosen.length === togetherMax || keys.has(key)) left.push(one);
      else {
        keys.add(key);
        chosen.push(one);
      }
    }
    this.#waiting = left;
    return chosen;
  }

  async #send(chosen: readonly Waiting<Call, Result>[]): Promise<void> {
    const { send, isDivisible } = this.#parts;
    try {
      const results = await send(chosen.map(({ call }) => call));
      for (const [index, { resolve, reject }] of chosen.entries()) {
        const result = results[index];
        if (result === undefined) reject(new Error("A statement has not answered one of its calls."));
        else resolve(result);
      }
    } catch (error) {
      if (chosen.length > 1 && isDivisible(error)) await Promise.all(chosen.map((one) => this.#send([one])));
      else for (const { reject } of chosen) reject(error);
    }
  }
}

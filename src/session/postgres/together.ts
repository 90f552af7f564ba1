import { toStorageError } from "./pool.ts";

/** So many statements of one kind are under way; what comes meanwhile goes with the next. */
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
 * Sends calls of one kind: at once while little is under way, and else together with the others that wait. Nobody waits for
 * company: a call alone is sent as it comes.
 */
export class Together<Call, Result> {
  readonly #parts: TogetherParts<Call, Result>;
  #waiting: Waiting<Call, Result>[] = [];
  #underWay = 0;

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
    while (this.#underWay < underWayMax && this.#waiting.length > 0) {
      this.#underWay += 1;
      void this.#send(this.#choose()).finally(() => {
        this.#underWay -= 1;
        this.#serve();
      });
    }
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

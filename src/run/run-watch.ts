import type { Listener } from "../base/listener.ts";
import type { RunOutcome } from "./live-runs.ts";
import type { Recording } from "./recording.ts";
import type { RunEvent } from "./run-event.ts";

/** What a watch has passed: up to which event, and how the run has ended if it has. */
export interface Passed {
  readonly seq: number;
  readonly outcome?: RunOutcome | undefined;
}

/** So much comes of a run while somebody reads what was before; beyond it, that is read of the store as well. */
const keptMax = 2_000;

/**
 * Watches a run that this process carries. What the store has not taken yet, and what comes, is kept until it is said from
 * where on it is wanted; then it is passed on as it comes.
 */
export class RunWatch {
  /** The number of the first event that it has, which may be one that is still to come. */
  readonly from: number;
  readonly #to: Listener<RunEvent>;
  readonly #kept: RunEvent[];
  readonly #passed = Promise.withResolvers<Passed>();
  readonly #leave: () => void;
  #seq: number | undefined;
  #isWatching = true;
  #outcome: RunOutcome | undefined;

  constructor({ untaken, live }: Recording, to: Listener<RunEvent>) {
    this.from = untaken.from;
    this.#kept = [...untaken.events];
    this.#to = to;
    this.#leave = live.watch({ onEvent: this.#hear, onEnd: this.#end });
    to.signal.addEventListener("abort", this.#abort, { once: true });
    // It may reject before anybody waits for it.
    this.#passed.promise.catch(() => undefined);
  }

  /** Resolves when the run has ended, or the listener's flow is held; rejects when its signal aborts or it throws. */
  async pass(after: number): Promise<Passed> {
    let seq = after;
    for (const event of this.#kept.slice(Math.max(0, after + 1 - this.from))) {
      if (this.#to.flow.held) return { seq };
      this.#to.emit(event);
      seq += 1;
    }
    if (this.#outcome !== undefined || !this.#isWatching) return { seq, outcome: this.#outcome };
    this.#seq = seq;
    return this.#passed.promise;
  }

  stop(): void {
    this.#isWatching = false;
    this.#leave();
    this.#to.signal.removeEventListener("abort", this.#abort);
  }

  readonly #hear = (event: RunEvent, seq: number): void => {
    if (this.#seq === undefined) return this.#keep(event);
    if (seq <= this.#seq) return;
    if (this.#to.flow.held) return this.#settle({ seq: this.#seq });
    try {
      this.#to.emit(event);
      this.#seq = seq;
    } catch (cause) {
      // It is this listener's failure, and not the run's.
      this.stop();
      this.#passed.reject(cause);
    }
  };

  #keep(event: RunEvent): void {
    if (this.#kept.length < keptMax) this.#kept.push(event);
    else this.stop();
  }

  readonly #end = (outcome: RunOutcome): void => {
    this.#outcome = outcome;
    if (this.#seq !== undefined) this.#settle({ seq: this.#seq, outcome });
  };

  #settle(passed: Passed): void {
    this.stop();
    this.#passed.resolve(passed);
  }

  readonly #abort = (): void => {
    this.stop();
    this.#passed.reject(this.#to.signal.reason);
  };
}

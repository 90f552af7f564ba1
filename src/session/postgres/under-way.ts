import type { RunStore } from "../run-store.ts";
import { toStorageError } from "./pool.ts";

/** The operations of a store that are under way: its end waits for them, and lets no others begin. */
export class UnderWay {
  readonly #operations = new Set<Promise<unknown>>();
  #ended = false;

  /** Rejects with `storage_unavailable` after `end`. */
  run<Result>(operation: () => Promise<Result>): Promise<Result> {
    if (this.#ended) return Promise.reject(toStorageError(new Error("The session store is closed.")));
    const running = operation();
    this.#operations.add(running);
    const forget = (): void => void this.#operations.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** The same runs, whose methods are operations of the store. */
  guard(runs: RunStore): RunStore {
    return {
      isShared: runs.isShared,
      admit: (admission) => this.run(() => runs.admit(admission)),
      append: (hold, batch, begun) => this.run(() => runs.append(hold, batch, begun)),
      finish: (hold, end) => this.run(() => runs.finish(hold, end)),
      find: (id) => this.run(() => runs.find(id)),
      findKeyed: (principal, text) => this.run(() => runs.findKeyed(principal, text)),
      list: (query) => this.run(() => runs.list(query)),
      events: (id, after, limit) => this.run(() => runs.events(id, after, limit)),
      cancel: (id) => this.run(() => runs.cancel(id)),
      wishes: () => this.run(() => runs.wishes()),
      watch: (listener) => runs.watch(listener),
      prune: (retention) => this.run(() => runs.prune(retention)),
    };
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#operations);
  }
}

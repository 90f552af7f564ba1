import type { RunRecord, RunStore } from "../session/run-store.ts";
import type { LiveRuns } from "./live-runs.ts";

/** So many of them are remembered as told. */
const toldMax = 10_000;
/** Of one session: those under way wait for each other. */
const underWayMax = 20;

/** Runs that other gateways carry and log in the store of this one. */
export class RunsElsewhere {
  readonly #store: RunStore;
  readonly #live: LiveRuns;
  readonly #told = new Set<string>();

  constructor(store: RunStore, live: LiveRuns) {
    this.#store = store;
    this.#live = live;
  }

  /** False where no other gateway can tell of its runs: then there are none here. */
  get isPossible(): boolean {
    return this.#store.isShared;
  }

  /**
   * Tells of each run once, when it is first heard of. One that was under way before is told of when it says more, and
   * `list` has it meanwhile. Returns what ends that.
   */
  watch(tell: (run: RunRecord) => void): () => void {
    return this.#store.watch((id) => {
      if (this.#told.has(id) || this.#live.find(id) !== undefined) return;
      const [oldest] = this.#told.add(id);
      if (this.#told.size > toldMax && oldest !== undefined) this.#told.delete(oldest);
      // Where the store fails, it is told of with the next that is heard.
      this.#store.find(id).then(
        (run) => run !== undefined && tell(run),
        () => this.#told.delete(id),
      );
    });
  }

  /** Those under way in a session, by the key that the store has for it, in the order in which they came. */
  async list(sessionKey: string): Promise<readonly RunRecord[]> {
    if (!this.isPossible) return [];
    const { items } = await this.#store.list({ sessionKey, states: ["queued", "running"], limit: underWayMax });
    const others = items.filter(({ id }) => this.#live.find(id) === undefined);
    const found = await Promise.all(others.toReversed().map(({ id }) => this.#store.find(id)));
    return found.filter((run) => run !== undefined).filter(({ endedAt }) => endedAt === undefined);
  }
}

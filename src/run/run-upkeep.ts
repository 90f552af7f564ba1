import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { HeldEnd, Retention, RunStore } from "../session/run-store.ts";
import type { Recording } from "./recording.ts";

export interface RunUpkeepParts {
  readonly store: Pick<RunStore, "finish" | "find" | "wishes" | "prune" | "watch">;
  /** The runs that this process carries. */
  readonly recordings: ReadonlyMap<string, Recording>;
  readonly log: Log;
}

/** How often it is looked whether another process asks something of these runs; the store may say so sooner. */
const lookMs = 500;
/** How often what is old is looked for, and how soon after another retention holds, or a run has ended. */
const pruneMs = { regular: 600_000, changed: 10_000, ended: 1_000 };

/** What the runs of this process need besides their own writing: one timer while there are any, and one for what is old. */
export class RunUpkeep {
  readonly #parts: RunUpkeepParts;
  /** Ends that the store did not take when they came. */
  readonly #owed = new Set<HeldEnd>();
  readonly #unwatch: () => void;
  readonly #regular: NodeJS.Timeout;
  #retention: Retention = { ageMs: Number.MAX_SAFE_INTEGER, runsMax: Number.MAX_SAFE_INTEGER };
  #looking: NodeJS.Timeout | undefined;
  #pruning: NodeJS.Timeout | undefined;
  #pruneAt = Infinity;

  constructor(parts: RunUpkeepParts) {
    this.#parts = parts;
    this.#unwatch = parts.store.watch((id) => {
      if (parts.recordings.has(id)) void this.look();
    });
    this.#regular = setInterval(() => this.#pruneIn(0), pruneMs.regular).unref();
  }

  /** From now on so much is kept. */
  limit(retention: Retention): void {
    this.#retention = retention;
    this.#pruneIn(pruneMs.changed);
  }

  /** To be told when a run begins: looks after it until none is left. */
  watch(): void {
    this.#looking ??= setInterval(() => void this.look(), lookMs).unref();
  }

  /** Writes the end of a run, at once or when the store can. Resolves to what is to be said instead if it was not at once. */
  async end(held: HeldEnd): Promise<GatewayError | undefined> {
    try {
      if (await this.#parts.store.finish(held.hold, held.end)) return undefined;
    } catch (cause) {
      this.#owed.add(held);
      this.#parts.log.error({ err: cause, runId: held.hold.id }, "end of a run not stored; it is tried again");
      return GatewayError.from(cause);
    }
    await this.#settle(held).catch(() => void this.#owed.add(held));
    return new GatewayError("run_interrupted", "The store does not have the run any more; its end is not kept.");
  }

  /** To be told when a run has ended: there may be one too many then. */
  tidy(): void {
    this.#pruneIn(pruneMs.ended);
  }

  stop(): void {
    clearInterval(this.#regular);
    clearInterval(this.#looking);
    clearTimeout(this.#pruning);
    this.#unwatch();
  }

  /** Does what others have asked of the runs of this process. Never rejects. */
  async look(): Promise<void> {
    const { recordings, store, log } = this.#parts;
    if (recordings.size === 0 && this.#owed.size === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
      return;
    }
    try {
      for (const { id, cancel, awaited } of await store.wishes()) {
        if (awaited) recordings.get(id)?.goOn();
        if (cancel)
          recordings.get(id)?.cut(new GatewayError("run_cancelled", "The run was cancelled.", { retry: false }));
      }
      for (const held of this.#owed) {
        await this.#settle(held);
        this.#owed.delete(held);
      }
    } catch (cause) {
      log.debug({ err: cause }, "runs not looked after; it is tried again");
    }
  }

  /** Where nobody knows how much of a run was stored, it ends behind what was. */
  async #settle({ hold, end }: HeldEnd): Promise<void> {
    const { store } = this.#parts;
    const run = await store.find(hold.id);
    if (run === undefined || run.endedAt !== undefined) return;
    const failed = { code: "storage_unavailable", message: "The end of the run could not be stored.", param: null };
    const { state, begun, error = JSON.stringify(failed), freesKey } = end;
    const batch = { from: run.lastSeq + 1, events: [] };
    const kind = state === "completed" ? "failed" : state;
    await store.finish(hold, { state: kind, begun, batch, error, freesKey });
  }

  /** Unless it comes sooner. */
  #pruneIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#pruneAt) return;
    this.#pruneAt = at;
    clearTimeout(this.#pruning);
    this.#pruning = setTimeout(() => void this.#prune(), ms).unref();
  }

  async #prune(): Promise<void> {
    this.#pruneAt = Infinity;
    try {
      if (await this.#parts.store.prune(this.#retention)) this.#pruneIn(0);
    } catch (cause) {
      this.#parts.log.debug({ err: cause }, "old runs not removed; it is tried again");
    }
  }
}

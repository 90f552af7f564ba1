import type { Log } from "../../base/log.ts";
import type { Pool } from "./pool.ts";
import { holderMs, type RunStatements } from "./run-statements.ts";

export interface RunHolderParts {
  readonly pool: Pick<Pool, "run">;
  readonly statements: Pick<RunStatements, "here" | "gone">;
  readonly name: string;
  readonly log: Log;
}

/**
 * The runs that a store holds. While it holds any it lets the database hear of it, and what is written of one of them is
 * written in the order in which it came, over whatever connections.
 */
export class RunHolder {
  readonly #parts: RunHolderParts;
  readonly #runs = new Set<string>();
  readonly #last = new Map<string, Promise<unknown>>();
  #beat: NodeJS.Timeout | undefined;

  constructor(parts: RunHolderParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  take(id: string): void {
    this.#runs.add(id);
    this.#beat ??= setInterval(() => void this.#show(), holderMs / 3).unref();
  }

  drop(id: string): void {
    this.#runs.delete(id);
    if (this.#runs.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  /** Begins a write of a run when those before it have ended. */
  inOrder<Result>(id: string, write: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(id);
    const running = before === undefined ? write() : before.then(write, write);
    this.#last.set(id, running);
    const forget = (): void => {
      if (this.#last.get(id) === running) this.#last.delete(id);
    };
    running.then(forget, forget);
    return running;
  }

  /** The runs that have not ended are interrupted: nobody goes on with them. */
  async leave(): Promise<void> {
    clearInterval(this.#beat);
    if (this.#runs.size === 0) return;
    const { pool, statements, name } = this.#parts;
    await pool.run(statements.gone, () => [name]);
  }

  async #show(): Promise<void> {
    const { pool, statements, name, log } = this.#parts;
    try {
      await pool.run(statements.here, () => [name]);
    } catch (error) {
      log.warn({ err: error, runs: this.#runs.size }, "the database has not heard of these runs");
    }
  }
}

import type { RunFacts } from "../../base/contract.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

/**
 * How long a stream that the model has accepted may stay undecided. Most failures of a model come at once and shall be
 * a real status; but a client and the proxies before it want to see headers while a model thinks.
 */
const graceMs = 150;

/** Who answers, and whether that is said for a second time. */
export type Begun = Pick<RunAnswer, "model" | "replayed">;

/** For the log: who has answered, and what it took. */
export function toFacts({ model, usage }: RunAnswer): RunFacts {
  return { model, tokens: usage.total_tokens };
}

/** Hears the beginning of a run until its HTTP status is certain, keeps it, and hands the run on from there. */
export class Opening {
  readonly #decided = Promise.withResolvers<Begun>();
  #begun: Begun = { model: "" };
  #held: RunEvent[] = [];
  #pass: ((event: RunEvent) => void) | undefined;
  #grace: NodeJS.Timeout | undefined;

  readonly emit = (event: RunEvent): void => {
    if (this.#pass !== undefined) return this.#pass(event);
    this.#held.push(event);
    if (event.type === "run-start") return;
    if (event.type !== "model-start") return this.#decide();
    if (this.#begun.model !== "") return;
    this.#begun = event;
    this.#grace = setTimeout(this.#decide, graceMs);
  };

  /**
   * Resolves to who answers, at the first thing that the run says, or a little while after a model has accepted the call.
   * Rejects with the run's error if that comes first.
   */
  decided(run: Promise<RunAnswer>): Promise<Begun> {
    run.then(
      (answer) => this.#decided.resolve(answer),
      (cause: unknown) => {
        this.#decided.reject(cause);
      },
    );
    // No timer outlives the wait: most models speak long before it is over, and there is one for each stream.
    return this.#decided.promise.finally(() => clearTimeout(this.#grace));
  }

  /** What was kept is passed on at once, and everything that comes from now on as it comes. */
  passTo(listener: (event: RunEvent) => void): void {
    this.#pass = listener;
    const held = this.#held;
    this.#held = [];
    for (const event of held) listener(event);
  }

  readonly #decide = (): void => this.#decided.resolve(this.#begun);
}

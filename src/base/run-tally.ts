import { Counter, Gauge, type Registry } from "prom-client";
import type { Usage } from "./contract.ts";
import type { Durations, Series } from "./durations.ts";
import type { GatewayError, SpentTokens } from "./errors.ts";

/** One run as the metrics see it. `end` or `fail` tells how it went; `close` without either counts as cancelled. */
export interface ObservedRun {
  /** `model` is the one that answered; until then the run counts as the first choice's. */
  end(usage: Usage, model: string, pace: Pace): void;
  /** What a model has cost that failed. */
  readonly spend: (tokens: SpentTokens, model: string) => void;
  fail(error: GatewayError): void;
  close(): void;
}

/** How fast the models of a run were, of all its model calls together. */
export interface Pace {
  /** When the first word, thought or call came (`performance.now()`); undefined if none did. */
  readonly firstAt: number | undefined;
  /** From the first word of each model call to its end. */
  readonly saidMs: number;
  /** The tokens that came in that time: all but the first of each call. */
  readonly laterTokens: number;
}

export interface RunMetrics {
  /** `key` is the name of whose run it is. */
  startRun(agent: string, model: string, key: string): ObservedRun;
}

/** What the runs of one agent, model and key have come to. */
interface RunCounts {
  readonly agent: string;
  readonly model: string;
  readonly key: string;
  /** Under way, with this model as their first choice. */
  live: number;
  completed: number;
  failed: number;
  cancelled: number;
  promptTokens: number;
  completionTokens: number;
  readonly firstToken: Series;
  readonly perToken: Series;
}

/** How fast models were, whoever asked them. */
interface Paces {
  readonly firstToken: Durations<"agent" | "model">;
  readonly perToken: Durations<"agent" | "model">;
}

const outcomes = ["completed", "failed", "cancelled"] as const;
type RunOutcome = (typeof outcomes)[number];

/**
 * Counts runs and their tokens in plain numbers, and makes metrics of them when somebody asks: to find a metric by its
 * labels takes longer than to count, and a run has six things to count.
 */
export class RunTally implements RunMetrics {
  readonly #counts = new Map<string, RunCounts>();
  readonly #paces: Paces;
  #last: RunCounts | undefined;

  constructor(registry: Registry, paces: Paces) {
    this.#paces = paces;
    const all = this.#counts;
    // prom-client calls `collect` each time it is asked, with the metric as `this`.
    const underWay = new Gauge({
      registers: [],
      name: "clawgate_runs_live",
      help: "Runs under way.",
      labelNames: ["agent", "key"],
      collect() {
        this.reset();
        for (const { agent, key, live } of all.values()) this.inc({ agent, key }, live);
      },
    });
    const ended = new Counter({
      registers: [],
      name: "clawgate_runs_total",
      help: "Runs that ended, by outcome: completed, failed or cancelled.",
      labelNames: ["agent", "model", "outcome", "key"],
      collect() {
        this.reset();
        for (const { agent, model, key, ...counts } of all.values())
          for (const outcome of outcomes)
            if (counts[outcome] > 0) this.inc({ agent, model, outcome, key }, counts[outcome]);
      },
    });
    const tokens = new Counter({
      registers: [],
      name: "clawgate_tokens_total",
      help: "Tokens as models counted them, by kind: prompt or completion. Those of models that failed are among them.",
      labelNames: ["agent", "model", "kind", "key"],
      collect() {
        this.reset();
        for (const { agent, model, key, promptTokens, completionTokens } of all.values()) {
          this.inc({ agent, model, kind: "prompt", key }, promptTokens);
          this.inc({ agent, model, kind: "completion", key }, completionTokens);
        }
      },
    });
    for (const metric of [underWay, ended, tokens]) registry.registerMetric(metric);
  }

  startRun(agent: string, model: string, key: string): ObservedRun {
    return new TalliedRun(this, agent, model, key);
  }

  /** Agents, models and keys come from the configuration, so that there are few. */
  of(agent: string, model: string, key: string): RunCounts {
    const last = this.#last;
    if (last?.agent === agent && last.model === model && last.key === key) return last;
    return (this.#last = this.#find(agent, model, key));
  }

  #find(agent: string, model: string, key: string): RunCounts {
    const place = `${agent}\n${model}\n${key}`;
    const known = this.#counts.get(place);
    if (known !== undefined) return known;
    const counts = { completed: 0, failed: 0, cancelled: 0, promptTokens: 0, completionTokens: 0 };
    const made: RunCounts = { agent, model, key, live: 0, ...counts, ...this.#toPace(agent, model) };
    this.#counts.set(place, made);
    return made;
  }

  #toPace(agent: string, model: string): Pick<RunCounts, keyof Paces> {
    const known = [...this.#counts.values()].find((one) => one.agent === agent && one.model === model);
    const { firstToken, perToken } = this.#paces;
    return {
      firstToken: known?.firstToken ?? firstToken.begin({ agent, model }),
      perToken: known?.perToken ?? perToken.begin({ agent, model }),
    };
  }
}

class TalliedRun implements ObservedRun {
  readonly #tally: RunTally;
  readonly #begun: RunCounts;
  readonly #startedAt = performance.now();
  #model: string;
  #outcome: RunOutcome = "cancelled";
  #closed = false;

  constructor(tally: RunTally, agent: string, model: string, key: string) {
    this.#tally = tally;
    this.#model = model;
    this.#begun = tally.of(agent, model, key);
    this.#begun.live += 1;
  }

  readonly spend: ObservedRun["spend"] = ({ prompt_tokens: prompt, completion_tokens: completion }, by) => {
    const counts = this.#of(by);
    counts.promptTokens += prompt ?? 0;
    counts.completionTokens += completion ?? 0;
  };

  end(usage: Usage, answered: string, { firstAt, saidMs, laterTokens }: Pace): void {
    const { firstToken, perToken } = this.#of(answered);
    if (firstAt !== undefined) firstToken.observe((firstAt - this.#startedAt) / 1000);
    if (laterTokens > 0) perToken.observe(saidMs / laterTokens / 1000);
    this.#model = answered;
    this.#outcome = "completed";
    this.spend(usage, answered);
  }

  fail({ code }: GatewayError): void {
    this.#outcome = code === "cancelled" || code === "run_cancelled" ? "cancelled" : "failed";
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#begun.live -= 1;
    this.#of(this.#model)[this.#outcome] += 1;
  }

  /** Mostly those of its first choice. */
  #of(model: string): RunCounts {
    const { agent, model: first, key } = this.#begun;
    return model === first ? this.#begun : this.#tally.of(agent, model, key);
  }
}

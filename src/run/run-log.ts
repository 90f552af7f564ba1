import { GatewayError } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { Log } from "../base/log.ts";
import type { LoopState } from "../base/loop-watch.ts";
import type { Principal } from "../base/principal.ts";
import { toStoredKey } from "../session/key.ts";
import type { IdempotencyKey, RunAdmission, RunHold, RunStore } from "../session/run-store.ts";
import type { Agent } from "./agents.ts";
import { followRun, type FollowParts, toUnknown } from "./follow.ts";
import { createRunId, type LiveRun, type LiveRuns, type RunOutcome } from "./live-runs.ts";
import { Recording } from "./recording.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import type { JoinedRun, RunAgent, RunRequest, RunSession } from "./run-request.ts";
import { RunUpkeep } from "./run-upkeep.ts";
import { RunsElsewhere } from "./runs-elsewhere.ts";

/** A run that somebody asks for, which may be there already. */
export interface AskedRun {
  readonly principal: Principal;
  readonly agent: Agent;
  readonly session: RunSession;
  /** No client that leaves ends it. */
  readonly detached: boolean;
  /** JSON text: how the client wants its answer. It is given back with the run, and never looked at. */
  readonly form: string;
  readonly key: IdempotencyKey | undefined;
  /** Of the client that asks: when it aborts, that client has left. */
  readonly signal: AbortSignal;
  readonly runAgent: RunAgent;
  /** Told of the run that is given, before the first event of a new one. */
  readonly onGiven?: (given: GivenRun) => void;
  /** Makes the request, if the run is a new one; it is a part of the run. */
  readonly prepare: (signal: AbortSignal) => Promise<RunRequest>;
}

/** The run that a client gets for what it has asked. */
export interface GivenRun {
  readonly id: string;
  /** Of the run, which was another client's if it is repeated. */
  readonly form: string;
  /** It was there already. */
  readonly isRepeated: boolean;
}

export interface RunLogParts {
  readonly store: RunStore;
  readonly live: LiveRuns;
  readonly loop: Pick<LoopState, "hasStoodStill">;
  readonly log: Log;
}

/** How often others' runs are looked after that have said nothing of themselves. */
const newsMs = 250;

/**
 * Runs that others than their own client may read, now and later: they are kept as they go on, whoever listens. A run is
 * begun here, and its client follows it as anybody else does.
 */
export class RunLog {
  readonly upkeep: RunUpkeep;
  readonly elsewhere: RunsElsewhere;
  readonly #store: RunStore;
  readonly #live: LiveRuns;
  readonly #loop: RunLogParts["loop"];
  readonly #log: Log;
  readonly #recordings = new Map<string, Recording>();
  /** The runs that each way of running has under way: one for each configuration. */
  readonly #carried = new Map<RunAgent, Set<Promise<void>>>();
  readonly #followParts: FollowParts;

  constructor({ store, live, loop, log }: RunLogParts) {
    this.#store = store;
    this.#live = live;
    this.#loop = loop;
    this.#log = log;
    this.upkeep = new RunUpkeep({ store, recordings: this.#recordings, log });
    this.elsewhere = new RunsElsewhere(store, live);
    this.#followParts = {
      store,
      findRecording: (id) => this.#recordings.get(id),
      untilNews: (id, signal) => this.#untilNews(id, signal),
    };
  }

  /**
   * Begins the run, or finds the one that was asked for before with the same key. Throws `idempotency_conflict` where that
   * was another request, and what the store throws.
   */
  async ask(asked: AskedRun): Promise<GivenRun> {
    const id = createRunId();
    const admitted = await this.#store.admit(toAdmission(asked, id));
    if (admitted.kind === "conflict") {
      const message =
        "The Idempotency-Key was used for another request; its run is not repeated, and this one not begun.";
      throw new GatewayError("idempotency_conflict", message, { param: "idempotency-key" });
    }
    const given =
      admitted.kind === "found"
        ? { id: admitted.run.id, form: admitted.run.form, isRepeated: true }
        : { id, form: asked.form, isRepeated: false };
    asked.onGiven?.(given);
    const recording = admitted.kind === "found" ? this.#recordings.get(given.id) : this.#begin(asked, admitted.hold);
    if (asked.detached) recording?.goOn();
    recording?.attend(asked.signal, () => void this.#onLast(recording, asked));
    return given;
  }

  /** Logs a run that has said no more than that it began, from then on. Undefined where the store does not take it. */
  async join(live: LiveRun, { principal, agent, session, toForm }: RunRequest): Promise<JoinedRun | undefined> {
    const form = toForm?.() ?? "{}";
    const asked = { principal, agent, session, form, detached: false, key: undefined };
    const admitted = await this.#store.admit(toAdmission(asked, live.id));
    if (admitted.kind !== "begun") return undefined;
    const recording = new Recording({ store: this.#store, hold: admitted.hold, live });
    this.#recordings.set(live.id, recording);
    recording.add({ type: "run-start", runId: live.id });
    live.watch({ onEvent: recording.add, onEnd: (outcome) => void this.#endJoined(recording, outcome) });
    this.upkeep.watch();
    return recording;
  }

  /** See `followRun`. */
  follow(id: string, after: number, to: Listener<RunEvent>): Promise<RunAnswer> {
    return followRun(id, after, to, this.#followParts);
  }

  /**
   * Ends a run, logged or not, wherever it is; resolves when that is on its way. Throws `run_not_found`; a run that has ended
   * stays as it is.
   */
  async cancel(id: string): Promise<void> {
    const reason = new GatewayError("run_cancelled", "The run was cancelled.", { retry: false });
    if (this.#live.cancel(id, reason)) return;
    if (await this.#store.cancel(id)) return;
    if ((await this.#store.find(id)) === undefined) throw toUnknown(id);
  }

  /** Resolves when no run is under way that was begun with this. */
  async idle(runAgent: RunAgent): Promise<void> {
    for (let runs = this.#carried.get(runAgent); runs !== undefined; runs = this.#carried.get(runAgent))
      await Promise.all(runs);
  }

  /** Ends every run that is under way, as the process is about to. */
  cut(): void {
    const reason = new GatewayError("shutting_down", "The gateway stopped before the run ended.", { retry: false });
    for (const recording of this.#recordings.values()) recording.cut(reason);
  }

  #begin(asked: AskedRun, hold: RunHold): Recording {
    const { principal, agent, session, runAgent } = asked;
    const cancel = (reason: GatewayError): void => recording.cut(reason);
    const live = this.#live.open(hold.id, { principal, agent, session, cancel }, true);
    const recording = new Recording({ store: this.#store, hold, live });
    this.#recordings.set(hold.id, recording);
    const runs = this.#carried.get(runAgent) ?? new Set();
    this.#carried.set(runAgent, runs);
    const carried = this.#carry(recording, asked).finally(() => {
      runs.delete(carried);
      if (runs.size === 0) this.#carried.delete(runAgent);
    });
    runs.add(carried);
    this.upkeep.watch();
    return recording;
  }

  async #endJoined(recording: Recording, outcome: RunOutcome): Promise<void> {
    const end = recording.toLastWord(outcome);
    if (end !== undefined) await this.upkeep.end(end);
    this.#recordings.delete(recording.live.id);
    this.upkeep.tidy();
  }

  /** Nobody waits for it here any more; somebody may who has sent its key to another gateway a moment ago. */
  async #onLast(recording: Recording, { key }: AskedRun): Promise<void> {
    // While this process stood still its client may have asked elsewhere, and without a key it would be run there too.
    if (key === undefined && !recording.hasBegun && this.#loop.hasStoodStill()) recording.abandon();
    if (!recording.isAbandoned) return;
    await this.upkeep.look();
    if (recording.isAbandoned) recording.abandon();
  }

  /** From its beginning to its end on disk. Never rejects. */
  async #carry(recording: Recording, { prepare, runAgent }: AskedRun): Promise<void> {
    const { live, signal, flow, add: emit } = recording;
    const { id } = live;
    let outcome: RunOutcome;
    try {
      const request = await prepare(signal);
      outcome = { answer: await runAgent({ ...request, runId: id, logged: recording }, { signal, flow, emit }) };
    } catch (cause) {
      outcome = { error: toRunError(cause, signal) };
    }
    const end = recording.toLastWord(outcome);
    if (end !== undefined) {
      const failure = await this.upkeep.end(end);
      if (failure !== undefined) outcome = { error: failure };
    }
    if (outcome.error?.code === "internal_error")
      this.#log.error({ err: outcome.error.cause, runId: id }, "run failed");
    this.#recordings.delete(id);
    this.#live.close(live, outcome);
    this.upkeep.tidy();
  }

  /** Also resolves when the signal aborts. */
  #untilNews(id: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const go = (): void => resolve();
    const unwatch = this.#store.watch((changed) => {
      if (changed === id) go();
    });
    const timer = setTimeout(go, newsMs);
    signal.addEventListener("abort", go, { once: true });
    return promise.finally(() => {
      unwatch();
      clearTimeout(timer);
      signal.removeEventListener("abort", go);
    });
  }
}

type Admissible = Pick<AskedRun, "principal" | "agent" | "session" | "detached" | "form" | "key">;

function toAdmission({ principal, agent, session, detached, form, key }: Admissible, id: string): RunAdmission {
  const sessionKey = toStoredKey(session.key, principal);
  const { name, namespace = "" } = principal;
  return { id, principal: name, namespace, agentId: agent.id, sessionKey, detached, form, key };
}

/** What `prepare` throws when the signal aborts is the signal's reason. */
function toRunError(cause: unknown, signal: AbortSignal): GatewayError {
  return signal.aborted && signal.reason instanceof GatewayError ? signal.reason : GatewayError.from(cause);
}

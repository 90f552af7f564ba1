import type { GatewayError } from "../base/errors.ts";
import { createHexId } from "../base/id.ts";
import type { Principal } from "../base/principal.ts";
import { toStoredKey } from "../session/key.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";

/** The beginning of ids of this millisecond. */
let moment = { at: 0, text: "" };

/** Ids are ordered by the time at which they were made, so that a list of runs can be read on from any of them. */
export function createRunId(): string {
  const at = Date.now();
  if (at !== moment.at) moment = { at, text: `run_${at.toString(16).padStart(12, "0")}` };
  return moment.text + createHexId();
}

export type RunOutcome =
  | { readonly answer: RunAnswer; readonly error?: undefined }
  | { readonly error: GatewayError; readonly answer?: undefined };

/** Whoever watches a run. Neither function may throw, nor take long: the run goes on when they return. */
export interface RunObserver {
  /** Each event in its order, with its number, from the moment on when the watch began. The first of a run has 1. */
  readonly onEvent: (event: RunEvent, seq: number) => void;
  /** Comes last. The end of a run that is logged is on disk by then, as that of a session's turn is. */
  readonly onEnd: (outcome: RunOutcome) => void;
}

/** What is known of a run when it begins: its request, or what is asked of it before there is one. */
export interface LiveFacts {
  readonly principal: Principal;
  readonly agent: { readonly id: string };
  /** By the key that its owner knows it by. */
  readonly session: { readonly key: string };
  /** Ends the run with this reason; without it nobody can but its client. */
  readonly cancel?: (reason: GatewayError) => void;
}

/** A run of this process that has not ended. */
export class LiveRun {
  readonly id: string;
  readonly facts: LiveFacts;
  /** Its events are kept, so that one can read what was before a watch began. */
  readonly isLogged: boolean;
  /** In milliseconds since 1970. */
  readonly createdAt = Date.now();
  #startedAt: number | undefined;
  #seq = 0;
  #observers: Set<RunObserver> | undefined;

  constructor(id: string, facts: LiveFacts, isLogged: boolean) {
    this.id = id;
    this.facts = facts;
    this.isLogged = isLogged;
  }

  /** By the key that the store has for it. */
  get storedKey(): string {
    return toStoredKey(this.facts.session.key, this.facts.principal);
  }

  /** The number of its last event. */
  get seq(): number {
    return this.#seq;
  }

  /** When a model took it on; undefined while it waits. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  say(event: RunEvent): void {
    const seq = ++this.#seq;
    if (event.type === "model-start") this.#startedAt ??= Date.now();
    if (this.#observers === undefined) return;
    for (const { onEvent } of this.#observers) onEvent(event, seq);
  }

  end(outcome: RunOutcome): void {
    const observers = this.#observers ?? [];
    this.#observers = undefined;
    for (const { onEnd } of observers) onEnd(outcome);
  }

  /** Returns what ends the watch. */
  watch(observer: RunObserver): () => void {
    const observers = (this.#observers ??= new Set());
    observers.add(observer);
    return () => void observers.delete(observer);
  }
}

/** The runs of this process, through whichever door they came, for whoever follows or ends one that another began. */
export class LiveRuns {
  /** Every run is added and removed, and few are ever looked for. */
  readonly #runs = new Set<LiveRun>();
  /** By the key that the store has for a session. */
  readonly #sessionWatchers = new Map<string, Set<(run: LiveRun) => void>>();
  readonly #watchers = new Set<(run: LiveRun) => void>();

  /** To be ended with `close`. */
  open(id: string, facts: LiveFacts, isLogged = false): LiveRun {
    const run = new LiveRun(id, facts, isLogged);
    this.#runs.add(run);
    if (this.#sessionWatchers.size > 0) {
      for (const tell of this.#sessionWatchers.get(run.storedKey) ?? []) tell(run);
    }
    for (const tell of this.#watchers) tell(run);
    return run;
  }

  close(run: LiveRun, outcome: RunOutcome): void {
    this.#runs.delete(run);
    run.end(outcome);
  }

  find(id: string): LiveRun | undefined {
    for (const run of this.#runs) if (run.id === id) return run;
    return undefined;
  }

  list(): Iterable<LiveRun> {
    return this.#runs;
  }

  /** False for a run that is not here, or that nobody but its client can end. */
  cancel(id: string, reason: GatewayError): boolean {
    const cancel = this.find(id)?.facts.cancel;
    cancel?.(reason);
    return cancel !== undefined;
  }

  /** Tells of each run as it begins, before its first event and after those who watch its session. Returns what ends that. */
  watchAll(tell: (run: LiveRun) => void): () => void {
    this.#watchers.add(tell);
    return () => void this.#watchers.delete(tell);
  }

  /**
   * Tells of each run of a session, those that are under way at once and later ones as they begin, before their first
   * event. The key is the one that the store has. Returns what ends the watch.
   */
  watchSession(storedKey: string, tell: (run: LiveRun) => void): () => void {
    const watchers = this.#sessionWatchers.get(storedKey) ?? new Set();
    this.#sessionWatchers.set(storedKey, watchers.add(tell));
    for (const run of this.#runs) if (run.storedKey === storedKey) tell(run);
    return () => {
      watchers.delete(tell);
      if (watchers.size === 0) this.#sessionWatchers.delete(storedKey);
    };
  }
}

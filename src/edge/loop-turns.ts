import type { Socket } from "node:net";
import { countWorkMs } from "../base/loop-watch.ts";
import { Inflow, type InflowRules } from "./inflow.ts";
import { type Rank, Round } from "./round.ts";

/**
 * Requests that are begun in one turn of the event loop, on all connections together: as many as take about `turnMs`,
 * while there are more than one turn holds. In a flood nobody knows yet what they take, so there it begins with fewer.
 */
const turnMax = { usual: 32, flooded: 16 };
const turnMs = 10;
/** For so long of these what has come is looked at. */
const lookMs = 4;
/** So many requests of any number of turns are no reason to look whether the turn is over. */
export const fewMax = 16;
/** Requests that have to wait in one turn: that many are a flood. */
const floodMin = 256;
/** A turn that has work for so long keeps others waiting as a flood does. */
export const longMs = 40;
/** A new connection may have others behind it, of which one comes in each turn: for so long turns do nothing else. */
const hurryMs = 25;
/** A flood is over when none has been noticed for so long. */
const floodMs = 1000;

/** Of one connection, what waits to be begun. */
export interface Waiting {
  readonly rank: Rank;
  /** Begins the next, if it may. */
  beginNext(): void;
}

/**
 * Spreads what many connections send at once over turns of the event loop, so that whoever comes in between is answered.
 * As long as there is little to do nobody waits and no turn is looked at.
 */
export class LoopTurns {
  /** Requests that were begun in this turn. Whoever begins one counts it, and schedules a turn when there are a few. */
  begun = 0;
  /** Of these so many may be. */
  allowed = turnMax.usual;
  isFlooded = false;
  readonly inflow: Inflow;
  readonly #due = new Round<Waiting>();
  #excess = 0;
  #isScheduled = false;
  #hasAccepted = false;
  /** What this thread had worked when there began to be much to do, or the last turn of it began. */
  #worked = 0;
  /** What it had worked when something was last begun or looked at. */
  #helped = 0;
  #floodEnd: NodeJS.Timeout | undefined;

  constructor(rules: Omit<InflowRules, "onWork">) {
    this.inflow = new Inflow({ ...rules, onWork: () => this.schedule() });
  }

  /** A request that cannot be begun at once. */
  noteExcess(): void {
    if (++this.#excess === floodMin) this.noteFlood();
    this.schedule();
  }

  /** Not at once: a queue of refusals, which take no time, would keep the process from everybody else. */
  noteDue(waiting: Waiting): void {
    this.#due.add(waiting, waiting.rank);
    this.schedule();
  }

  /** A new connection, while there is a flood. */
  accept(socket: Socket): void {
    this.#hasAccepted = true;
    this.inflow.portion(socket);
    this.schedule();
  }

  /** More comes than there is time for. */
  noteFlood(): void {
    this.#floodEnd ??= setTimeout(() => (this.isFlooded = false), floodMs).unref();
    this.#floodEnd.refresh();
    if (this.isFlooded) return;
    this.isFlooded = true;
    this.allowed = Math.min(this.allowed, turnMax.flooded);
    this.inflow.portionAll();
  }

  schedule(): void {
    if (!this.#isScheduled) this.#schedule(countWorkMs());
  }

  #schedule(worked: number): void {
    this.#isScheduled = true;
    this.#worked = worked;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const worked = countWorkMs();
    this.#adapt(worked - this.#worked);
    this.begun = 0;
    this.#excess = 0;
    const isHurried = this.#hasAccepted && worked - this.#helped < hurryMs;
    this.#hasAccepted = false;
    if (!isHurried) this.#work();
    this.#isScheduled = false;
    if (this.#due.size > 0 || this.inflow.isBusy || this.begun >= fewMax) this.#schedule(worked);
  };

  #work(): void {
    const until = performance.now() + lookMs;
    while (this.begun < this.allowed && this.#due.size > 0) this.#due.take()?.beginNext();
    this.inflow.look(until);
    this.#helped = countWorkMs();
  }

  /** Between two turns is what was begun in the first. */
  #adapt(tookMs: number): void {
    if (tookMs > (this.isFlooded ? turnMs : longMs)) this.noteFlood();
    if (tookMs > turnMs) this.allowed = Math.max(1, this.allowed >> 1);
    else this.allowed = Math.min(this.isFlooded ? turnMax.flooded : turnMax.usual, this.allowed + 2);
  }
}

import { GatewayError } from "../base/errors.ts";
import { createBrake, type Flow } from "../base/listener.ts";
import type { EventBatch, HeldEnd, RunHold, RunStore } from "../session/run-store.ts";
import type { LiveRun, RunOutcome } from "./live-runs.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import { toStored } from "./run-outcome.ts";
import type { LoggedRun } from "./run-request.ts";

/** Events are written together for so long, or until they are so many. */
const batchMs = 50;
const batchEvents = 20;
/** So many that the store has not taken hold the model: what is said faster than it is written would fill the memory. */
const untakenMax = 1_000;

/** Events that the store has not taken yet; `from` is the number of the first. */
export interface UntakenEvents {
  readonly from: number;
  readonly events: readonly RunEvent[];
}

export interface RecordingParts {
  readonly store: Pick<RunStore, "append">;
  readonly hold: RunHold;
  readonly live: LiveRun;
}

/** What one run says, on its way into the store: in batches, in order, and at last with its end. */
export class Recording implements LoggedRun {
  readonly live: LiveRun;
  readonly #store: RecordingParts["store"];
  readonly #hold: RunHold;
  readonly #brake = createBrake();
  readonly #controller = new AbortController();
  #untaken: RunEvent[] = [];
  #untakenFrom = 1;
  /** How many of the untaken are on their way. */
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #clients = 0;
  #goesOn = false;
  #hasBegun = false;
  #hasActed = false;
  #endsWithTurn = false;

  constructor({ store, hold, live }: RecordingParts) {
    this.live = live;
    this.#store = store;
    this.#hold = hold;
  }

  /** Of the run: aborts when somebody ends it, or the store does not have it any more. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Of the run: held while the store is behind. Those who read the run have brakes of their own. */
  get flow(): Flow {
    return this.#brake;
  }

  get untaken(): UntakenEvents {
    return { from: this.#untakenFrom, events: this.#untaken };
  }

  cut(reason: GatewayError): void {
    this.#controller.abort(reason);
  }

  /** Counts a client that has asked for the run until its signal aborts; tells when the last of them has left. */
  attend(signal: AbortSignal, onLast: () => void): void {
    this.#clients += 1;
    const leave = (): void => {
      this.#clients -= 1;
      if (this.#clients === 0) onLast();
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  }

  /** No client of this process is left, and nothing else keeps it going. */
  get isAbandoned(): boolean {
    return this.#clients === 0 && !this.#goesOn;
  }

  /** A model has taken it on. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Ends it, as its clients have left. */
  abandon(): void {
    this.cut(new GatewayError("cancelled", "The client left before the run ended."));
  }

  /** From now on no client that leaves ends it. */
  goOn(): void {
    this.#goesOn = true;
  }

  readonly add = (event: RunEvent): void => {
    // The store shall know at once which runs wait and which do not.
    const begins = event.type === "model-start" && !this.#hasBegun;
    if (begins) this.#hasBegun = true;
    if (event.type === "tool-start") this.#hasActed = true;
    this.#untaken.push(event);
    if (this.#untaken.length >= untakenMax) this.#brake.hold();
    if (begins || this.#untaken.length - this.#sent >= batchEvents) this.#send();
    else this.#timer ??= setTimeout(this.#send, batchMs);
  };

  readonly toEnd = (answer: RunAnswer): HeldEnd => {
    this.#endsWithTurn = true;
    return this.#toEnd({ answer });
  };

  /** Its end as it is to be written; undefined where that was written with a turn. */
  toLastWord(outcome: RunOutcome): HeldEnd | undefined {
    return this.#endsWithTurn && outcome.answer !== undefined ? undefined : this.#toEnd(outcome);
  }

  /** With the last batch: nothing comes after it. */
  #toEnd(outcome: RunOutcome): HeldEnd {
    // A client that leaves calls the run off, and may ask again where nothing was done; of all others a model was asked.
    const isFree = outcome.error?.code === "cancelled" ? !this.#hasActed : !this.#hasBegun;
    const freesKey = outcome.error !== undefined && isFree;
    return { hold: this.#hold, end: { ...toStored(outcome), begun: this.#hasBegun, batch: this.#toBatch(), freesKey } };
  }

  /** What is not on its way yet. */
  #toBatch(): EventBatch {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#untaken.slice(this.#sent).map((event) => JSON.stringify(event));
    return { from: this.#untakenFrom + this.#sent, events };
  }

  readonly #send = (): void => {
    const batch = this.#toBatch();
    this.#sent += batch.events.length;
    this.#store.append(this.#hold, batch, this.#hasBegun).then(
      (isTaken) => (isTaken ? this.#forget(batch.events.length) : this.cut(toLost())),
      (cause: unknown) => this.cut(GatewayError.from(cause)),
    );
  };

  /** The store has so many more, and they are read there from now on. */
  #forget(count: number): void {
    this.#untaken.splice(0, count);
    this.#untakenFrom += count;
    this.#sent -= count;
    if (this.#untaken.length < untakenMax) this.#brake.release();
  }
}

/** The store takes nothing more of a run whose holder it believed gone. */
function toLost(): GatewayError {
  return new GatewayError("run_interrupted", "The store does not have the run any more; what it says is not kept.");
}

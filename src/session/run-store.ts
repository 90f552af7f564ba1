import type { Usage } from "../base/contract.ts";

/** A run that waits for its session or its turn is `queued`; the last four are ends, and nothing comes after an end. */
export type RunState = "queued" | "running" | "completed" | "failed" | "cancelled" | "interrupted";
export type EndState = Exclude<RunState, "queued" | "running">;

/** What a client calls a run that it may ask for again. */
export interface IdempotencyKey {
  readonly text: string;
  /** Equal for equal requests. */
  readonly requestHash: string;
}

/** A run as it comes in. */
export interface RunAdmission {
  /** Never given out before. Ids are ordered by the time at which they were made, compared byte for byte. */
  readonly id: string;
  /** The name of whose run it is. */
  readonly principal: string;
  /** What the keys of the principal's sessions begin with; empty for those of the operator. */
  readonly namespace: string;
  readonly agentId: string;
  /** As the store has it, with the namespace. */
  readonly sessionKey: string;
  readonly detached: boolean;
  /** JSON text, whatever the door makes of it: how the client wants its answer. */
  readonly form: string;
  readonly key?: IdempotencyKey | undefined;
}

/** The right to write one run. */
export interface RunHold {
  readonly id: string;
  /** Grows when the run goes to another holder; who writes with an older one is refused. */
  readonly epoch: number;
}

/** Events that follow each other, as JSON texts, whatever the run makes of them. */
export interface EventBatch {
  /** The number of the first; the events of a run are counted from 1, without a gap. */
  readonly from: number;
  readonly events: readonly string[];
}

export interface RunEnd {
  readonly state: EndState;
  /** It has not waited to its end. */
  readonly begun: boolean;
  /** The last events, which may be none. */
  readonly batch: EventBatch;
  readonly usage?: Usage | undefined;
  /** JSON text: what the run has answered, if it has. */
  readonly answer?: string | undefined;
  /** JSON text: why it has not. */
  readonly error?: string | undefined;
  /** Nothing has come of it that could be done twice, so the next request with its key is a run of its own. */
  readonly freesKey?: boolean | undefined;
}

/** The end of a run that is written with its turn. */
export interface HeldEnd {
  readonly hold: RunHold;
  readonly end: RunEnd;
}

/** A run without what it has said. Times are in milliseconds since 1970. */
export interface RunEntry extends Omit<RunAdmission, "form" | "key"> {
  readonly state: RunState;
  readonly createdAt: number;
  /** When its first batch was written that is no longer the wait; undefined before. */
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** The number of the last event that is stored, 0 for none. */
  readonly lastSeq: number;
  readonly usage: Usage | undefined;
  readonly error: string | undefined;
  /** Its events, its answer and its key are gone, because it is old or its session was erased. */
  readonly expired: boolean;
}

export interface RunRecord extends RunEntry {
  readonly form: string;
  readonly answer: string | undefined;
}

/** What `admit` comes to: a new run, the one that has this key, or one that has it for another request. */
export type Admitted =
  | { readonly kind: "begun"; readonly hold: RunHold }
  | { readonly kind: "found"; readonly run: RunRecord }
  | { readonly kind: "conflict"; readonly run: RunRecord };

export interface RunQuery {
  /** Only runs of this namespace; without it those of all. */
  readonly namespace?: string | undefined;
  readonly principal?: string | undefined;
  readonly agentIds?: readonly string[] | undefined;
  /** As the store has it. */
  readonly sessionKey?: string | undefined;
  readonly states?: readonly RunState[] | undefined;
  /** Only runs with a smaller id, whether or not there is one with this. */
  readonly before?: string | undefined;
  readonly limit: number;
}

export interface RunPage {
  readonly items: readonly RunEntry[];
  readonly hasMore: boolean;
}

export interface EventPage {
  readonly events: readonly string[];
  /** Whether more were stored when these were read. */
  readonly hasMore: boolean;
}

/** What others have asked of a run that this store holds. */
export interface RunWish {
  readonly id: string;
  /** It is to end. */
  readonly cancel: boolean;
  /** Somebody waits for it at another store with its key, so it is not to end because its own clients leave. */
  readonly awaited: boolean;
}

export interface Retention {
  /** Since a run has ended. */
  readonly ageMs: number;
  /** Of runs that have ended. */
  readonly runsMax: number;
}

/** So many times longer, and more, are runs kept than what they have said: a reader that comes too late is told so. */
export const traceFactor = 10;

/**
 * Where runs are kept that others than their own client may read. It is a part of a `SessionStore`: its methods reject as
 * that one's do, and are on disk when they resolve if they are `admit` or `finish`. What `append` has resolved for may be
 * lost in a power cut, and not in a crash of the process.
 *
 * Each run is written by one holder, the store that has admitted it. Calls with one hold take effect in the order in which
 * they were made. A run whose holder is gone (its process has ended, or its database has not heard of it for the time of a
 * lease) is `interrupted` for whoever looks, and stays so; it keeps its key. What its holder then writes is refused: a
 * method that resolves to false has written nothing.
 */
export interface RunStore {
  /** Other gateways may keep their runs here, and tell of them: see `watch`. */
  readonly isShared: boolean;
  /**
   * Writes the run, and its key if it has one, in one transaction. Of requests of one principal with one key, however they
   * come together, one is begun; the others are given that run if they are equal to it, and a conflict if not. A run that is
   * found and has not ended is detached from then on if the admission is.
   */
  admit(admission: RunAdmission): Promise<Admitted>;
  /** Adds events; `begun` says that the run waits no more. False also for a batch that does not follow the one before. */
  append(hold: RunHold, batch: EventBatch, begun: boolean): Promise<boolean>;
  /** Ends the run. That of a turn is written with the turn instead: see `Turn.run`. */
  finish(hold: RunHold, end: RunEnd): Promise<boolean>;
  find(id: string): Promise<RunRecord | undefined>;
  /** The run that a principal has begun with a key of this text, as long as the key is kept. */
  findKeyed(principal: string, text: string): Promise<RunRecord | undefined>;
  /** The youngest first, by id. */
  list(query: RunQuery): Promise<RunPage>;
  /**
   * Events of a run behind number `after`, in order, at most `limit` of them and fewer where they are long, but at least one
   * if there is one. None for a run that is not there, or has none any more.
   */
  events(id: string, after: number, limit: number): Promise<EventPage>;
  /** Asks whoever holds the run to end it. False for one that is not there, or has ended. */
  cancel(id: string): Promise<boolean>;
  /** What others ask of the runs that this store holds; asked again, it says so again. */
  wishes(): Promise<readonly RunWish[]>;
  /**
   * Calls the listener with the id of a run that another store may have written to, or asked something of. It need not be
   * called in time, nor at all: whoever waits looks by itself as well. Returns what ends the calls.
   */
  watch(listener: (id: string) => void): () => void;
  /**
   * Takes from runs that ended what they have said and their keys, the oldest first, as many as are beyond the retention;
   * and the runs themselves that are beyond `traceFactor` times as much. It does a bounded part of that; true if there is more.
   */
  prune(retention: Retention): Promise<boolean>;
}

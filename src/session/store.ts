import type { AssistantMessage, Message, ToolMessage } from "../base/contract.ts";
import type { ToolMedium } from "../base/media/tool-medium.ts";
import type { OwnedMessage } from "../base/model-state.ts";
import type { TakeSlice } from "../base/request-slices.ts";
import type { HeldEnd, RunStore } from "./run-store.ts";

/**
 * The longest lease. An end further away than this was written before the clock was set back, and counts as past:
 * otherwise a holder that died would block its session until the clock has caught up.
 */
export const leaseMsMax = 600_000;

/** Throws a `RangeError` for what is no length of a lease. */
export function assertLeaseMs(leaseMs: number): void {
  if (Number.isInteger(leaseMs) && leaseMs >= 1 && leaseMs <= leaseMsMax) return;
  throw new RangeError(`leaseMs must be a whole number from 1 to ${leaseMsMax}, not ${leaseMs}.`);
}

/**
 * The result of a tool that ran inside the gateway, with what there is to be seen and heard in it. No client sees it, nor
 * the call that it answers.
 */
export type ServerToolMessage = ToolMessage & { readonly origin: "server"; readonly media?: readonly ToolMedium[] };

/**
 * A message of a transcript: a client's or an answer's, or a step that stayed inside the gateway. What its model must get
 * back is kept with it, and is shown to nobody.
 */
export type StoredMessage = Exclude<Message, AssistantMessage> | OwnedMessage | ServerToolMessage;

/** A session as the store holds it: the messages a model would see again, oldest first. */
export interface Transcript {
  readonly messages: readonly StoredMessage[];
  /** Grows with every committed turn, and when the session is erased; 0 for one that has never existed. */
  readonly revision: number;
  /**
   * When the last turn was committed, in milliseconds since 1970; 0 for a session that does not exist. It never goes
   * back, even if the clock does.
   */
  readonly updatedAt: number;
}

/** The right to write one session, taken by `open` and given back by `commit`, `erase` or `release`. */
export interface Lease {
  readonly key: string;
  /** Grows for ever; a commit with an older fence than the session's current one is refused. */
  readonly fence: number;
}

/**
 * What a turn was asked and what was answered, kept for a while beside the transcript: the answer may get lost on its way,
 * and whoever then asks again shall have it, and no second turn.
 */
export interface Receipt {
  /** Equal for equal calls. */
  readonly digest: string;
  /** JSON text, whatever the run makes of it. */
  readonly answer: string;
  /** As of the arrival that it answers: whoever sent it the first time may have waited meanwhile. */
  readonly again: boolean;
}

/** What was found of all sessions. */
export interface StoreReport {
  readonly sessions: number;
  /** The keys of those that cannot be read as they were written. */
  readonly damaged: readonly string[];
}

/** Something about where a store is kept, for whoever looks for a fault. */
export interface StoreFinding {
  readonly state: "ok" | "warn" | "FAIL";
  readonly detail: string;
}

/** What was found of a store without opening it. */
export interface StoreOutlook {
  readonly findings: readonly StoreFinding[];
  /** To open it would leave it as earlier versions know it. */
  readonly isCurrent: boolean;
}

/** How a call comes to a session. */
export interface Arrival {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** As in the receipt of its turn; undefined for a call that will have none. */
  readonly digest: string | undefined;
  /** The client says that it has sent the call before. */
  readonly again: boolean;
  /** It goes on from nothing that was said, so that `messages` need not be there: of a damaged session they cannot be. */
  readonly blind?: boolean;
  /** It asks again until it is let in, or leaves: its place among others that wait is kept. */
  readonly waits?: boolean;
}

/** A client gives up within this time, and comes again soon after: the SDKs wait for ten minutes at most. */
export const receiptMs = 600_000;

/** So long the answer of one client may be on its way, or be asked for again, while another of the same session goes on. */
export const besideMs = 60_000;

/** Nobody gives a call up and sends it once more within this time: the SDKs wait for 375 ms at least. */
const patienceMs = 250;

/**
 * Whether there may be an answer to a call before it is run: it was sent before, or has waited for so long that it may have
 * been sent again, elsewhere, and that was answered.
 */
export function mayBeAnswered({ at, again }: Arrival, now: number): boolean {
  return again || now - at >= patienceMs;
}

/** Whether this is the answer: of equal calls that come for the first time, each has one of its own. */
export function isAnswerTo({ again }: Arrival, receipt: Receipt): boolean {
  return again || receipt.again;
}

export interface OpenSession extends Transcript {
  readonly lease: Lease;
  /** Of the turn that this call was the first time. */
  readonly receipt?: Receipt | undefined;
  /** Another store has said so: see `observe`. */
  readonly isObserved?: boolean;
}

/** So long a session counts as observed. */
export const observedMs = 30_000;

export interface Turn {
  /** How many messages of the transcript stay; the rest are marked superseded and stay readable. */
  readonly keep: number;
  /** The new messages of the client, then those of the run. Handed over: the caller changes them no more. */
  readonly append: readonly StoredMessage[];
  readonly receipt?: Receipt;
  /** The end of the run that the turn is of: both are written or neither. */
  readonly run?: HeldEnd | undefined;
}

/** A session without its messages. Times are in milliseconds since 1970. */
export interface SessionEntry {
  readonly key: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of the messages that a model would see again. */
  readonly messageCount: number;
}

export interface SessionQuery {
  /** Only keys that begin with this and then `agent:`; without it, only those that begin with `agent:`. */
  readonly namespace?: string;
  /** Only keys that go on with `agent:<id>:`. */
  readonly agentId?: string;
  /** Only those of one of these agents. */
  readonly agentIds?: readonly string[];
  /** The last key of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** Tokens that a key has spent on a day. */
export interface KeyUse {
  /** Of the key in the configuration. */
  readonly name: string;
  /** Counted in UTC since 1970. */
  readonly day: number;
  readonly tokens: number;
}

/** One page of a list, and whether there is another behind it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** One message with its place in the session. Times are in milliseconds since 1970. */
export interface HistoryMessage {
  /** Grows with every message of the session, for ever: an erased session does not begin at 1 again. */
  readonly sequence: number;
  readonly createdAt: number;
  readonly supersededAt: number | undefined;
  readonly message: StoredMessage;
}

export interface HistoryQuery {
  /** The last sequence of the page before, or 0. */
  readonly after: number;
  readonly limit: number;
  /** The last ones instead of the first; still oldest first, and there may be more before them. */
  readonly fromEnd?: boolean;
  readonly includeSuperseded: boolean;
}

/**
 * Where transcripts live. Every method rejects with `GatewayError` `storage_unavailable` when the store fails, and with
 * `session_damaged` where what it reads is not what was written.
 *
 * What `commit` has resolved for is on disk and survives a crash; a turn whose commit did not resolve is there whole
 * or not at all. Several processes may share one store: the lease decides who writes. A lease that has expired still
 * holds until another holder takes the session; only then is it lost. That of a process which is gone counts as expired.
 *
 * Keys and texts are any string, compared and kept exactly (NUL and lone surrogates too). `leaseMs` is a whole number
 * from 1 to `leaseMsMax`; another number is a defect of the caller, and rejects with a `RangeError`.
 */
export interface SessionStore {
  readonly runs: RunStore;
  /**
   * Leases the session and reads it. Resolves to `undefined` while another holder has an unexpired lease, and may do so
   * while a call that came before waits for the session in another process.
   *
   * A call that comes again brings its receipt along, if that is no older than `receiptMs`. One that asks anew has had its
   * answers, and may ask the same on purpose: it makes the session forget the receipt of an equal call that was answered
   * before it came, and those of others after `besideMs`. While it waits, its client may give it up and send it again, and
   * nobody here may have noticed: so it brings along the receipt of an equal call that came again and was answered since.
   */
  open(key: string, leaseMs: number, arrival?: Arrival): Promise<OpenSession | undefined>;
  /**
   * Resolves when `open` may have another answer for a call that waits: soon after the session is free, and in any case
   * after a while, `ms` at most. Rejects with the signal's reason when it aborts.
   */
  untilFree(key: string, ms: number, signal: AbortSignal): Promise<void>;
  /** Gives up the place that a call of this process has in the line of the session, if it has one. */
  leave(key: string): Promise<void>;
  /** Moves the end of the lease to `leaseMs` from now. Resolves to false if the lease was lost. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /**
   * Writes one turn in one transaction and gives the lease back. Rejects with `session_busy` if the lease was lost or
   * was given back before, or the turn's run is no longer the caller's, and with a `RangeError` if `turn.keep` exceeds the
   * transcript. A commit that rejects has changed nothing, the lease included: the caller releases it.
   *
   * `next` is when the call came that waits next in this process, in milliseconds since 1970: it goes before calls that
   * came later elsewhere.
   */
  commit(lease: Lease, turn: Turn, next?: number): Promise<void>;
  /**
   * Removes every message of the session, superseded ones too, and what its ended runs have said, so that nothing of them
   * is left in the store's files, as soon as nobody else reads what was there before, and gives the lease back. The
   * session does not exist any more until the next commit; its revision goes on. Rejects as `commit` does.
   */
  erase(lease: Lease, next?: number): Promise<void>;
  /** Gives the lease back without writing; does nothing if it was lost. */
  release(lease: Lease, next?: number): Promise<void>;
  /** Reads a session without leasing it. */
  read(key: string): Promise<Transcript>;
  /** One session without its messages; `undefined` if it does not exist. */
  find(key: string): Promise<SessionEntry | undefined>;
  /**
   * Sessions of agents in one namespace, the youngest first by `createdAt`, then by key. Turns do not move
   * a session. Resolves to `undefined` if there has never been a session `after`.
   */
  list(query: SessionQuery): Promise<Page<SessionEntry> | undefined>;
  /**
   * Messages of a session in the order of `sequence`; `undefined` if it does not exist. A page may have fewer than
   * `limit`, but at least one if there is one, where the messages are long.
   */
  history(key: string, query: HistoryQuery): Promise<Page<HistoryMessage> | undefined>;
  /**
   * Adds to what keys have spent, and resolves to what each of them has spent on its day, by all processes. A power cut
   * may take it back for a moment.
   */
  addUse(uses: readonly KeyUse[]): Promise<readonly number[]>;
  /**
   * Gives of the requests that a key may make in a minute, which all who share the store share; absent where each counts
   * for itself. Asked again with one id, it gives what it gave. A power cut may take it back.
   */
  readonly takeSlice?: TakeSlice;
  /**
   * Somebody is told of these sessions here, for `observedMs` or until they are named again. From when it resolves, `open` says
   * so to the others who share the store. Absent where nobody else would tell of their runs.
   */
  observe?(keys: readonly string[]): Promise<void>;
  /** Rejects while nothing can be read, or while the last write has failed and another one fails. */
  check(): Promise<void>;
  /** Reads every session. */
  examine(): Promise<StoreReport>;
  /** Finishes what is under way, then closes; calls made later reject. May be called again. */
  close(): Promise<void>;
}

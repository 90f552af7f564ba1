import { startPatience } from "../base/deadline.ts";
import { awakeMs } from "../base/loop-watch.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { OpenSession, Receipt, SessionStore, StoredMessage, Transcript, Turn } from "../session/store.ts";
import type { Attempt } from "./repeated.ts";

/** Gives the lane to the next in line. Safe to call more than once. */
export type LeaveLane = () => void;

export interface Lanes {
  /**
   * Waits until the lane of this session key is free, in order of arrival. Throws `session_busy` when too many wait or
   * the wait is too long, and the signal's reason when it aborts.
   */
  enter(key: string, signal: AbortSignal): Promise<LeaveLane>;
  /** From now on these limits hold; who waits already waits as long as was said. */
  limit(limits: LaneLimits): void;
  /** How many lanes somebody is in. */
  readonly size: number;
  /** When the call came that waits next for this lane, in milliseconds since 1970; undefined if there is none. */
  next(key: string): number | undefined;
}

/** A call that waits for its lane. */
interface Waiting {
  readonly came: number;
  readonly go: () => void;
}

export interface LaneLimits {
  readonly waitingMax: number;
  readonly waitMs: number;
}

/** One run at a time for each session key. A lane exists only while somebody is in it. */
export function createLanes(given: LaneLimits): Lanes {
  let { waitingMax, waitMs } = given;
  const lanes = new Map<string, Waiting[]>();

  const leave = (key: string): LeaveLane => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = lanes.get(key)?.shift();
      if (next === undefined) lanes.delete(key);
      else next.go();
    };
  };

  const enter = async (key: string, signal: AbortSignal): Promise<LeaveLane> => {
    signal.throwIfAborted();
    const waiting = lanes.get(key);
    if (waiting === undefined) {
      lanes.set(key, []);
      return leave(key);
    }
    if (waiting.length >= waitingMax) throw toBusy("too many calls wait for it");
    await waitInLine(waiting, signal, waitMs);
    return leave(key);
  };

  return {
    enter,
    limit(limits) {
      ({ waitingMax, waitMs } = limits);
    },
    get size() {
      return lanes.size;
    },
    next: (key) => lanes.get(key)?.[0]?.came,
  };
}

function waitInLine(waiting: Waiting[], signal: AbortSignal, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      patience.stop();
      signal.removeEventListener("abort", onAbort);
    };
    const turn: Waiting = {
      came: Date.now(),
      go() {
        stop();
        resolve();
      },
    };
    const giveUp = (reason: unknown): void => {
      stop();
      waiting.splice(waiting.indexOf(turn), 1);
      reject(reason instanceof Error ? reason : new GatewayError("cancelled", "The call was cancelled."));
    };
    const onAbort = (): void => giveUp(signal.reason);
    const patience = startPatience(waitMs, () => giveUp(toBusy(`it was not free within ${waitMs} ms`)));
    signal.addEventListener("abort", onAbort, { once: true });
    waiting.push(turn);
  });
}

export function toBusy(why: string): GatewayError {
  return new GatewayError("session_busy", `The session is busy: ${why}.`, { retryAfterSeconds: 2 });
}

/** One turn of a session, from the moment it is this run's turn until it is on disk or given up. */
export interface OpenTurn {
  /** None in a session that has been idle for too long: the commit then supersedes what was said before. */
  readonly messages: readonly StoredMessage[];
  /** Whether the session was there before this turn. */
  readonly exists: boolean;
  /** Of the turn that was stored when the same call came before: its answer is the answer to this one. */
  readonly receipt?: Receipt | undefined;
  /** Another gateway tells somebody of it. */
  readonly isObserved?: boolean | undefined;
  /** Aborts when the session was given to somebody else: nothing can be committed any more. */
  readonly lost: AbortSignal;
  /** Resolves when the turn is durable. */
  commit(turn: Turn): Promise<void>;
  /** Instead of a commit: removes everything that was ever said in the session. Resolves when it is gone. */
  erase(): Promise<void>;
  /** Lets the next one in. Does nothing after the first call. */
  release(): Promise<void>;
}

export interface TurnOptions {
  /** Is told what goes wrong with the lease afterwards. */
  readonly log?: Log;
  readonly attempt?: Attempt | undefined;
  /** Whoever opens it goes on from nothing: `messages` stays empty, and of a damaged session there is a turn as well. */
  readonly blind?: boolean;
}

export interface Turns {
  /** Waits for the session's lane and lease. Throws `session_busy`, or the signal's reason. */
  open(key: string, signal: AbortSignal, options?: TurnOptions): Promise<OpenTurn>;
}

/** What a turn needs of the store. */
export type TurnStore = Pick<SessionStore, "open" | "untilFree" | "leave" | "renew" | "commit" | "erase" | "release">;

export interface TurnParts {
  readonly store: TurnStore;
  readonly lanes: Lanes;
  /** For the lane and the lease together. */
  readonly waitMs: number;
  /** After how long a silence a session begins anew; 0 is never. */
  readonly idleMs: number;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /** For turns that come with no log of their own. */
  readonly log: Log;
  /** A run that cannot give its lease back blocks the session for so long, unless its process is seen to be gone. */
  readonly leaseMs?: number;
}

/**
 * The lane orders the runs of this process; the lease keeps other processes out (a command line beside the gateway, or
 * another gateway), and the store orders those that wait for it.
 */
export function createTurns(parts: TurnParts): Turns {
  const { store, lanes, waitMs, idleMs, now, log: standardLog, leaseMs = 15_000 } = parts;
  // Of a clock that was set back, the last turn lies in the future, and the session is not idle.
  const isIdle = ({ updatedAt }: Transcript): boolean => idleMs > 0 && now() - updatedAt > idleMs;
  return {
    async open(key, signal, { log = standardLog, attempt, blind = false } = {}) {
      const deadline = awakeMs() + waitMs;
      const arrival = { at: now(), digest: attempt?.digest, again: attempt?.again === true, blind, waits: true };
      const leave = await lanes.enter(key, signal);
      try {
        const take = () => store.open(key, leaseMs, arrival);
        const session = await openLease(store, key, take, deadline, signal);
        if (session === undefined) throw toBusy("another process holds it");
        const turn = isIdle(session) ? { ...session, messages: [] } : session;
        return toTurn({ store, leaseMs, log }, turn, { leave, next: () => lanes.next(key) });
      } catch (error) {
        await store
          .leave(key)
          .catch((cause: unknown) => log.warn({ err: cause }, "a place in line not given up; it expires"));
        leave();
        throw error;
      }
    },
  };
}

async function openLease(
  store: TurnStore,
  key: string,
  take: () => Promise<OpenSession | undefined>,
  deadline: number,
  signal: AbortSignal,
): Promise<OpenSession | undefined> {
  for (;;) {
    const session = await take();
    if (session !== undefined) return session;
    const leftMs = deadline - awakeMs();
    if (leftMs <= 0) return undefined;
    await store.untilFree(key, leftMs, signal);
  }
}

/** The lane of a turn, as its holder has it. */
interface OwnLane {
  readonly leave: LeaveLane;
  readonly next: () => number | undefined;
}

interface LeaseParts {
  readonly store: TurnStore;
  readonly leaseMs: number;
  readonly log: Log;
}

function toTurn({ store, leaseMs, log }: LeaseParts, session: OpenSession, { leave, next }: OwnLane): OpenTurn {
  const { lease, messages, updatedAt, receipt, isObserved } = session;
  const lost = new AbortController();
  let open = true;
  const onRenewed = (isHeld: boolean): void => {
    if (!isHeld && open) lost.abort(toBusy("another process has taken it over"));
  };
  const renewal = setInterval(() => {
    store.renew(lease, leaseMs).then(onRenewed, (error: unknown) => log.warn({ err: error }, "lease not renewed"));
  }, leaseMs / 3);
  const close = (): void => {
    open = false;
    clearInterval(renewal);
    leave();
  };
  return {
    messages,
    exists: updatedAt > 0,
    receipt,
    isObserved,
    lost: lost.signal,
    // Either of the two gives the lease back.
    async commit(turn) {
      await store.commit(lease, turn, next());
      close();
    },
    async erase() {
      await store.erase(lease, next());
      close();
    },
    async release() {
      if (!open) return;
      clearInterval(renewal);
      try {
        await store.release(lease, next());
      } catch (error) {
        log.error({ err: error }, "lease not released; it expires by itself");
      } finally {
        close();
      }
    },
  };
}

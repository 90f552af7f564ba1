import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../base/log.ts";
import type { OpenSession, SessionStore, StoredMessage, Transcript, Turn } from "../session/store.ts";
import { type Lanes, toBusy } from "./lane.ts";

/** One turn of a session, from the moment it is this run's turn until it is on disk or given up. */
export interface OpenTurn {
  /** None in a session that has been idle for too long: the commit then supersedes what was said before. */
  readonly messages: readonly StoredMessage[];
  /** Whether the session was there before this turn. */
  readonly exists: boolean;
  /** Resolves when the turn is durable. */
  commit(turn: Turn): Promise<void>;
  /** Instead of a commit: removes everything that was ever said in the session. Resolves when it is gone. */
  erase(): Promise<void>;
  /** Lets the next one in. Does nothing after the first call. */
  release(): Promise<void>;
}

export interface Turns {
  /** Waits for the session's lane and lease. Throws `session_busy`, or the signal's reason. */
  open(key: string, signal: AbortSignal): Promise<OpenTurn>;
}

/** What a turn needs of the store. */
export type TurnStore = Pick<SessionStore, "open" | "renew" | "commit" | "erase" | "release">;

export interface TurnParts {
  readonly store: TurnStore;
  readonly lanes: Lanes;
  /** For the lane and the lease together. */
  readonly waitMs: number;
  /** After how long a silence a session begins anew; 0 is never. */
  readonly idleMs: number;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/** A run that died without giving its lease back blocks the session for so long. */
const leaseMs = 30_000;
/** How often another process's lease is asked for again. */
const leasePollMs = 50;

/**
 * The lane orders the runs of this process; the lease keeps other processes out (a command line beside the gateway).
 */
export function createTurns({ store, lanes, waitMs, idleMs, now, log }: TurnParts): Turns {
  // Of a clock that was set back, the last turn lies in the future, and the session is not idle.
  const isIdle = ({ updatedAt }: Transcript): boolean => idleMs > 0 && now() - updatedAt > idleMs;
  return {
    async open(key, signal) {
      const deadline = performance.now() + waitMs;
      const leave = await lanes.enter(key, signal);
      try {
        const session = await openLease(store, key, deadline, signal);
        return toTurn(store, isIdle(session) ? { ...session, messages: [] } : session, leave, log);
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}

async function openLease(store: TurnStore, key: string, deadline: number, signal: AbortSignal): Promise<OpenSession> {
  for (;;) {
    const session = await store.open(key, leaseMs);
    if (session !== undefined) return session;
    if (performance.now() >= deadline) throw toBusy("another process holds it");
    await delay(leasePollMs, undefined, { signal });
  }
}

function toTurn(store: TurnStore, session: OpenSession, leave: () => void, log: Log): OpenTurn {
  const { lease, messages, updatedAt } = session;
  let open = true;
  const renewal = setInterval(() => {
    store.renew(lease, leaseMs).catch((error: unknown) => log.warn({ err: error }, "lease not renewed"));
  }, leaseMs / 3);
  const close = (): void => {
    open = false;
    clearInterval(renewal);
    leave();
  };
  return {
    messages,
    exists: updatedAt > 0,
    // Either of the two gives the lease back.
    async commit(turn) {
      await store.commit(lease, turn);
      close();
    },
    async erase() {
      await store.erase(lease);
      close();
    },
    async release() {
      if (!open) return;
      clearInterval(renewal);
      try {
        await store.release(lease);
      } catch (error) {
        log.error({ err: error }, "lease not released; it expires by itself");
      } finally {
        close();
      }
    },
  };
}

import { setTimeout as delay } from "node:timers/promises";
import type { Message } from "../contract.ts";
import type { Log } from "../log.ts";
import type { OpenSession, SessionStore, Turn } from "../sessions/store.ts";
import { type Lanes, toBusy } from "./lane.ts";

/** One turn of a session, from the moment it is this run's turn until it is on disk or given up. */
export interface OpenTurn {
  readonly messages: readonly Message[];
  /** Resolves when the turn is durable. */
  commit(turn: Turn): Promise<void>;
  /** Lets the next one in. Does nothing after the first call. */
  release(): Promise<void>;
}

export interface Turns {
  /** Waits for the session's lane and lease. Throws `session_busy`, or the signal's reason. */
  open(key: string, signal: AbortSignal): Promise<OpenTurn>;
}

export interface TurnParts {
  readonly store: SessionStore;
  readonly lanes: Lanes;
  readonly waitMs: number;
  readonly log: Log;
}

/** A run that died without giving its lease back blocks the session for so long. */
const leaseMs = 30_000;
/** How often another process's lease is asked for again. */
const leasePollMs = 50;

/**
 * The lane orders the runs of this process; the lease keeps other processes out (a command line beside the gateway).
 */
export function createTurns({ store, lanes, waitMs, log }: TurnParts): Turns {
  return {
    async open(key, signal) {
      const leave = await lanes.enter(key, signal);
      try {
        const session = await openLease(store, key, waitMs, signal);
        return toTurn(store, session, leave, log);
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}

async function openLease(store: SessionStore, key: string, waitMs: number, signal: AbortSignal): Promise<OpenSession> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const session = await store.open(key, leaseMs);
    if (session !== undefined) return session;
    if (performance.now() >= deadline) throw toBusy(`another process held it for ${waitMs} ms`);
    await delay(leasePollMs, undefined, { signal });
  }
}

function toTurn(store: SessionStore, { lease, messages }: OpenSession, leave: () => void, log: Log): OpenTurn {
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
    async commit(turn) {
      await store.commit(lease, turn);
      // The commit has given the lease back.
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

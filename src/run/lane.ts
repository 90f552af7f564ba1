import { GatewayError } from "../base/errors.ts";

/** Gives the lane to the next in line. Safe to call more than once. */
export type LeaveLane = () => void;

export interface Lanes {
  /**
   * Waits until the lane of this session key is free, in order of arrival. Throws `session_busy` when too many wait or
   * the wait is too long, and the signal's reason when it aborts.
   */
  enter(key: string, signal: AbortSignal): Promise<LeaveLane>;
  /** How many lanes are in use; for the metrics. */
  readonly size: number;
}

export interface LaneLimits {
  readonly waitingMax: number;
  readonly waitMs: number;
}

/** One run at a time for each session key. A lane exists only while somebody is in it. */
export function createLanes({ waitingMax, waitMs }: LaneLimits): Lanes {
  const lanes = new Map<string, (() => void)[]>();

  const leave = (key: string): LeaveLane => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = lanes.get(key)?.shift();
      if (next === undefined) lanes.delete(key);
      else next();
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
    get size() {
      return lanes.size;
    },
  };
}

function waitInLine(waiting: (() => void)[], signal: AbortSignal, waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    const turn = (): void => {
      stop();
      resolve();
    };
    const giveUp = (reason: unknown): void => {
      stop();
      waiting.splice(waiting.indexOf(turn), 1);
      reject(reason instanceof Error ? reason : new GatewayError("cancelled", "The call was cancelled."));
    };
    const onAbort = (): void => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(toBusy(`it was not free within ${waitMs} ms`)), waitMs);
    signal.addEventListener("abort", onAbort, { once: true });
    waiting.push(turn);
  });
}

export function toBusy(why: string): GatewayError {
  return new GatewayError("session_busy", `The session is busy: ${why}.`, { retryAfterSeconds: 2 });
}

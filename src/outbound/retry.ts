import { setTimeout as delay } from "node:timers/promises";
import { FailedAttempt } from "./failure.ts";

/**
 * Makes an attempt, and one more if it failed in a way that may pass. An attempt throws `FailedAttempt` only while
 * nothing has been said. Throws what the client shall be told, or the signal's reason.
 */
export async function retryOnce<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    if (!(cause instanceof FailedAttempt)) throw cause;
    if (cause.retryAfterMs === undefined) throw cause.error;
    await pause(cause.retryAfterMs, signal);
  }
  try {
    return await attempt();
  } catch (cause) {
    throw cause instanceof FailedAttempt ? cause.error : cause;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // The timer's own AbortError hides the reason.
    signal.throwIfAborted();
    throw error;
  }
}

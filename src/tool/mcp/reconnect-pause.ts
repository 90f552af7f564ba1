const firstMs = 1000;
const longestMs = 30_000;

/** How long a server that could not be reached is left alone, so that a dead one does not slow every run. */
export interface ReconnectPause {
  isOver(): boolean;
  /** After a failed attempt: a second, then twice as long each time, up to half a minute. */
  extend(): void;
  reset(): void;
}

export function createReconnectPause(now: () => number = () => performance.now()): ReconnectPause {
  let nextMs = firstMs;
  let end = -Infinity;
  return {
    isOver: () => now() >= end,
    extend: () => {
      end = now() + nextMs;
      nextMs = Math.min(nextMs * 2, longestMs);
    },
    reset: () => {
      nextMs = firstMs;
    },
  };
}

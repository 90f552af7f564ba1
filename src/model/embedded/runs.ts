/** How many runs the provider has seen since it was made; `started` is the sum of the other four. */
export interface RunCounters {
  readonly live: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  /** Aborted by the signal. */
  readonly cancelled: number;
}

export type MutableRunCounters = { -readonly [K in keyof RunCounters]: RunCounters[K] };
export type RunOutcome = "completed" | "failed" | "cancelled";

export function createRunCounters(): MutableRunCounters {
  return { live: 0, started: 0, completed: 0, failed: 0, cancelled: 0 };
}

/** Counts a run as live. The function returned settles it; only its first call counts. */
export function countRun(counters: MutableRunCounters): (outcome: RunOutcome) => void {
  counters.started += 1;
  counters.live += 1;
  let settled = false;
  return (outcome) => {
    if (settled) return;
    settled = true;
    counters.live -= 1;
    counters[outcome] += 1;
  };
}

import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";

export interface Waiting {
  /** How long it may have to wait for something: those that may wait longest begin first, and nobody waits for them at the end. */
  readonly longestMs: number;
}

/** So many run whatever this process has to do, and never more than so many. */
const [crowdMin, crowdMax] = [3, 32];
/** Busier than this, a process sees late what has come, and cases that measure times would blame the server for it. */
const busyMax = 0.75;
const lookMs = 50;
/** So many are added at a look, for it takes a while until they are felt. */
const addedMax = 3;

/**
 * Runs all of them, as many at once as this process can attend to: each waits most of the time, and what else the machine
 * has to do decides how many that are.
 */
export async function runCrowd<Job extends Waiting>(
  jobs: readonly Job[],
  run: (job: Job) => Promise<void>,
): Promise<void> {
  const left = jobs.toSorted((a, b) => b.longestMs - a.longestMs);
  const begun: Promise<void>[] = [];
  let running = 0;
  let before = performance.eventLoopUtilization();
  while (left.length > 0) {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    const room = utilization < busyMax ? Math.min(crowdMax, running + addedMax) : crowdMin;
    for (const job of left.splice(0, Math.max(0, room - running))) {
      running++;
      const ended = run(job).finally(() => running--);
      // Whoever fails is told of at the end.
      ended.catch(() => undefined);
      begun.push(ended);
    }
    await delay(lookMs);
  }
  await Promise.all(begun);
}

import type { Worker } from "node:worker_threads";
import { type Patience, startPatience } from "../base/deadline.ts";

/** How much of its CPU a thread may take for one piece of work: that a busy machine lets it wait is no fault of the work's. */
const cpuMsMax = 500;
/** The last resort: in the middle of a single step, such as to parse a text, a thread does not say what it has used. */
const workMsMax = 10_000;

/** One piece of work at a time. `onOver` is called at most once for each, and never after `stop`. */
export interface ThreadClock {
  /** With what the thread has used of its CPU until then, all in all. */
  start(cpuMsBefore: number): void;
  stop(): void;
}

export function createThreadClock(worker: Worker, onOver: () => void): ThreadClock {
  let works = 0;
  let nextLook: NodeJS.Timeout | undefined;
  let lastResort: Patience | undefined;
  const stop = (): void => {
    works += 1;
    clearTimeout(nextLook);
    lastResort?.stop();
  };
  const end = (): void => {
    stop();
    onOver();
  };
  // It cannot have used up by then what it has left.
  const lookLater = (cpuMsLeft: number, cpuMsBefore: number): void => {
    nextLook = setTimeout(() => void look(cpuMsBefore), Math.ceil(cpuMsLeft));
  };
  const look = async (cpuMsBefore: number): Promise<void> => {
    const work = works;
    // A thread that is gone says so by itself.
    const cpuMs = await worker.cpuUsage().then(toMs, () => cpuMsBefore);
    if (work !== works) return;
    const left = cpuMsMax - (cpuMs - cpuMsBefore);
    if (left > 0) lookLater(left, cpuMsBefore);
    else end();
  };
  return {
    start(cpuMsBefore) {
      lookLater(cpuMsMax, cpuMsBefore);
      lastResort = startPatience(workMsMax, end);
    },
    stop,
  };
}

/** Of what Node tells of the CPU of a thread. */
export function toMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

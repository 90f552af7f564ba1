import { applyBaseline, type Baseline } from "../expectation/baseline.ts";
import type { Case } from "../case.ts";
import { type Clock, watchClock } from "./clock.ts";
import type { Shared } from "../context.ts";
import { type Death, toDeath } from "../reach/death.ts";
import { runPool } from "../reach/pool.ts";
import { isAnswering } from "../reach/probe.ts";
import type { Tape } from "../recording/take.ts";
import { type Ended, type Job, runCase, toJobName, toNotRun } from "./run-case.ts";
import { watchStrayRejections } from "./stray.ts";
import type { Capabilities, Subject } from "../reach/subject.ts";
import type { Result } from "../verdict.ts";

export interface RunOptions {
  readonly cases: readonly Case[];
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  /** SDK majors, the one for cases that do not run for each first. */
  readonly sdks: readonly number[];
  readonly concurrency: number;
  readonly seed: number;
  readonly baseline: Baseline;
  /** Called as each result is certain. */
  readonly onResult?: (result: Result) => void;
  /** The subject was found dead before the first case. */
  readonly died?: Death;
  /** Where the run is recorded, or comes from. */
  readonly tape?: Tape;
  /** The machine's, but in tests. */
  readonly clock?: Clock;
}

export interface RunOutcome {
  /** In the order of the cases. */
  readonly results: readonly Result[];
  readonly requests: number;
  readonly seconds: number;
  /** How the subject stopped answering on the way, if it did. */
  readonly died?: Death;
}

/** So many results in a row without a whole answer, and the subject is asked whether it is still there. */
const unansweredMax = 4;

/** Runs the cases and always comes back with a result for each, whatever the subject does. */
export async function runCases(options: RunOptions): Promise<RunOutcome> {
  const started = performance.now();
  const clock = watchClock(options.clock);
  const surroundings = { ...options, shared: new Map() satisfies Shared, clock };
  const results = new Map<Job, Result>();
  const jobs = toJobs(options);
  const replayed = options.tape?.replayed;
  let requests = 0;
  let { died } = options;
  /** Results without an answer: findings if an answer comes after them, and the signs of a death if none does. */
  let doubtful: { readonly job: Job; readonly ended: Ended }[] = [];

  const settle = (job: Job, result: Result): void => {
    const judged = applyBaseline(result, options.baseline);
    results.set(job, judged);
    options.onResult?.(judged);
  };
  const settleBefore = (ms: number): void => {
    const later = doubtful.filter(({ ended }) => ended.endedMs >= ms);
    const sure = doubtful.filter(({ ended }) => ended.endedMs < ms);
    doubtful = later;
    for (const { job, ended } of sure) settle(job, ended.result);
  };
  const examine = async (refused: boolean): Promise<void> => {
    if (!refused && doubtful.length < unansweredMax) return;
    const asked = [...doubtful];
    const alive = replayed !== undefined || (await isAnswering(options.subject));
    if (died !== undefined) return;
    if (alive) return settleBefore(Infinity);
    died = toDeath(asked.map(({ ended }) => ended.result));
    for (const { job } of doubtful.splice(0)) settle(job, toNotRun(job, gone));
  };
  /** It is not in the recording since the subject had died by then. */
  const isMissing = (job: Job): boolean => replayed?.died === true && !replayed.has(toJobName(job));
  const runJob = async (job: Job): Promise<void> => {
    if (died !== undefined || isMissing(job)) return settle(job, toNotRun(job, gone));
    const ended = await runCase(job, surroundings);
    requests += ended.requests;
    if (ended.unanswered || ended.refused) {
      if (died !== undefined) return settle(job, toNotRun(job, gone));
      doubtful.push({ job, ended });
      return examine(ended.refused);
    }
    settle(job, ended.result);
    settleBefore(ended.answeredMs);
  };

  const stray = watchStrayRejections();
  try {
    const alone = jobs.filter((job) => job.case.alone === true);
    const others = jobs.filter((job) => job.case.alone !== true);
    await stray.run(() => runPool(others, options.concurrency, runJob));
    await stray.run(() => runPool(alone, 1, runJob));
    if (doubtful.length > 0) await examine(true);
    // A promise that the last case has lost is told of in the next turn.
    await new Promise(setImmediate);
  } finally {
    stray.stop();
    clock.stop();
  }
  const ordered = jobs.flatMap((job) => results.get(job) ?? []);
  const seconds = (performance.now() - started) / 1000;
  const outcome = { results: [...ordered, ...stray.toResults()], requests, seconds };
  return died === undefined ? outcome : { ...outcome, died };
}

const gone = "the server had stopped answering";

function toJobs({ cases, sdks }: RunOptions): Job[] {
  const newest = Math.max(...sdks);
  return cases.flatMap((one): Job[] =>
    one.eachSdk === true
      ? sdks.filter((sdk) => sdk >= (one.sdkMin ?? 4)).map((sdk) => ({ case: one, sdk, each: true }))
      : [{ case: one, sdk: newest, each: false }],
  );
}

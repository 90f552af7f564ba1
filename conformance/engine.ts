import { applyBaseline, type Baseline } from "./baseline.ts";
import { type Case, toGroup } from "./case.ts";
import { createContext, type Shared } from "./context.ts";
import { Failure, show, Skip } from "./expect.ts";
import type { Exchange } from "./lens/exchange.ts";
import { createSdkLens, type SdkLens } from "./lens/sdk.ts";
import { runPool } from "./pool.ts";
import { isAnswering } from "./probe.ts";
import { createRandom } from "./random.ts";
import { watchStrayRejections } from "./stray.ts";
import type { Capabilities, Subject } from "./subject.ts";
import type { Result, Verdict } from "./verdict.ts";

export interface RunOptions {
  readonly cases: readonly Case[];
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  /** SDK majors, the one for cases that do not run for each first. */
  readonly sdks: readonly number[];
  readonly concurrency: number;
  readonly seed: number;
  readonly baseline: Baseline;
  /** Called as each result comes. */
  readonly onResult?: (result: Result) => void;
}

export interface RunOutcome {
  /** In the order of the cases. */
  readonly results: readonly Result[];
  readonly requests: number;
  readonly seconds: number;
  /** True if the subject stopped answering on the way. */
  readonly lost: boolean;
}

interface Job {
  readonly case: Case;
  readonly sdk: number;
  readonly each: boolean;
}

/** A case may start a gateway of its own where the suite may, and that takes a while. */
const limitMsDefault = { own: 30_000, foreign: 10_000 };
/** A case whose subject hangs is given this much beyond its limit to notice that it has been aborted. */
const graceMs = 500;
/** So many results in a row without a whole answer, and the subject is asked whether it is still there. */
const lostAfter = 8;
const exchangesMax = 12;

/** Runs the cases and always comes back with a result for each, whatever the subject does. */
export async function runCases(options: RunOptions): Promise<RunOutcome> {
  const started = performance.now();
  const shared: Shared = new Map();
  const results = new Map<Job, Result>();
  let requests = 0;
  let unanswered = 0;
  let lost = false;
  const jobs = toJobs(options);

  const runJob = async (job: Job): Promise<void> => {
    const result = lost
      ? toResult(job, "error", { reason: "the subject no longer answers" }, 0, [], [])
      : await runOne(job, options, shared);
    requests += result.exchanges.length;
    if (isUnanswered(result)) unanswered++;
    else if (result.verdict !== "skip") unanswered = 0;
    if (unanswered >= lostAfter && !lost) {
      unanswered = 0;
      if (!(await isAnswering(options.subject))) lost = true;
    }
    const judged = applyBaseline(result, options.baseline);
    results.set(job, judged);
    options.onResult?.(judged);
  };

  const stray = watchStrayRejections();
  try {
    await runPool(
      jobs.filter((job) => job.case.alone !== true),
      options.concurrency,
      runJob,
    );
    await runPool(
      jobs.filter((job) => job.case.alone === true),
      1,
      runJob,
    );
    // A promise that the last case has lost is told of in the next turn.
    await new Promise(setImmediate);
  } finally {
    stray.stop();
  }
  const ordered = jobs.flatMap((job) => results.get(job) ?? []);
  const seconds = (performance.now() - started) / 1000;
  return { results: [...ordered, ...stray.toResults()], requests, seconds, lost };
}

/** Neither met nor skipped, and not one answer came to its end. */
function isUnanswered({ verdict, exchanges }: Result): boolean {
  return ["fail", "warn", "error"].includes(verdict) && exchanges.every(({ end }) => end !== "complete");
}

function toJobs({ cases, sdks }: RunOptions): Job[] {
  const newest = Math.max(...sdks);
  return cases.flatMap((one): Job[] =>
    one.eachSdk === true
      ? sdks.filter((sdk) => sdk >= (one.sdkMin ?? 4)).map((sdk) => ({ case: one, sdk, each: true }))
      : [{ case: one, sdk: newest, each: false }],
  );
}

async function runOne(job: Job, options: RunOptions, shared: Shared): Promise<Result> {
  const started = performance.now();
  const exchanges: Exchange[] = [];
  const notes: string[] = [];
  const end = (verdict: Verdict, detail: Detail): Result =>
    toResult(job, verdict, detail, performance.now() - started, exchanges, notes);
  const missing = (job.case.needs ?? []).find((name) => options.capabilities.get(name)?.present !== true);
  if (missing !== undefined)
    return end("skip", { reason: `needs ${missing}: ${options.capabilities.get(missing)?.why}` });

  const record = (exchange: Exchange): void => {
    if (exchanges.length < exchangesMax) exchanges.push(exchange);
  };
  const controller = new AbortController();
  try {
    const sdk = await createSdkLens(job.sdk, options.subject, record, controller.signal);
    if (sdk === undefined) return end("skip", { reason: `the SDK major ${job.sdk} is not installed` });
    await runLimited(job, options, { sdk, shared, record, notes, controller });
    return end("pass", {});
  } catch (error) {
    return toVerdict(error, job.case, end);
  }
}

interface Tools {
  readonly sdk: SdkLens;
  readonly shared: Shared;
  readonly record: (exchange: Exchange) => void;
  readonly notes: string[];
  readonly controller: AbortController;
}

async function runLimited(job: Job, { subject, capabilities, seed }: RunOptions, tools: Tools): Promise<void> {
  const usualMs = job.case.limitMs ?? (subject.start === undefined ? limitMsDefault.foreign : limitMsDefault.own);
  const limitMs = usualMs * (subject.patience ?? 1);
  const { controller } = tools;
  const context = createContext({
    subject,
    capabilities,
    sdk: tools.sdk,
    signal: controller.signal,
    shared: tools.shared,
    record: tools.record,
    note: (text) => void tools.notes.push(text),
    random: createRandom(`${seed} ${job.case.id}`),
  });
  const timeUp = new Error(`the case was not decided within ${limitMs} ms`);
  let abortTimer: NodeJS.Timeout | undefined;
  let giveUpTimer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    abortTimer = setTimeout(() => controller.abort(timeUp), limitMs);
    giveUpTimer = setTimeout(reject, limitMs + graceMs, timeUp);
  });
  try {
    await Promise.race([job.case.run(context), limit]);
  } catch (error) {
    throw controller.signal.aborted && !(error instanceof Failure) ? timeUp : error;
  } finally {
    clearTimeout(abortTimer);
    clearTimeout(giveUpTimer);
    // Whatever the case has left running on the subject ends with it.
    controller.abort(timeUp);
  }
}

interface Detail {
  readonly expected?: string;
  readonly actual?: string;
  readonly reason?: string;
}

function toVerdict(error: unknown, { level }: Case, end: (verdict: Verdict, detail: Detail) => Result): Result {
  if (error instanceof Skip) return end("skip", { reason: error.message });
  if (error instanceof Failure) {
    return end(level === "SHOULD" ? "warn" : "fail", { expected: error.expected, actual: error.actual });
  }
  const cause = error instanceof Error && error.cause !== undefined ? ` (${show(error.cause)})` : "";
  return end("error", { reason: `${show(error)}${cause}` });
}

function toResult(
  { case: one, sdk, each }: Job,
  verdict: Verdict,
  detail: Detail,
  ms: number,
  exchanges: readonly Exchange[],
  notes: readonly string[],
): Result {
  const { id, level, requirement, source } = one;
  return {
    id,
    group: toGroup(one),
    level,
    requirement,
    source,
    ...(each ? { sdk } : {}),
    verdict,
    ...detail,
    ms: Math.round(ms),
    exchanges,
    notes,
  };
}

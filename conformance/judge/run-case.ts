import { NoAnswer, isRefusal, toBlame } from "../reach/blame.ts";
import { type Case, isBinding, toGroup } from "../case.ts";
import type { ClockWatch } from "./clock.ts";
import { createContext, need, type Shared } from "../context.ts";
import { Failure, NotClaimed, show, Skip } from "../expect.ts";
import type { Exchange } from "../lens/exchange.ts";
import { createSdkLens, type SdkLens } from "../lens/sdk.ts";
import { createRandom } from "./random.ts";
import type { Take, Tape } from "../recording/take.ts";
import type { Capabilities, Subject } from "../reach/subject.ts";
import { withUnique } from "../unique.ts";
import type { Result, Verdict } from "../verdict.ts";

/** One case through one major of the SDK. */
export interface Job {
  readonly case: Case;
  readonly sdk: number;
  /** Whether the case runs for each major. */
  readonly each: boolean;
}

/** What all cases of a run share. */
export interface Surroundings {
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  readonly seed: number;
  readonly shared: Shared;
  readonly clock: ClockWatch;
  /** Where the run is recorded, or comes from. */
  readonly tape?: Tape;
}

/** What became of a job, and what the engine wants to know beside it. */
export interface Ended {
  readonly result: Result;
  /** Not met, and the last call had no whole answer. */
  readonly unanswered: boolean;
  /** Nobody listened. */
  readonly refused: boolean;
  readonly requests: number;
  /** When the last whole answer had come, and when the case was over, as the clock tells it. */
  readonly answeredMs: number;
  readonly endedMs: number;
}

/** A case may start a gateway of its own where the suite may, and that takes a while. */
const limitMsDefault = { own: 30_000, foreign: 10_000 };
/** A case whose subject hangs is given this much beyond its limit to notice that it has been aborted. */
const graceMs = 500;
/** Cases that ask again and again pause for less. */
const pauseMsMax = 2000;
/** More of a case's calls no report shows. */
const exchangesMax = 12;

/**
 * Runs one case and always comes back with a result. One that failed while the clock was wrong or the process stood still
 * is run once more; if it happens again, the suite has erred and nothing is said about the subject.
 */
export async function runCase(job: Job, surroundings: Surroundings): Promise<Ended> {
  const { clock, tape } = surroundings;
  const attempt = async () => {
    const startedMs = clock.now();
    const take = tape?.take(toJobName(job));
    const ended = await tryCase(job, surroundings, take);
    const isFinding = ["fail", "warn"].includes(ended.result.verdict);
    return { ended, take, fault: isFinding ? clock.findFault(startedMs) : undefined };
  };
  const first = await attempt();
  const { ended, fault, take } = first.fault === undefined ? first : await attempt();
  await take?.end();
  if (fault === undefined) return ended;
  const { expected: _expected, actual: _actual, ...rest } = ended.result;
  const reason = `${fault} while the case ran, twice: what it measured says nothing about the server`;
  return { ...ended, unanswered: false, refused: false, result: { ...rest, verdict: "error", reason } };
}

/** The result of a job that there was nobody left to ask for. */
export function toNotRun(job: Job, reason: string): Result {
  return toResult(job, "not-run", { reason }, { ms: 0, exchanges: [], notes: [] });
}

/** Sockets that were closed tell of it at the end of the turn. */
async function endTurn(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

/** The name of a job in a recording. */
export function toJobName({ case: { id }, sdk, each }: Job): string {
  return each ? `${id}@${sdk}` : id;
}

async function tryCase(job: Job, surroundings: Surroundings, take: Take | undefined): Promise<Ended> {
  const started = performance.now();
  const exchanges: Exchange[] = [];
  const notes: string[] = [];
  let [requests, answeredMs] = [0, 0];
  let last: Exchange["end"] = "complete";
  const end = (verdict: Verdict, detail: Detail, error?: unknown): Ended => ({
    result: toResult(job, verdict, detail, { ms: performance.now() - started, exchanges, notes }),
    unanswered: (verdict === "fail" || verdict === "warn") && last !== "complete",
    refused: isRefusal(error),
    requests,
    answeredMs,
    endedMs: performance.now(),
  });
  const { capabilities } = surroundings;
  const subject = take === undefined ? surroundings.subject : { ...surroundings.subject, dial: take.dial };

  const keep = (exchange: Exchange): void => {
    // The last one is what the case has ended with.
    if (exchanges.length === exchangesMax) exchanges.pop();
    exchanges.push(exchange);
  };
  const record = (exchange: Exchange): void => {
    requests++;
    last = exchange.end;
    if (last === "complete") answeredMs = performance.now();
    keep(exchange);
  };
  const controller = new AbortController();
  try {
    for (const name of job.case.needs ?? []) need({ capabilities }, name);
    const sdk = await createSdkLens(job.sdk, subject, record, controller.signal);
    if (sdk === undefined) return end("skip", { reason: `the SDK major ${job.sdk} is not installed` });
    await runLimited(job, { ...surroundings, subject }, { sdk, record, share: keep, notes, controller, take });
    await endTurn();
    const stale = take?.stale();
    return stale === undefined ? end("pass", {}) : end("stale", { reason: stale });
  } catch (error) {
    // What was still open is closed by now, and tells of it in the next turn; the report shall have it.
    await endTurn();
    const stale = take?.stale();
    if (stale !== undefined) return end("stale", { reason: stale });
    const { verdict, ...detail } = toVerdict(error, job.case);
    return end(verdict, detail, error);
  }
}

interface Tools {
  readonly sdk: SdkLens;
  readonly record: (exchange: Exchange) => void;
  readonly share: (exchange: Exchange) => void;
  readonly notes: string[];
  readonly controller: AbortController;
  readonly take: Take | undefined;
}

async function runLimited(
  job: Job,
  { subject, capabilities, seed, shared }: Surroundings,
  { sdk, record, share, notes, controller, take }: Tools,
): Promise<void> {
  const usualMs = job.case.limitMs ?? (subject.start === undefined ? limitMsDefault.foreign : limitMsDefault.own);
  const limitMs = Math.ceil(usualMs * (subject.patience ?? 1));
  let heardMs = -Infinity;
  const { context, isWaiting } = createContext({
    subject,
    capabilities,
    sdk,
    signal: controller.signal,
    // What cases share would be asked by another one in a replay.
    shared: take === undefined ? shared : new Map(),
    record: (exchange) => {
      heardMs = performance.now();
      record(exchange);
    },
    share,
    note: (text) => void notes.push(text),
    random: createRandom(`${seed} ${job.case.id}`),
    observe: take?.observe ?? ((_name, look) => look()),
  });
  const words = `the case was not decided within ${limitMs} ms`;
  let abortTimer: NodeJS.Timeout | undefined;
  let giveUpTimer: NodeJS.Timeout | undefined;
  let timeUp: Error | undefined;
  const onTimeUp = (): void => {
    // A call in flight, or one a moment ago and another soon: the case waits for the subject. Else it does not end by itself.
    const waits = isWaiting() || performance.now() - heardMs < pauseMsMax;
    timeUp = waits ? new NoAnswer(`${words}: until then it waited for the server`) : new Error(words);
    controller.abort(timeUp);
  };
  const limit = new Promise<never>((_resolve, reject) => {
    abortTimer = setTimeout(onTimeUp, limitMs);
    giveUpTimer = setTimeout(() => reject(timeUp as Error), limitMs + graceMs);
  });
  try {
    const run = (): Promise<void> => job.case.run(context);
    await Promise.race([take === undefined ? run() : withUnique(take.unique, run), limit]);
  } catch (error) {
    throw timeUp !== undefined && !(error instanceof Failure) ? timeUp : error;
  } finally {
    clearTimeout(abortTimer);
    clearTimeout(giveUpTimer);
    // Whatever the case has left running on the subject ends with it.
    controller.abort(new Error(words));
  }
}

interface Detail {
  readonly expected?: string;
  readonly actual?: string;
  readonly reason?: string;
}

function toVerdict(error: unknown, { level }: Case): Detail & { readonly verdict: Verdict } {
  if (error instanceof Skip)
    return { verdict: error instanceof NotClaimed ? "not-claimed" : "skip", reason: error.message };
  const finding = isBinding(level) ? "fail" : "warn";
  if (error instanceof Failure) return { verdict: finding, expected: error.expected, actual: error.actual };
  const cause = error instanceof Error && error.cause !== undefined ? ` (${show(error.cause)})` : "";
  const said = `${show(error)}${cause}`;
  if (toBlame(error) === "server") return { verdict: finding, expected: "an answer that can be read", actual: said };
  return { verdict: "error", reason: said };
}

interface Seen {
  readonly ms: number;
  readonly exchanges: readonly Exchange[];
  readonly notes: readonly string[];
}

function toResult({ case: one, sdk, each }: Job, verdict: Verdict, detail: Detail, seen: Seen): Result {
  const { id, level, requirement, source } = one;
  return {
    id,
    group: toGroup(one),
    level,
    requirement,
    source,
    ...(each ? { sdk } : {}),
    ...(one.after === true ? { after: true } : {}),
    verdict,
    ...detail,
    ...seen,
    ms: Math.round(seen.ms),
  };
}

import { setTimeout as delay } from "node:timers/promises";
import type { CaseContext } from "../context.ts";
import { expectObject, Failure } from "../expect.ts";
import { toContent } from "./sdk-answer.ts";
import { parseJson } from "./tools-calls.ts";

/** What the fixture's model counts. */
export interface Runs {
  readonly live: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

const pollMs = 25;
const cancelMsMax = 1000;
const quietMsMax = 3000;

export async function readRuns(context: CaseContext): Promise<Runs> {
  const value = parseJson(toContent(await context.chat(context.say("@@runs")), "@@runs"));
  expectObject(value, "@@runs");
  const count = (name: keyof Runs): number => Number(value[name] ?? Number.NaN);
  return {
    live: count("live"),
    started: count("started"),
    completed: count("completed"),
    failed: count("failed"),
    cancelled: count("cancelled"),
  };
}

/** The counters once what earlier cases have left running has ended, or as they are after a while. */
export async function readQuietRuns(context: CaseContext): Promise<Runs> {
  const deadline = performance.now() + quietMsMax;
  for (let asked = 0; ; asked++) {
    const runs = await readRuns(context);
    const isLate = context.observe(`quiet: late after ${asked}`, () => performance.now() > deadline);
    if (runs.live === 0 || isLate) return runs;
    await delay(pollMs, undefined, { signal: context.signal });
  }
}

/** Waits until as many further runs are live. */
export async function expectLive(context: CaseContext, before: Runs, more: number): Promise<void> {
  await expectRuns(context, `${more} more live runs`, ({ live }) => live >= before.live + more);
}

/** Waits until as many runs have been cancelled and none of them is left. */
export async function expectCancelled(context: CaseContext, before: Runs, count = 1): Promise<void> {
  await expectRuns(
    context,
    `${count} cancelled ${count === 1 ? "run" : "runs"} within ${cancelMsMax} ms of the client's leaving`,
    ({ live, cancelled }) => cancelled >= before.cancelled + count && live <= before.live,
  );
}

async function expectRuns(context: CaseContext, expected: string, isMet: (runs: Runs) => boolean): Promise<void> {
  const deadline = performance.now() + cancelMsMax;
  for (let asked = 0; ; asked++) {
    // Read after the deadline too: a slow machine may have spent it on the question. A replay asks as often as its run did.
    const isLast = context.observe(`${expected}: late after ${asked}`, () => performance.now() > deadline);
    const runs = await readRuns(context);
    if (isMet(runs)) return;
    if (isLast) throw new Failure(expected, `the model counts ${JSON.stringify(runs)}`);
    await delay(pollMs, undefined, { signal: context.signal });
  }
}

import type { Context } from "./context.ts";
import { type Figure, low, median, percentile, shuffle } from "./figures.ts";
import { readCpu, type Subject } from "./subject.ts";

export interface Target {
  readonly subject: Subject;
  readonly calls: readonly string[];
}

/** A gateway's code is compiled to its end after 15,000 to 25,000 requests; before, one measures the compiler. */
const warmRequests = 20_000;
const perRound = 500;
const connections = 16;

interface Rounds {
  readonly row: string;
  /** The first is the baseline. */
  readonly targets: readonly [Target, ...Target[]];
  readonly aim: string;
}

/** CPU of all threads for each request: cold (the first 4,000), then warm, round by round in random order. */
export async function measureRequests(context: Context, { row, targets, aim }: Rounds): Promise<Figure[]> {
  const { quick, client } = context;
  const cold = new Map<Target, number[]>(targets.map((target) => [target, []]));
  const warm = new Map<Target, number[]>(targets.map((target) => [target, []]));
  const delays: number[] = [];
  const runRound = async ({ subject, calls }: Target, count = perRound): Promise<number> => {
    const before = readCpu(subject.pid);
    const { url } = subject;
    const { loopDelayMs } = await client.run({ kind: "calls", url, calls, count, connections, awake: true });
    delays.push(loopDelayMs);
    return (readCpu(subject.pid) - before) / count;
  };
  const runRounds = async (times: Map<Target, number[]>, rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++)
      for (const target of shuffle(targets)) times.get(target)?.push(await runRound(target));
  };
  await runRounds(cold, 8);
  for (const target of targets) await runRound(target, (quick ? 4_000 : warmRequests) - 8 * perRound || perRound);
  await runRounds(warm, quick ? 8 : 30);
  const [baseline] = targets;
  const figures = [
    { what: `warm${quick ? " (quick: half warm)" : ""}, p20`, times: warm, toValue: low, aim, compared: true },
    { what: "warm, min", times: warm, toValue: (values: readonly number[]) => Math.min(...values), compared: false },
    { what: "warm, median", times: warm, toValue: median, compared: false },
    { what: "cold, first 4,000, median", times: cold, toValue: median, compared: false },
  ].flatMap(({ times, toValue, ...rest }) =>
    targets.slice(1).map((target) => ({
      ...rest,
      row,
      subject: target.subject.name,
      unit: "µs CPU",
      value: toValue(times.get(target) ?? []),
      against: toValue(times.get(baseline) ?? []),
      better: "lower" as const,
    })),
  );
  return [...figures, toDelay(row, delays)];
}

/** So that a reader sees how far the client itself was in the way. */
export function toDelay(row: string, delays: readonly number[]): Figure {
  const what = "its event loop was late, worst p99 of a round";
  const value = percentile(delays, 1);
  return { row, subject: "client", what, unit: "ms", value, better: "lower", compared: false };
}

import { setTimeout as delay } from "node:timers/promises";
import { type Context, type Row, startGateway, startServer, stopAll } from "../context.ts";
import { unanswered, warmShare } from "../crowd.ts";
import { type Figure, median, percentile } from "../figures.ts";
import { type Client, type Outcome, startClient, toCall, token } from "../load.ts";
import { toDelay } from "../rounds.ts";
import { readCpu, type Subject } from "../subject.ts";

/** Half a second of a model that says 100 tokens a second. */
const answer = "paced-50-10";
/** 6 MB that a client asks for and does not read. */
const long = "burst-400-16";
const short = "whole";
const models = [answer, long, short];

const toModelCall = (model: string, stream: boolean): string => {
  const body = { model: `openclaw/${model}`, stream, messages: [{ role: "user", content: "Go on." }] };
  return toCall(JSON.stringify(body));
};

const stream = toModelCall(answer, true);
const whole = toModelCall(short, false);

/** More than the gateway runs and lets wait, so that it has to refuse. */
const crowdMax = 4_000;
const canaryEveryMs = 50;
/** A canary that is answered in this is well. */
const wellMs = 50;
const settleMs = 6_000;

/**
 * What is left of the gateway under four times what it can do, and beside clients that mean harm; with what its
 * configuration is without a word. The crowd, the canary, the attack and the model are processes of their own, on the same
 * cores: what they take is missing, in both halves of each ratio. Whatever else the machine does is missing in one of them, so
 * it is told too what the gateway has done with each second that it was let run, and how much of them it had.
 */
export const benchOverload: Row = async (context) => {
  const upstream = await startServer("upstream");
  const canary = startClient();
  const attack = startClient();
  const figures: Figure[] = [];
  try {
    for (const candidate of context.candidates) {
      const subject = await startGateway(context, candidate, { upstream, models });
      try {
        figures.push(...(await measure(context, { canary, attack, subject })));
      } finally {
        await stopAll([subject]);
      }
    }
    return figures;
  } finally {
    canary.stop();
    attack.stop();
    await stopAll([upstream]);
  }
};

interface Parts {
  readonly client: Client;
  readonly canary: Client;
  readonly attack: Client;
  readonly subject: Subject;
  readonly seconds: number;
}

interface Try extends Outcome {
  /** Seconds of CPU that the gateway took in each. */
  readonly cores: number;
}

const toRate = ({ times }: Outcome, { seconds }: Parts): number => times.length / (seconds * (1 - warmShare));
const p99 = ({ times }: Pick<Outcome, "times">): number => percentile(times, 0.99);

type Finding = Omit<Figure, "row" | "subject" | "better" | "compared"> & Partial<Figure>;

async function measure({ client, quick }: Context, parts: Omit<Parts, "client" | "seconds">) {
  const all: Parts = { ...parts, client, seconds: quick ? 8 : 16 };
  await crowd(all, stream, undefined, 256);
  const found = [...(await measureFlood(all)), ...(await measureShortFlood(all)), ...(await measureAttack(all))];
  const shared = { row: "overload", subject: parts.subject.name, better: "lower", compared: false } as const;
  return found.map((finding): Figure => ({ ...shared, ...finding }));
}

async function crowd(
  { client, subject: { url, pid }, seconds }: Parts,
  call: string,
  perSecond: number | undefined,
  connections: number,
): Promise<Try> {
  const before = readCpu(pid);
  const began = performance.now();
  const outcome = await client.run({ kind: "crowd", url, calls: [call], perSecond, connections, seconds });
  return { ...outcome, cores: (readCpu(pid) - before) / 1e3 / (performance.now() - began) };
}

function sing({ canary, subject: { url } }: Parts, seconds: number): Promise<Outcome> {
  return canary.run({ kind: "canary", url, calls: [whole], everyMs: canaryEveryMs, seconds });
}

/** Of some tries the best is what it can do: whatever else the machine does takes only away. */
const toBest = (tries: readonly Try[]): Try =>
  tries.reduce((one, other) => (other.times.length > one.times.length ? other : one));

async function measureFlood(parts: Parts): Promise<Finding[]> {
  const peaks: Try[] = [];
  const floods: Try[] = [];
  const meet = async (): Promise<void> => {
    floods.push(await crowd(parts, stream, 4 * toRate(toBest(peaks), parts), crowdMax));
  };
  for (const connections of [128, 256, 384]) peaks.push(await crowd(parts, stream, undefined, connections));
  await meet();
  const afterwards = await sing(parts, 10);
  // In turn, so that what else the machine does is done to both.
  for (const connections of [256, 384]) {
    peaks.push(await crowd(parts, stream, undefined, connections));
    await meet();
  }
  const peak = toBest(peaks);
  const flood = toBest(floods);
  return [
    {
      what: "answered under 4 × the most it can do, to that",
      unit: "runs/s",
      value: toRate(flood, parts),
      against: toRate(peak, parts),
      aim: "≥ 0.8",
      better: "higher",
      compared: true,
    },
    {
      what: "the same, in each second of its CPU",
      unit: "runs",
      value: toRate(flood, parts) / flood.cores,
      against: toRate(peak, parts) / peak.cores,
      better: "higher",
    },
    {
      what: "CPU that it had for it, each second",
      unit: "s",
      value: flood.cores,
      against: peak.cores,
      better: "higher",
    },
    { what: "those answered, p99", unit: "ms", value: p99(flood), against: p99(peak), aim: "≤ 2" },
    { what: "told to come back, p99", unit: "ms", value: percentile(flood.refusals, 0.99), aim: "≤ 50" },
    { what: "told to come back", unit: "calls", value: flood.refusals.length },
    { what: "neither of both", unit: "calls", value: flood.lost, aim: "0" },
    { what: "well again after the crowd is gone", unit: "s", value: toRecovery(afterwards.times), aim: "≤ 5" },
    toDelay(
      "overload",
      [...peaks, ...floods].map(({ loopDelayMs }) => loopDelayMs),
    ),
  ];
}

/**
 * The worst case, which has no aim: a refusal costs a third of the shortest run that there is. What keeps the rate up is
 * that the crowd has no more than `crowdMax` connections, and offers less where the answers take their time.
 */
async function measureShortFlood(parts: Parts): Promise<Finding[]> {
  const peak = await crowd(parts, whole, undefined, 128);
  const flood = await crowd(parts, whole, 4 * toRate(peak, parts), crowdMax);
  return [
    {
      what: "answered so, where runs take no time",
      unit: "runs/s",
      value: toRate(flood, parts),
      against: toRate(peak, parts),
      better: "higher",
    },
  ];
}

async function measureAttack(parts: Parts): Promise<Finding[]> {
  const {
    attack,
    seconds,
    subject: { url },
  } = parts;
  await delay(settleMs);
  const alone = await sing(parts, seconds);
  await attack.run({
    kind: "attack",
    url,
    slow: 500,
    call: whole,
    stopped: 200,
    longCall: toModelCall(long, true),
    wrongPerSecond: 2_000,
    wrongCall: whole.replace(token, "bench-wrong-0123456789abcdef"),
  });
  // What the kernel takes off the gateway's hands until a reader has really stopped it.
  await delay(settleMs);
  const beside = await sing(parts, seconds);
  await attack.run({ kind: "close" });
  return [
    { what: "canary beside an attack, p99", unit: "ms", value: p99(beside), against: p99(alone), aim: "≤ 50 ms" },
    {
      what: "canary beside an attack, p50",
      unit: "ms",
      value: median(beside.times),
      against: median(alone.times),
    },
    { ...toDelay("overload", [beside.loopDelayMs, alone.loopDelayMs]), subject: "canary" },
  ];
}

/** Seconds until the first second in which every call was well. */
function toRecovery(times: readonly number[]): number {
  const inRow = 1_000 / canaryEveryMs;
  let at = 0;
  let count = 0;
  let since = 0;
  for (const ms of times) {
    if (ms > wellMs) count = 0;
    else if (count++ === 0) since = at;
    if (count >= inRow) return since / 1_000;
    at += ms >= unanswered ? canaryEveryMs : Math.max(canaryEveryMs, ms);
  }
  return Number.POSITIVE_INFINITY;
}

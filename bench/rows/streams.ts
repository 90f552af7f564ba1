import { cpus } from "node:os";
import { type Context, type Row, startGateway, startServer, stopAll } from "../context.ts";
import { type Figure, low, median, percentile, shuffle } from "../figures.ts";
import { toCall } from "../load.ts";
import { toDelay } from "../rounds.ts";
import { readCpu, type Subject } from "../subject.ts";

const tokenMs = 50;
const tokens = 160;
const paced = `paced-${tokens}-${tokenMs}`;
const short = "paced-1-0";

interface Measured {
  readonly subject: Subject;
  readonly perToken: number[];
  readonly firstTokens: number[];
  readonly busy: number[];
  readonly delays: number[];
}

const toStream = (model: string): string =>
  toCall(JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Go on." }] }));

/** CPU for each token of 200 streams that say 20 a second. */
export const benchToken: Row = async (context) => {
  const [pipe, ...gateways] = await measure(context, { streams: 200, probes: 0, rounds: context.quick ? 2 : 5 });
  const figures = [
    { what: "200 × 20/s, p20", toValue: low, aim: "≤ 1.7 (aim 1.4)", compared: true },
    { what: "200 × 20/s, median", toValue: median, compared: false },
  ].flatMap(({ toValue, ...rest }) =>
    gateways.map(({ subject, perToken }) => ({
      ...rest,
      row: "token",
      subject: subject.name,
      unit: "µs CPU a token",
      value: toValue(perToken),
      against: toValue(pipe?.perToken ?? []),
      better: "lower" as const,
    })),
  );
  return [
    ...figures,
    toDelay(
      "token",
      [pipe, ...gateways].flatMap((one) => one?.delays ?? []),
    ),
  ];
};

/** Time to the first token while 100 streams run: less than 60 % of the cores, which the row states. */
export const benchFirst: Row = async (context) => {
  const rounds = context.quick ? 1 : 3;
  const measured = await measure(context, { streams: 100, probes: context.quick ? 60 : 100, rounds });
  const [pipe, ...gateways] = measured;
  const figures = gateways.flatMap(({ subject, firstTokens, busy }): Figure[] => {
    const toFigure = (what: string, unit: string, value: number): Figure => {
      return { row: "first", subject: subject.name, what, unit, value, better: "lower", compared: false };
    };
    const at = (share: number): number => percentile(firstTokens, share);
    const pipeAt = (share: number): number => percentile(pipe?.firstTokens ?? [], share);
    return [
      { ...toFigure("p50", "ms", at(0.5)), against: pipeAt(0.5) },
      { ...toFigure("p99", "ms", at(0.99)), against: pipeAt(0.99) },
      toFigure("added to the pipe, p50", "ms", at(0.5) - pipeAt(0.5)),
      { ...toFigure("added to the pipe, p99", "ms", at(0.99) - pipeAt(0.99)), aim: "≤ 8 (aim 3) below 60 % load" },
      toFigure("load of all cores meanwhile", "%", median(busy) * 100),
    ];
  });
  return [
    ...figures,
    toDelay(
      "first",
      measured.flatMap(({ delays }) => delays),
    ),
  ];
};

async function measure(
  context: Context,
  { streams, probes, rounds }: { readonly streams: number; readonly probes: number; readonly rounds: number },
): Promise<Measured[]> {
  const upstream = await startServer("upstream");
  const pipe = await startServer("pipe", upstream.url);
  // Streams that come at once to a process that has just begun are a crowd, of which it would refuse some.
  const options = { upstream, models: [paced, short], loopDelayMs: 0 };
  const gateways = await Promise.all(context.candidates.map((candidate) => startGateway(context, candidate, options)));
  const all = [pipe, ...gateways].map((subject): Measured => {
    return { subject, perToken: [], firstTokens: [], busy: [], delays: [] };
  });
  const runOnce = async ({ subject, perToken, firstTokens, busy, delays }: Measured): Promise<void> => {
    const prefix = subject === pipe ? "" : "openclaw/";
    const before = readCpu(subject.pid);
    const idle = readIdle();
    const outcome = await context.client.run({
      kind: "streams",
      url: subject.url,
      calls: [toStream(prefix + paced)],
      streams,
      probes,
      probe: toStream(prefix + short),
    });
    perToken.push((readCpu(subject.pid) - before) / (streams * tokens));
    const now = readIdle();
    busy.push(1 - (now.idle - idle.idle) / (now.total - idle.total));
    firstTokens.push(...outcome.times);
    delays.push(outcome.loopDelayMs);
  };
  try {
    // 32,000 tokens each to get warm; what they measure is dropped.
    for (const one of all) {
      await runOnce(one);
      for (const list of [one.perToken, one.firstTokens, one.busy, one.delays]) list.length = 0;
    }
    for (let round = 0; round < rounds; round++) for (const one of shuffle(all)) await runOnce(one);
    return all;
  } finally {
    await stopAll([...gateways, pipe, upstream]);
  }
}

function readIdle(): { readonly idle: number; readonly total: number } {
  const times = cpus().map((core) => core.times);
  const idle = times.reduce((sum, core) => sum + core.idle, 0);
  return { idle, total: times.reduce((sum, core) => sum + core.user + core.nice + core.sys + core.irq + core.idle, 0) };
}

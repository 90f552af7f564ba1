import { cpus } from "node:os";
import type { Context, Row } from "../context.ts";
import { type Figure, median, percentile, shuffle } from "../figures.ts";
import { toDelay } from "../rounds.ts";
import type { Subject } from "../subject.ts";
import { startStreamServers } from "./streams.ts";

interface Measured {
  readonly subject: Subject;
  readonly firstTokens: number[];
  readonly busy: number[];
  readonly delays: number[];
}

/** Time to the first token while 100 streams run: less than 60 % of the cores, which the row states. */
export const benchFirst: Row = async (context) => {
  const measured = await measure(context, { probes: context.quick ? 60 : 100, rounds: context.quick ? 1 : 3 });
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
  { probes, rounds }: { readonly probes: number; readonly rounds: number },
): Promise<Measured[]> {
  const { all, toStream, toProbe, stop } = await startStreamServers(context);
  const measured = all.map((subject): Measured => ({ subject, firstTokens: [], busy: [], delays: [] }));
  const runOnce = async ({ subject, firstTokens, busy, delays }: Measured): Promise<void> => {
    const idle = readIdle();
    const [calls, probe] = [[toStream(subject)], toProbe(subject)];
    const outcome = await context.client.run({ kind: "streams", url: subject.url, calls, streams: 100, probes, probe });
    const now = readIdle();
    busy.push(1 - (now.idle - idle.idle) / (now.total - idle.total));
    firstTokens.push(...outcome.times);
    delays.push(outcome.loopDelayMs);
  };
  try {
    // 16,000 tokens each to get warm; what they measure is dropped.
    for (const one of measured) {
      await runOnce(one);
      for (const list of [one.firstTokens, one.busy, one.delays]) list.length = 0;
    }
    for (let round = 0; round < rounds; round++) for (const one of shuffle(measured)) await runOnce(one);
    return measured;
  } finally {
    await stop();
  }
}

function readIdle(): { readonly idle: number; readonly total: number } {
  const times = cpus().map((core) => core.times);
  const idle = times.reduce((sum, core) => sum + core.idle, 0);
  return { idle, total: times.reduce((sum, core) => sum + core.user + core.nice + core.sys + core.irq + core.idle, 0) };
}

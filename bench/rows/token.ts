import type { Row } from "../context.ts";
import { type Figure, shuffle } from "../figures.ts";
import { toDelay } from "../rounds.ts";
import { readCpu, type Subject } from "../subject.ts";
import { startStreamServers, tokens } from "./streams.ts";

const streams = 200;

type Pair = Required<Pick<Figure, "value" | "against">>;

/**
 * CPU for each token of streams that say 20 a second: 200 through a gateway and, at the same time, 200 through the pipe. What
 * a token takes changes from minute to minute, with who else is on the machine and which cores sleep, by more than a gateway
 * does; it changes for both alike.
 */
export const benchToken: Row = async (context) => {
  const { pipe, gateways, toStream, stop } = await startStreamServers(context);
  const delays: number[] = [];
  const runRound = async (gateway: Subject): Promise<Pair> => {
    const both = [gateway, pipe];
    const before = both.map(({ pid }) => readCpu(pid));
    const targets = both.map((subject) => ({ url: subject.url, calls: [toStream(subject)] }));
    const { loopDelayMs } = await context.client.run({ kind: "together", targets, streams });
    delays.push(loopDelayMs);
    const [value = Number.NaN, against = Number.NaN] = both.map(
      ({ pid }, at) => (readCpu(pid) - (before[at] ?? 0)) / (streams * tokens),
    );
    return { value, against };
  };
  try {
    const pairs = new Map(gateways.map((gateway): [Subject, Pair[]] => [gateway, []]));
    // 64,000 tokens each to get warm.
    for (const gateway of [...gateways, ...gateways]) await runRound(gateway);
    for (let round = 0; round < (context.quick ? 3 : 7); round++)
      for (const gateway of shuffle(gateways)) pairs.get(gateway)?.push(await runRound(gateway));
    const figures = gateways.map((gateway): Figure => {
      const what = "200 × 20/s, the round of the median ratio";
      const shared = { row: "token", subject: gateway.name, what, unit: "µs CPU a token" } as const;
      const pair = toMedian(pairs.get(gateway) ?? []);
      return { ...shared, ...pair, aim: "≤ 1.7 (aim 1.4)", better: "lower", compared: true };
    });
    return [...figures, toDelay("token", delays)];
  } finally {
    await stop();
  }
};

function toMedian(pairs: readonly Pair[]): Pair {
  const ordered = pairs.toSorted((one, other) => one.value / one.against - other.value / other.against);
  return ordered[Math.floor(pairs.length / 2)] ?? { value: Number.NaN, against: Number.NaN };
}

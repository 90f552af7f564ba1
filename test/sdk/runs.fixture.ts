import { expect, vi } from "vitest";
import type { SharedGateway } from "../gateway.fixture.ts";
import { isSoon } from "../soon.fixture.ts";

export interface Runs {
  readonly live: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** The counters of the model, without the run that asks for them. */
export async function readRuns({ chat }: SharedGateway): Promise<Runs> {
  const answer = await chat({ model: "openclaw", messages: [{ role: "user", content: "@@runs" }] });
  const { choices } = (await answer.json()) as { choices: [{ message: { content: string } }] };
  return JSON.parse(choices[0].message.content) as Runs;
}

/** Resolves when the model works on this many runs. */
export function waitForLive(gateway: SharedGateway, live: number): Promise<void> {
  return vi.waitFor(async () => expect(await readRuns(gateway)).toMatchObject({ live }), {
    timeout: 60_000,
    interval: 5,
  });
}

/** The operator's counters of runs, by outcome; runs that nobody has closed are `live`. */
export async function readRunMetrics({ gateway }: SharedGateway): Promise<Record<string, number>> {
  const text = await gateway.metrics.toText();
  const lines = text.matchAll(/^clawgate_runs_(?:(live)|total)\{(?:.*outcome="(\w+)",key="\w+"|[^}]*)\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, live, outcome, count]) => [live ?? outcome, Number(count)]));
}

export interface Counted {
  readonly runs: Runs;
  readonly metrics: Record<string, number>;
}

/** What the gateway of the file has counted before this test's run. */
export async function countRuns(gateway: SharedGateway): Promise<Counted> {
  return { runs: await readRuns(gateway), metrics: await readRunMetrics(gateway) };
}

/** The only run beside those that ask must have been cancelled, now or soon. */
export async function expectCancelled(gateway: SharedGateway, { runs, metrics }: Counted): Promise<void> {
  const want = { live: 0, cancelled: runs.cancelled + 1, failed: runs.failed };
  await isSoon(async () => {
    const { live, cancelled } = await readRuns(gateway);
    return live === want.live && cancelled === want.cancelled;
  });
  expect(await readRuns(gateway)).toMatchObject(want);
  expect(await readRunMetrics(gateway)).toMatchObject({ live: 0, cancelled: (metrics["cancelled"] ?? 0) + 1 });
}

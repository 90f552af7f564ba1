import { expect, vi } from "vitest";
import type { TestGateway } from "../gateway.fixture.ts";

/** A client that leaves cancels its run within this time (`Answers` in the requirements). */
export const cancelMs = 200;

export interface Runs {
  readonly live: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** The counters of the model, without the run that asks for them. */
export async function readRuns({ chat }: TestGateway): Promise<Runs> {
  const answer = await chat({ model: "openclaw", messages: [{ role: "user", content: "@@runs" }] });
  const { choices } = (await answer.json()) as { choices: [{ message: { content: string } }] };
  return JSON.parse(choices[0].message.content) as Runs;
}

/** Resolves when the model works on this many runs. */
export function waitForLive(gateway: TestGateway, live: number): Promise<void> {
  return vi.waitFor(async () => expect(await readRuns(gateway)).toMatchObject({ live }), {
    timeout: 5000,
    interval: 5,
  });
}

/** The operator's counters of runs, by outcome; runs that nobody has closed are `live`. */
export async function readRunMetrics({ gateway }: TestGateway): Promise<Record<string, number>> {
  const text = await gateway.metrics.toText();
  const lines = text.matchAll(/^clawgate_runs_(?:(live)|total)\{(?:.*outcome="(\w+)"|[^}]*)\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, live, outcome, count]) => [live ?? outcome, Number(count)]));
}

/** The only run beside those that ask must be cancelled in time, counted from `since` of `performance.now()`. */
export async function expectCancelled(gateway: TestGateway, since: number): Promise<void> {
  const timeout = Math.max(1, since + cancelMs - performance.now());
  const check = async (): Promise<void> => {
    expect(await readRuns(gateway)).toMatchObject({ live: 0, cancelled: 1, failed: 0 });
    expect(await readRunMetrics(gateway)).toMatchObject({ live: 0, cancelled: 1 });
  };
  await vi.waitFor(check, { timeout, interval: 5 });
}

import { expect, test, vi } from "vitest";
import { createLog } from "../base/log.ts";
import type { KeyUse } from "../session/store.ts";
import { createQuotas } from "./quotas.ts";

/** A store that several gateways share, and that may be away. */
function createShared() {
  const totals = new Map<string, number>();
  const shared = {
    away: false,
    async addUse(uses: readonly KeyUse[]): Promise<number[]> {
      if (shared.away) throw new Error("The store is away.");
      return uses.map(({ name, tokens }) => {
        const total = (totals.get(name) ?? 0) + tokens;
        totals.set(name, total);
        return total;
      });
    },
  };
  return shared;
}

function createTestQuotas(store: ReturnType<typeof createShared>) {
  const lines: unknown[] = [];
  const log = createLog("warn", { write: (line) => lines.push(JSON.parse(line)) });
  return { lines, quotas: createQuotas({ store, metrics: { refusedByLimit: () => undefined }, log }) };
}

const limits = { tokensPerDay: 100 };
const left = "x-ratelimit-remaining-tokens";

test("a key keeps its quota under new limits, and one without limits has none", () => {
  const { quotas } = createTestQuotas(createShared());
  const quota = quotas.of("ci", limits);
  quota?.spend(30);
  expect(quotas.of("ci", { tokensPerDay: 50 })).toBe(quota);
  expect(quota?.toHeaders()[left]).toBe(20);
  expect(quotas.of("free", {})).toBeUndefined();
});

test("gateways that share a store share the day's tokens", async () => {
  const store = createShared();
  const [one, other] = [createTestQuotas(store).quotas, createTestQuotas(store).quotas];
  one.of("ci", limits)?.spend(30);
  await one.stop();
  const quota = other.of("ci", limits);
  await other.save();
  expect(quota?.toHeaders()[left]).toBe(70);
  quota?.spend(10);
  await other.stop();
  await one.save();
  expect(one.of("ci", limits)?.toHeaders()[left]).toBe(60);
});

test("what a store did not take is counted all the same, said, and saved when the store is back", async () => {
  const store = createShared();
  const { quotas, lines } = createTestQuotas(store);
  const quota = quotas.of("ci", limits);
  store.away = true;
  quota?.spend(30);
  await quotas.save();
  expect(lines).toEqual([expect.objectContaining({ msg: expect.stringContaining("not saved") })]);
  expect(quota?.toHeaders()[left]).toBe(70);
  store.away = false;
  await quotas.stop();
  expect(await store.addUse([{ name: "ci", day: 0, tokens: 0 }])).toEqual([30]);
});

test("many runs are saved together, soon after the first", async () => {
  vi.useFakeTimers();
  try {
    const store = createShared();
    const saved: number[][] = [];
    const addUse = (uses: readonly KeyUse[]): Promise<number[]> => {
      saved.push(uses.map(({ tokens }) => tokens));
      return store.addUse(uses);
    };
    const { quotas } = createTestQuotas({ ...store, addUse });
    const quota = quotas.of("ci", limits);
    for (let run = 0; run < 20; run++) quota?.spend(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(saved).toEqual([[20]]);
  } finally {
    vi.useRealTimers();
  }
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyQuota } from "./quota.ts";
import { RequestSlices, type SliceRequest, sliceMs, type TakeSlice } from "./request-slices.ts";

const minuteMs = 60_000;

/** Where gateways share what a key may do, and a clock for all. */
function createShared() {
  const time = { now: 0 };
  const network = { isAway: false };
  const asked: SliceRequest[] = [];
  let live: { id: string; count: number; until: number }[] = [];
  const take: TakeSlice = async (request) => {
    const { id, limit, wanted, most, last } = request;
    if (network.isAway) throw new Error("The store is away.");
    asked.push(request);
    const settled = live.find((slice) => slice.id === last?.id);
    if (settled !== undefined) {
      settled.count = last?.used ?? 0;
      settled.until = Math.min(settled.until, time.now + minuteMs);
    }
    live = live.filter(({ count, until }) => count > 0 && until > time.now);
    const sum = (): number => live.reduce((total, { count }) => total + count, 0);
    const given = id === undefined ? 0 : Math.min(most, limit - sum());
    const until = time.now + minuteMs + (given > wanted ? sliceMs : 0);
    if (id !== undefined && given > 0) live.push({ id, count: given, until });
    const ends = live.map((slice) => slice.until - time.now);
    return { given, left: limit - sum(), nextMs: Math.min(...ends, minuteMs), resetMs: Math.max(...ends, 0) };
  };
  let ids = 0;
  const createQuota = (requestsPerMinute: number): KeyQuota => {
    const clock = { steady: () => time.now, wall: () => time.now };
    const slices = new RequestSlices({
      name: "ci",
      take,
      clock,
      createId: () => String((ids += 1)),
      onSpare: () => undefined,
    });
    const quota = new KeyQuota({
      name: "ci",
      clock,
      onRefused: () => undefined,
      onSpent: () => undefined,
      slices,
    });
    quota.limit({ requestsPerMinute });
    return quota;
  };
  return { time, network, asked, createQuota };
}

async function isLetIn(quota: KeyQuota): Promise<boolean> {
  try {
    await quota.takeRequest();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "rate_limit_exceeded" });
    return false;
  }
}

test("several gateways never exceed a limit together in any minute, and alone each of them comes up to it", async () => {
  const step = fc.record({
    gateway: fc.nat(2),
    calls: fc.integer({ min: 1, max: 12 }),
    pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 0, max: 70_000 })),
    givesBack: fc.boolean(),
  });
  const play = fc.asyncProperty(
    fc.array(step, { maxLength: 60 }),
    fc.integer({ min: 1, max: 70 }),
    async (steps, limit) => {
      const { time, createQuota } = createShared();
      const quotas = [createQuota(limit), createQuota(limit), createQuota(limit)];
      const made: number[] = [];
      for (const { gateway, calls, pauseMs, givesBack } of steps) {
        const quota = quotas[gateway];
        if (quota === undefined) continue;
        const letIn = await Promise.all(Array.from({ length: calls }, () => isLetIn(quota)));
        for (const isIn of letIn) if (isIn) made.push(time.now);
        expect(made.filter((at) => at > time.now - minuteMs).length).toBeLessThanOrEqual(limit);
        if (givesBack) await quota.giveBackRequests();
        time.now += pauseMs;
      }
      time.now += minuteMs + sliceMs;
      const alone = await Promise.all(Array.from({ length: limit + 1 }, () => isLetIn(quotas[0] as KeyQuota)));
      expect(alone.filter(Boolean)).toHaveLength(limit);
    },
  );
  await fc.assert(play, { numRuns: 200 });
});

test("a refusal says when the next is possible, and then it is", async () => {
  const { time, createQuota } = createShared();
  const [one, other] = [createQuota(2), createQuota(2)];
  await one.takeRequest();
  time.now = 10_000;
  await other.takeRequest();
  time.now = 20_000;
  await expect(one.takeRequest()).rejects.toMatchObject({ retryAfterSeconds: 40 });
  time.now = 59_999;
  expect(await isLetIn(other)).toBe(false);
  time.now = 60_000;
  expect(await isLetIn(one)).toBe(true);
  expect(await isLetIn(other)).toBe(false);
});

test("what was not made in time is not made later, when others may have been given it", async () => {
  const { time, createQuota } = createShared();
  const [one, other] = [createQuota(100), createQuota(100)];
  await one.takeRequest();
  time.now = minuteMs + sliceMs;
  for (let call = 0; call < 100; call++) expect(await isLetIn(other)).toBe(true);
  expect(await isLetIn(one)).toBe(false);
});

test("those that come at once ask once, and so do those that follow for a tenth of the limit", async () => {
  const { asked, createQuota } = createShared();
  const quota = createQuota(100);
  await Promise.all(Array.from({ length: 7 }, () => isLetIn(quota)));
  expect(asked).toMatchObject([{ wanted: 7, most: 10 }]);
  for (let call = 0; call < 3; call++) expect(quota.takeRequest()).toBeUndefined();
  expect(quota.toHeaders()["x-ratelimit-remaining-requests"]).toBe(90);
  await quota.takeRequest();
  expect(asked).toHaveLength(2);
});

test("while nobody answers a gateway counts for itself, and asks again a while later", async () => {
  const { network, time, asked, createQuota } = createShared();
  const [one, other] = [createQuota(3), createQuota(3)];
  network.isAway = true;
  expect([await isLetIn(one), await isLetIn(one), await isLetIn(one), await isLetIn(one)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  network.isAway = false;
  expect(await isLetIn(other)).toBe(true);
  expect(asked).toHaveLength(1);
  time.now = minuteMs;
  expect(await isLetIn(one)).toBe(true);
  expect(asked).toHaveLength(2);
});

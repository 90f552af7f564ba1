import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyQuota, type Limits, toDay, toDuration } from "./quota.ts";

const dayMs = 86_400_000;

function createQuota(limits: Limits) {
  const time = { steady: 0, wall: 20_000 * dayMs };
  const refused: string[] = [];
  const clock = { steady: () => time.steady, wall: () => time.wall };
  const quota = new KeyQuota({
    name: "ci",
    clock,
    onRefused: (limit) => refused.push(limit),
    onSpent: () => undefined,
  });
  quota.limit(limits);
  return { quota, time, refused };
}

function refusal(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

test.each([
  { ms: 0, want: "0s" },
  { ms: 0.2, want: "1ms" },
  { ms: 12, want: "12ms" },
  { ms: 999.5, want: "1s" },
  { ms: 1000, want: "1s" },
  { ms: 1001, want: "2s" },
  { ms: 60_000, want: "1m0s" },
  { ms: 360_000, want: "6m0s" },
  { ms: 3_600_000, want: "1h0m0s" },
  { ms: 86_399_001, want: "24h0m0s" },
])("$ms ms are $want", ({ ms, want }) => {
  expect(toDuration(ms)).toBe(want);
});

describe("requests", () => {
  test("never exceed the limit in any minute, and are refused only where they would", () => {
    const pauses = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30_000 })), { maxLength: 120 });
    fc.assert(
      fc.property(
        pauses,
        fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 15, max: 40 })),
        (given, limit) => {
          const { quota, time } = createQuota({ requestsPerMinute: limit });
          const taken: number[] = [];
          for (const pause of given) {
            time.steady += pause;
            const since = taken.filter((at) => at > time.steady - 60_000).length;
            expect(quota.toHeaders()["x-ratelimit-remaining-requests"]).toBe(limit - since);
            const error = refusal(() => quota.takeRequest());
            expect(error === undefined).toBe(since < limit);
            if (error === undefined) taken.push(time.steady);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("are possible again when the refusal says so, and not a moment before", () => {
    const { quota, time, refused } = createQuota({ requestsPerMinute: 2 });
    void quota.takeRequest();
    time.steady = 10_500;
    void quota.takeRequest();
    time.steady = 20_000;
    const error = refusal(() => quota.takeRequest());
    expect(error).toMatchObject({
      code: "rate_limit_exceeded",
      retryAfterSeconds: 40,
      headers: {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "51s",
      },
    });
    time.steady = 59_999;
    expect(refusal(() => quota.takeRequest())).toBeDefined();
    time.steady = 60_000;
    expect(refusal(() => quota.takeRequest())).toBeUndefined();
    expect(refused).toEqual(["requestsPerMinute", "requestsPerMinute"]);
  });

  test("keep their order under any limits, one after the other", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (limits) => {
        const { quota, time } = createQuota({});
        let taken: number[] = [];
        for (const requestsPerMinute of limits) {
          quota.limit({ requestsPerMinute });
          taken = taken.slice(-requestsPerMinute);
          for (let count = 0; count < 12; count++) {
            time.steady += 700;
            taken = taken.filter((at) => at > time.steady - 60_000);
            if (refusal(() => quota.takeRequest()) === undefined) taken.push(time.steady);
            expect(quota.toHeaders()["x-ratelimit-remaining-requests"]).toBe(requestsPerMinute - taken.length);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test("that were made count under a new limit too", () => {
    const { quota } = createQuota({ requestsPerMinute: 3 });
    for (let count = 0; count < 3; count++) void quota.takeRequest();
    quota.limit({ requestsPerMinute: 2 });
    expect(refusal(() => quota.takeRequest())).toBeDefined();
    quota.limit({ requestsPerMinute: 5 });
    expect(quota.toHeaders()["x-ratelimit-remaining-requests"]).toBe(3);
    quota.limit({});
    expect(quota.toHeaders()).toEqual({});
    expect(refusal(() => quota.takeRequest())).toBeUndefined();
  });
});

test("runs at once are bounded, and one that ends twice makes room once", () => {
  const { quota, refused } = createQuota({ runsMax: 2 });
  const [end] = [quota.beginRun(), quota.beginRun()];
  expect(refusal(() => quota.beginRun())).toMatchObject({ code: "rate_limit_exceeded" });
  end?.();
  end?.();
  quota.beginRun();
  expect(refusal(() => quota.beginRun())).toBeDefined();
  expect(refused).toEqual(["runsMax", "runsMax"]);
});

describe("tokens", () => {
  test("of a day are refused when they are spent, until the next day in UTC", () => {
    const { quota, time } = createQuota({ tokensPerDay: 100 });
    time.wall += dayMs - 5000;
    quota.beginRun();
    quota.spend(99);
    quota.beginRun();
    quota.spend(50);
    expect(refusal(() => quota.beginRun())).toMatchObject({
      code: "insufficient_quota",
      retry: false,
      headers: { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "5s", "retry-after": "60" },
    });
    time.wall += 5000;
    quota.beginRun();
    expect(quota.toHeaders()["x-ratelimit-remaining-tokens"]).toBe(100);
  });

  test("that others have spent count, and so do those since they were told", () => {
    const { quota, time } = createQuota({ tokensPerDay: 100 });
    const day = toDay(time.wall);
    quota.spend(10);
    const taken = quota.takeUnsaved();
    expect(taken).toEqual({ day, tokens: 10 });
    quota.spend(5);
    quota.learn({ day, tokens: 40 });
    expect(quota.toHeaders()["x-ratelimit-remaining-tokens"]).toBe(55);
    expect(quota.takeUnsaved().tokens).toBe(5);
  });

  test("that could not be saved are saved later; those of a day that is over are not", () => {
    const { quota, time } = createQuota({ tokensPerDay: 100 });
    quota.spend(10);
    quota.giveBack(quota.takeUnsaved());
    expect(quota.takeUnsaved().tokens).toBe(10);
    quota.spend(7);
    const taken = quota.takeUnsaved();
    time.wall += dayMs;
    quota.spend(1);
    quota.giveBack(taken);
    quota.learn({ day: taken.day, tokens: 90 });
    expect(quota.takeUnsaved().tokens).toBe(1);
    expect(quota.toHeaders()["x-ratelimit-remaining-tokens"]).toBe(99);
  });

  test("do not come back when the clock is set back over midnight", () => {
    const { quota, time } = createQuota({ tokensPerDay: 10 });
    quota.spend(10);
    time.wall -= dayMs;
    expect(refusal(() => quota.beginRun())).toMatchObject({ code: "insufficient_quota" });
  });

  test("are those of the real day again when a clock is set right that was years ahead", () => {
    const { quota, time } = createQuota({ tokensPerDay: 10 });
    time.wall += 3650 * dayMs;
    quota.spend(10);
    expect(refusal(() => quota.beginRun())).toMatchObject({ code: "insufficient_quota" });
    time.wall -= 3650 * dayMs;
    quota.beginRun();
    quota.spend(4);
    expect(quota.takeUnsaved()).toEqual({ day: toDay(time.wall), tokens: 4 });
    expect(quota.toHeaders()).toMatchObject({ "x-ratelimit-remaining-tokens": 6 });
  });

  test("are counted no further than numbers are exact", () => {
    const { quota, time } = createQuota({ tokensPerDay: 10 });
    const most = Number.MAX_SAFE_INTEGER;
    quota.spend(most);
    quota.spend(most);
    const taken = quota.takeUnsaved();
    expect(taken.tokens).toBe(most);
    quota.spend(1);
    quota.giveBack(taken);
    quota.learn({ day: toDay(time.wall), tokens: most });
    expect(quota.takeUnsaved().tokens).toBe(most);
  });
});

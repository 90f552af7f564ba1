import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { Durations } from "./durations.ts";

const config = { name: "taken_seconds", help: "Time.", labelNames: ["what"], buckets: [0.1, 0.5, 2.5] };

test("says what prom-client's own histogram says of the same times", async () => {
  const times = fc.array(
    fc.record({ what: fc.constantFrom("one", "other"), seconds: fc.double({ min: 0, max: 9, noNaN: true }) }),
  );
  await fc.assert(
    fc.asyncProperty(times, async (observed) => {
      const [own, theirs] = [new Registry(), new Registry()];
      const durations = new Durations({ ...config, registers: [own] });
      const histogram = new Histogram({ ...config, registers: [theirs] });
      const series = new Map<string, ReturnType<typeof durations.begin>>();
      for (const { what, seconds } of observed) {
        if (!series.has(what)) series.set(what, durations.begin({ what }));
        series.get(what)?.observe(seconds);
        histogram.observe({ what }, seconds);
      }
      expect(await own.metrics()).toBe(await theirs.metrics());
      expect((await own.getMetricsAsJSON())[0]?.values).toEqual(
        (await theirs.getMetricsAsJSON())[0]?.values.map((value) => expect.objectContaining({ value: value.value })),
      );
    }),
    { numRuns: 50, examples: [[[0, 0.1, 0.5, 2.5, 3].map((seconds) => ({ what: "one", seconds }))]] },
  );
});

import { expect, test } from "vitest";
import { createReloadRequests } from "./reload-requests.ts";

/** A gateway whose readings end when the test says so. */
function start() {
  const readings: PromiseWithResolvers<string>[] = [];
  const told: string[] = [];
  const ending = new AbortController();
  const reload = (): Promise<string> => {
    const reading = Promise.withResolvers<string>();
    readings.push(reading);
    return reading.promise;
  };
  const ask = createReloadRequests({ reload, tell: (outcome) => void told.push(outcome), ending: ending.signal });
  const end = async (index: number, outcome: string): Promise<void> => {
    readings[index]?.resolve(outcome);
    await new Promise(setImmediate);
  };
  return { ask, end, told, readings, ending };
}

test("whoever asks while the configuration is read is told of the reading after that, which comes once", async () => {
  const { ask, end, told, readings } = start();
  ask();
  ask();
  ask();
  expect(readings).toHaveLength(1);
  await end(0, "good");
  expect({ told, count: readings.length }).toEqual({ told: [], count: 2 });
  await end(1, "broken");
  expect({ told, count: readings.length }).toEqual({ told: ["broken"], count: 2 });
  ask();
  await end(2, "mended");
  expect(told).toEqual(["broken", "mended"]);
});

test("a gateway that ends reads no more", async () => {
  const { ask, end, told, readings, ending } = start();
  ask();
  ask();
  ending.abort();
  await end(0, "good");
  ask();
  await end(1, "never");
  expect({ told, count: readings.length }).toEqual({ told: [], count: 1 });
});

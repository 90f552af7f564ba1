import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { hold, liveRuns, say, untilLive } from "../talk.fixture.ts";

const slots = 16;
const places = 256;
const config = { gateway: { runs: { max: slots, queueMax: places } } };

test("where all slots and places are taken, the next call is refused in less than 50 ms and is no run", async () => {
  const gateway = await startTestGateway({ config });
  const held = await Promise.all(Array.from({ length: slots }, () => hold(gateway)));
  const waiting = Array.from({ length: places }, (_, call) => say(gateway, `@@echo ${call}`));
  await untilLive(gateway, slots + places);
  const times: number[] = [];
  for (let call = 0; call < 10; call++) {
    const start = performance.now();
    const { status, error } = await say(gateway, "hi");
    times.push(performance.now() - start);
    expect({ status, code: error?.code }).toEqual({ status: 503, code: "overloaded" });
  }
  // The fastest: the machine may have something else to do, ten times it has not.
  expect(Math.min(...times)).toBeLessThan(50);
  expect(await liveRuns(gateway)).toBe(slots + places);
  for (const { leave } of held) await leave();
  expect((await Promise.all(waiting)).map(({ text }) => Number(text))).toEqual(waiting.map((_, call) => call));
});

test("nine who send one call each are not kept back by one who sends a thousand", async () => {
  const gateway = await startTestGateway({ config });
  const held = await Promise.all(Array.from({ length: slots }, () => hold(gateway)));
  const ended: string[] = [];
  let refused = 0;
  const call = async (name: string, body: object): Promise<void> => {
    const { status } = await say(gateway, "@@delay 20ms\n@@echo done", { body });
    if (status === 200) ended.push(name);
    else refused++;
  };
  const crowd = Array.from({ length: 1_000 }, () => call("crowd", {}));
  await expect.poll(() => refused).toBe(1_000 - places);
  const nine = Array.from({ length: 9 }, (_, index) => call("nine", { user: `user-${index}` }));
  // Each takes the place of one of the crowd.
  await expect.poll(() => refused).toBe(1_000 - places + 9);
  for (const { leave } of held) await leave();
  await Promise.all([...crowd, ...nine]);
  expect(ended.filter((name) => name === "nine")).toHaveLength(9);
  expect(ended).toHaveLength(places);
  // All ten have their turn before the crowd has its second; what begins with them may end before them.
  expect(ended.lastIndexOf("nine")).toBeLessThan(2 * slots);
});

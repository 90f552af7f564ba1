import fc from "fast-check";
import { expect, test } from "vitest";
import { playHttp } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { hostileLists, hostileToolLists } from "../hostile.fixture.ts";
import {
  ask,
  brief,
  hostileBodies,
  isWithin,
  type Measured,
  startWatched,
  type WatchedGateway,
} from "../stall.fixture.ts";

// test/wire/stall.test.ts, for longer and with larger bodies. SEED repeats a run.

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const triesMax = 4;

async function expectNoStall({ measure }: WatchedGateway, body: object, stillMsMax: number): Promise<void> {
  let measured: Measured = { status: 0, ms: Infinity };
  for (let tried = 0; tried < triesMax && measured.ms > stillMsMax; tried += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    measured = await measure(body);
  }
  const what = `seed ${seed}: ${brief(body)}`;
  expect([200, 400], what).toContain(measured.status);
  expect(measured.ms, what).toBeLessThan(stillMsMax);
}

test("no schema, tools or history of a megabyte holds the event loop for more than 50 ms", async () => {
  const gateway = await startWatched();
  await fc.assert(
    fc.asyncProperty(hostileLists(1_000_000), async (bodies) => {
      fc.pre(bodies.every((body) => isWithin(body, 2_000_000)));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for (const body of bodies) await expectNoStall(gateway, body, 50);
    }),
    { numRuns: 200, seed, endOnFailure: true },
  );
});

test("no list of a tool server, of a megabyte, makes a call hold the event loop for more than 50 ms", async () => {
  const agents = {
    defaults: { model: "embedded/assistant" },
    list: [{ id: "main", default: true, tools: { many: ["*"] } }],
  };
  await fc.assert(
    fc.asyncProperty(hostileToolLists(1_000_000), async (tools) => {
      const many = await playHttp({ tools }, "json");
      const gateway = await startWatched({ mcp: { servers: { many } }, agents });
      await expectNoStall(gateway, ask("call the first tool with p1"), 50);
    }),
    { numRuns: 12, seed, endOnFailure: true },
  );
});

test.each<[units: number, stillMsMax: number, runs: number]>([
  [1_000_000, 50, 200],
  // To parse a legal body of ten megabytes takes as long as that takes.
  [10_000_000, 150, 60],
])("no body of %i bytes holds the event loop for more than %i ms", async (units, stillMsMax, runs) => {
  const gateway = await startWatched();
  await fc.assert(
    fc.asyncProperty(hostileBodies(units), async (body) => {
      fc.pre(isWithin(body, 2 * units));
      await expectNoStall(gateway, body, stillMsMax);
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
});

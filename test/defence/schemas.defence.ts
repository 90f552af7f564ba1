import { expect, test } from "vitest";
import { ask, askFor, list, named } from "../stall.fixture.ts";
import { exchange, toRequest } from "../wire/socket.fixture.ts";
import { startWatched } from "./watched.fixture.ts";

const part = { $ref: "#/$defs/part" };
const tool = (properties: object): object => ({
  type: "function",
  function: { name: "find", parameters: { properties } },
});

/** Ten times what held the event loop for seconds. */
const bodies: readonly object[] = [
  askFor({
    properties: named(4_000, () => part),
    $defs: { part: { type: "string", minLength: 999_999, pattern: "[ab]".repeat(2_400) } },
  }),
  askFor({ properties: { p: { allOf: [{ enum: list(49_000, (at) => at) }, { enum: list(49_000, (at) => -at) }] } } }),
  ask("find", { tools: [tool(named(49_000, () => ({ type: "string" })))] }),
  askFor({
    type: "array",
    minItems: 10_000,
    uniqueItems: true,
    items: { properties: named(180, () => ({ type: "integer" })), required: list(180, (at) => `p${at}`) },
  }),
];

test("dear schemas, from ten clients at once and again and again, stop nobody", async () => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const until = performance.now() + 10_000;
  const ended = list(10, async (at) => {
    for (let turn = at; performance.now() < until; turn++) {
      const body = JSON.stringify(bodies[turn % bodies.length]);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { status } = await exchange(gateway.port, toRequest({ body, headers: { connection: "close" } }));
      expect([200, 400, 503]).toContain(status);
    }
  });
  await Promise.all(ended);
  const seen = await over();
  console.log(`schemas: ${JSON.stringify(seen)}`);
  expect(seen.residentMax).toBeLessThan(300);
  // Each of ten bodies may hold the loop for fifty, and a busy machine doubles that.
  expect(seen.lifeWorkMsMax).toBeLessThan(1200);
});

import { expect, test } from "vitest";
import { ask, askFor, list, named } from "../stall.fixture.ts";
import { exchange, toRequest } from "../wire/socket.fixture.ts";
import { startWatched } from "./watched.fixture.ts";

const part = { $ref: "#/$defs/part" };
const tool = (properties: object): object => ({
  type: "function",
  function: { name: "find", parameters: { properties } },
});

/** 839 bytes that held the event loop for a second. */
const small = askFor({
  type: "array",
  minItems: 1_000,
  uniqueItems: true,
  items: { properties: named(18, () => ({ type: "integer" })), required: list(18, (at) => `p${at}`) },
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

test.for<[what: string, clients: number, asked: readonly object[]]>([
  ["ten times what held the loop, from ten clients", 10, bodies],
  ["what held the loop, small as it is, from eighty clients", 80, [small]],
])("%s at once, again and again, stop nobody", async ([what, clients, asked]) => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const until = performance.now() + 10_000;
  const ended = list(clients, async (at) => {
    for (let turn = at; performance.now() < until; turn++) {
      const body = JSON.stringify(asked[turn % asked.length]);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { status } = await exchange(gateway.port, toRequest({ body, headers: { connection: "close" } }));
      expect([200, 400, 429, 503]).toContain(status);
    }
  });
  await Promise.all(ended);
  const seen = await over();
  console.log(`${what}: ${JSON.stringify(seen)}`);
  // Thirty are live, however many clients there are; most of the rest is V8's young generation, which bin/clawgate.mjs bounds.
  expect(seen.residentMax).toBeLessThan(300);
  expect(seen.lifeWorkMsMax).toBeLessThan(250);
});

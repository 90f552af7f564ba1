import fc from "fast-check";
import { expect, test } from "vitest";
import { playHttp } from "../../src/tool/mcp/scripted-server.fixture.ts";
import {
  ask,
  askFor,
  brief,
  hostileBodies,
  list,
  type Measured,
  named,
  startWatched,
  type WatchedGateway,
} from "../stall.fixture.ts";

// No request may stall the others: whatever works through a schema, a pattern, a list or a text that a client or a tool
// server chose has a budget of work. test/defence/ has the same for longer, and with ten times the sizes.

/** How long the loop may stand still. */
const stillMsMax = 50;
const triesMax = 4;

/** What a busy machine does to a measurement it does not do again and again. */
async function expectNoStall({ measure }: WatchedGateway, body: object, what: string): Promise<void> {
  let measured: Measured = { status: 0, ms: Infinity };
  for (let tried = 0; tried < triesMax && measured.ms > stillMsMax; tried += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    measured = await measure(body);
    expect([200, 400], what).toContain(measured.status);
  }
  expect(measured.ms, what).toBeLessThan(stillMsMax);
}

const part = { $ref: "#/$defs/part" };
const known: readonly [what: string, body: object][] = [
  [
    "a pattern that is written again and again",
    askFor({
      properties: named(400, () => part),
      $defs: { part: { type: "string", minLength: 99_999, pattern: "[ab]".repeat(240) } },
    }),
  ],
  [
    "enums to join",
    askFor({ allOf: [{ enum: list(40_000, (at) => `a${at}`) }, { enum: list(40_000, (at) => `b${at}`) }] }),
  ],
  [
    "a tool of many parameters, by its name",
    ask("find", {
      tools: [
        {
          type: "function",
          function: { name: "find", parameters: { properties: named(10_000, () => ({ type: "string" })) } },
        },
      ],
    }),
  ],
  [
    "unique objects",
    askFor({
      type: "array",
      minItems: 1_000,
      uniqueItems: true,
      items: { properties: named(18, () => ({ type: "integer" })), required: list(18, (at) => `p${at}`) },
    }),
  ],
  [
    "an enum and a long text",
    askFor(
      { properties: named(400, () => part), $defs: { part: { enum: list(2_000, (at) => `${"y".repeat(50)}${at}`) } } },
      "y".repeat(500_000),
    ),
  ],
  [
    "2,000 messages",
    {
      model: "openclaw",
      messages: list(2_000, (at) => ({ role: "user", content: `${at} ${"lorem ipsum ".repeat(80)}` })),
    },
  ],
];

test("no schema, tool, history or text holds the event loop for more than 50 ms", async () => {
  const gateway = await startWatched();
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const [what, body] of known) await expectNoStall(gateway, body, what);
  await fc.assert(
    fc.asyncProperty(hostileBodies(400_000), async (body) => {
      await expectNoStall(gateway, body, brief(body));
    }),
    // Always the same ones: others are for `npm run test:defence`.
    { numRuns: 30, seed: 1, endOnFailure: true },
  );
});

test("a tool server with thousands of tools delays no call", async () => {
  const wide = {
    name: "wide",
    inputSchema: { type: "object", properties: named(150_000, () => ({ description: "lorem ipsum ".repeat(12) })) },
  };
  const server = await playHttp({ tools: [wide, ...list(10_000, (at) => ({ name: `tool${at}` }))] }, "json");
  const gateway = await startWatched({
    mcp: { servers: { many: server } },
    agents: {
      defaults: { model: "embedded/assistant" },
      list: [{ id: "main", default: true, tools: { many: ["*"] } }],
    },
  });
  await expectNoStall(gateway, ask("hi"), "a call");
});

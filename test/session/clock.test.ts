import { join } from "node:path";
import { expect, test } from "vitest";
import { createPlace, usual } from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { runProcess, startProcess } from "../process.fixture.ts";
import { say } from "../talk.fixture.ts";

const hourMs = 3_600_000;
const clock = join(import.meta.dirname, "clock.fixture.ts");
const config = { ...usual, sessions: { lane: { waitMs: 300 } } };

test.each([
  ["forward", hourMs],
  ["back", -hourMs],
])("a run keeps its session from a command beside it after the clock was set %s", async (_, aheadMs) => {
  const place = createPlace({ config, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
  const gateway = await startProcess(place);
  const said = say(gateway, "@@delay 4s\n@@echo said", { headers: { "x-openclaw-session-key": "k" } });
  await expect.poll(() => gateway.chat({ model: "openclaw", messages: [] }).then(({ status }) => status)).toBe(400);
  const environment = {
    ...place.environment,
    NODE_OPTIONS: `--import=${clock}`,
    CLOCK_AHEAD_MS: String(aheadMs),
  };
  const args = ["agent", "--local", "--session-key", "agent:main:k", "--message", "@@echo stolen"];
  const { status, notes } = await runProcess({ ...place, environment }, args);
  expect({ status, notes }).toMatchObject({ status: 1, notes: expect.stringContaining("busy") as string });
  expect(await said).toMatchObject({ status: 200, text: "said" });
});

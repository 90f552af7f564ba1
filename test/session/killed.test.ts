import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSqliteStore } from "../../src/session/sqlite/sqlite-store.ts";
import { createPlace, usual } from "../command.fixture.ts";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { startProcess } from "../process.fixture.ts";
import { hold, say, seen, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };

/** Far below the time that a lease lasts, and enough for a machine that is busy. */
const soonMs = 1_000;

test("a session whose gateway was killed within a turn is free at once, and not a moment before", async () => {
  const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
  const { stateFolder } = place;
  const killed = await startProcess(place);
  await say(killed, "@@echo before", ada);
  await Promise.all([hold(killed, ada), hold(killed, { body: { user: "bob" } })]);

  const other = await createSqliteStore({ path: join(stateFolder, "sessions.sqlite") });
  const openBob = () => other.open("agent:main:openai-user:bob", 1_000);
  expect(await openBob()).toBeUndefined();
  killed.process.kill("SIGKILL");
  await once(killed.process, "exit");
  // Freed for a store that was there all the time,
  expect(await openBob()).toMatchObject({ messages: [] });
  await other.close();

  // and for a gateway that starts on what the dead one has left.
  const next = await startTestGateway({ stateFolder });
  const began = performance.now();
  expect(await seen(next, ada)).toEqual(["user: @@echo before", "assistant: before", "user: @@messages"]);
  expect(performance.now() - began).toBeLessThan(soonMs);
  await next.stop();
  expect(readdirSync(stateFolder).filter((name) => name.startsWith("sessions"))).toEqual([
    "sessions.sqlite",
    "sessions.sqlite-kept",
  ]);
});

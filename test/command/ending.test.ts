import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPlace, type Place, usual } from "../command.fixture.ts";
import { start } from "../process.fixture.ts";
import { countRows } from "../rows.fixture.ts";

/** However `agent` ends, the next call of its session shall not have to wait for a lease to expire. */
function assertFree({ stateFolder }: Place): void {
  expect(countRows(stateFolder)).toEqual({ sessions: 0, messages: 0, leases: 0 });
}

test("SIGTERM ends `agent` with status 1 while its run goes on", async () => {
  const place = createPlace({ config: usual });
  const { process: child, ended } = start(place, ["agent", "-m", "@@echo begun\n@@hang"]);
  child.stdout?.once("data", () => child.kill("SIGTERM"));
  expect(await ended).toMatchObject({ status: 1, notes: expect.stringContaining("cancelled") as string });
  assertFree(place);
});

test("SIGTERM ends `agent` with status 1 while it reads its message", async () => {
  const place = createPlace({ config: usual });
  const { process: child, ended } = start(place, ["agent", "-m", "-"]);
  // By the time that the store is there, signals are listened to, and the message is all that is missing.
  const isReady = (): boolean => existsSync(join(place.stateFolder, "sessions.sqlite"));
  await expect.poll(isReady, { interval: 10, timeout: 20_000 }).toBe(true);
  child.kill("SIGTERM");
  expect((await ended).status).toBe(1);
  assertFree(place);
});

test("SIGTERM ends `conformance` at once, and what its servers no longer answer is no finding", async () => {
  const { process: child, ended } = start(createPlace(), ["conformance", "self-test", "--only", "SS"]);
  child.stdout?.once("data", () => child.kill("SIGTERM"));
  const { status, output } = await ended;
  expect(status).toBe(1);
  expect(output).toMatch(/^ok {4}/);
  expect(output).not.toMatch(/FAIL|passed/);
});

test("a reader that stops reading is no failure: the run is finished and kept", async () => {
  const place = createPlace({ config: usual });
  // More than a pipe holds.
  const { process: child, ended } = start(place, ["agent", "--local", "-m", "@@count 100000"]);
  child.stdout?.once("data", () => child.stdout?.destroy());
  expect(await ended).toMatchObject({ status: 0, notes: "" });
  expect(countRows(place.stateFolder)).toEqual({ sessions: 1, messages: 2, leases: 0 });
});

test("a gateway whose log nobody reads any more serves, and ends when it is told to", async () => {
  const place = createPlace({ config: usual });
  const { process: child, ended } = start(place, ["gateway"]);
  child.stdout?.once("data", () => {
    child.stderr?.destroy();
    child.kill("SIGTERM");
  });
  expect(await ended).toMatchObject({ status: 0 });
});

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { programs, startServer } from "../postgres.fixture.ts";
import { ask, detach, findRun, readEvents, readSome, toEvents, toRunId, toText } from "../runs/runs.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

// A server of the test's own, which is stopped and started under two gateways: on disk is what was told.

/** As its package stops it, and as a crash does. */
const ends = ["SIGINT", "SIGQUIT"] as const;

let folder: string;
let started: Awaited<ReturnType<typeof startServer>>;
let gateways: readonly [TestGateway, TestGateway];

const startDatabase = async (): Promise<void> => void (started = await startServer(folder, { durable: true }));

async function stopDatabase(signal: NodeJS.Signals): Promise<void> {
  const { server } = started;
  const ended = once(server, "exit");
  server.kill(signal);
  await ended;
}

function startGateway(): Promise<TestGateway> {
  const postgres = { url: started.url, connections: 4 };
  return startTestGateway({ config: { sessions: { store: { postgres } } }, expectErrors: true });
}

const untilReady = (status: number): Promise<unknown> =>
  vi.waitUntil(
    async () => {
      const answers = await Promise.all(gateways.map((gateway) => gateway.request("/readyz")));
      return answers.every((answer) => answer.status === status);
    },
    { interval: 50, timeout: 15_000 },
  );

describe.skipIf(programs === undefined).each(ends)("a database server that is stopped by %s and started", (signal) => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pg-"));
  });

  beforeEach(async () => {
    await startDatabase();
    gateways = [await startGateway(), await startGateway()];
  });

  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await stopDatabase("SIGINT");
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("in between costs nobody a turn, and gateways serve again by themselves", async () => {
    const [a, b] = gateways;
    const ada: Ask = { body: { user: "ada" } };
    const said: string[] = [];
    for (const [index, gateway] of [a, b, a, b].entries()) {
      const { text } = await say(gateway, `@@echo ${index}`, ada);
      expect(text).toBe(String(index));
      said.push(`user: @@echo ${index}`, `assistant: ${index}`);
    }
    await stopDatabase(signal);
    await untilReady(503);
    const lost = await say(a, "@@echo lost", ada);
    expect([lost.status, lost.error?.code]).toEqual([503, "storage_unavailable"]);
    for (const gateway of gateways) {
      expect((await gateway.request("/healthz")).status).toBe(200);
      expect((await say(gateway, "@@echo here")).text).toBe("here");
    }
    await startDatabase();
    await untilReady(200);
    expect(await seen(b, ada)).toEqual([...said, "user: @@messages"]);
  });

  test("under a run that goes on ends it or lets it go on, and whoever reads it elsewhere finds no gap", async () => {
    const [a, b] = gateways;
    const words = Array.from({ length: 100 }, (_, index) => `word${index}`).join(" ");
    const run = await a.chat(...ask("@@words 100 delay=20ms", { body: { stream: true }, headers: detach }));
    const id = toRunId(run);
    const seenHere = await readSome(run, 10);
    const reading = b.request(`/v1/runs/${id}/events`);
    await stopDatabase(signal);
    await startDatabase();
    await untilReady(200);
    const { state } = await vi.waitUntil(
      async () => {
        const found = await findRun(b, id);
        return found.state !== "running" && found;
      },
      { interval: 50, timeout: 15_000 },
    );
    const whole = await readEvents(b, id);
    // Its writes are sent again for a while, which a busy machine may take to start the server.
    if (state === "completed") expect(toText(whole)).toBe(words);
    else expect(whole.at(-1)?.data).toMatch(/storage_unavailable|run_interrupted/);
    const told = [seenHere, toEvents(await (await reading).text()), whole].map((events) =>
      events.filter((event) => event.id !== undefined),
    );
    const longest = told.toSorted((one, other) => other.length - one.length)[0];
    for (const events of told) expect(events).toEqual(longest?.slice(0, events.length));
    expect(words.startsWith(toText(longest ?? []))).toBe(true);
  });
});

import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { isSoon } from "../soon.fixture.ts";
import { readStream, readWhole, startStream, toPayloads } from "./events.fixture.ts";
import { openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

interface Runs {
  readonly live: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** How the embedded model has seen its runs so far. */
async function readRuns({ port }: TestGateway): Promise<Runs> {
  return JSON.parse(await readWhole(port, "@@runs")) as Runs;
}

/** Resolves when the model has been told that its one run is over. */
async function expectCancelled(gateway: TestGateway, leave: () => void): Promise<void> {
  await expect.poll(async () => (await readRuns(gateway)).live, { interval: 5 }).toBe(1);
  const before = await readRuns(gateway);
  leave();
  expect(await isSoon(async () => (await readRuns(gateway)).live === 0)).toBe(true);
  const after = await readRuns(gateway);
  expect(after).toMatchObject({ cancelled: before.cancelled + 1, failed: before.failed });
  await expect
    .poll(() => readMetric(gateway, /^clawgate_runs_total\{.*outcome="cancelled",key="operator"\} (\d+)$/m))
    .toBe(1);
}

test.for<[when: string, say: string, stream: boolean]>([
  ["between two words of a stream", "@@words 1000 delay=50ms", true],
  ["while the model thinks, before the first word", "@@think 60s", true],
  ["before the model has accepted the call", "@@delay 60s", true],
  ["while a whole answer is made", "@@words 1000 delay=50ms", false],
  ["while the model thinks about a whole answer", "@@think 60s", false],
  ["while the model hangs", "@@hang", true],
  ["from a session", "@@hang", false],
])("a client that leaves %s ends its run", async ([when, say, stream]) => {
  const gateway = await startTestGateway();
  const wire = await openSocket(gateway.port);
  const fields = { stream, ...(when === "from a session" ? { user: "ada" } : {}) };
  wire.send(toRequest({ body: toChatBody(say, fields) }));
  await expectCancelled(gateway, () => void wire.socket.destroy());
  expect(gateway.log.filter(({ level }) => level !== 30)).toEqual([]);
});

test("a client that resets the connection ends its run too", async () => {
  const gateway = await startTestGateway();
  const wire = await startStream(gateway.port, "@@words 1000 delay=50ms");
  await wire.readHead();
  await expectCancelled(gateway, () => void wire.socket.resetAndDestroy());
});

test("a turn that its client left is not kept, and the session goes on", async () => {
  const gateway = await startTestGateway();
  const wire = await startStream(gateway.port, "@@words 1000 delay=50ms", { user: "ada" });
  await expectCancelled(gateway, () => void wire.socket.destroy());
  const { body } = await readStream(gateway.port, "@@messages", { user: "ada" });
  expect(body.toString()).not.toContain("@@words");
  expect(toPayloads(body).at(-1)).toBe("[DONE]");
});

test("a stream that is refused before its first event gives its session back", async () => {
  const gateway = await startTestGateway({ config: { sessions: { lane: { waitMs: 1000 } } } });
  for (const say of ["@@fail", "@@nonsense", "@@fail code=rate_limit_exceeded"]) {
    const wire = await startStream(gateway.port, say, { user: "ada" });
    expect((await wire.read()).status).toBeGreaterThanOrEqual(400);
    expect((await readStream(gateway.port, "@@echo ok", { user: "ada" })).head.status).toBe(200);
  }
  expect(await readLive(gateway)).toBe(0);
});

test("a client that waits for its session and leaves never runs", async () => {
  const gateway = await startTestGateway();
  const first = await startStream(gateway.port, "@@hang", { user: "ada" });
  await expect.poll(async () => (await readRuns(gateway)).live).toBe(1);
  const second = await startStream(gateway.port, "@@echo never", { user: "ada" });
  await expect.poll(() => readLive(gateway)).toBe(2);
  second.socket.destroy();
  await expect.poll(() => readLive(gateway)).toBe(1);
  first.socket.destroy();
  await expect.poll(() => readLive(gateway)).toBe(0);
  expect(await readRuns(gateway)).toMatchObject({ live: 0, cancelled: 1, failed: 0 });
  expect((await readStream(gateway.port, "@@messages", { user: "ada" })).body.toString()).not.toContain("never");
});

/** Runs as the gateway counts them: those that wait for their session are in it. */
function readLive(gateway: TestGateway): Promise<number> {
  return readMetric(gateway, /^clawgate_runs_live\{.*\} (\d+)$/m);
}

async function readMetric({ gateway }: TestGateway, line: RegExp): Promise<number> {
  return Number(line.exec(await gateway.metrics.toText())?.[1] ?? 0);
}

test("a client that closes as soon as it has read [DONE] is none that left", async () => {
  const gateway = await startTestGateway();
  for (let call = 0; call < 20; call++) {
    const wire = await startStream(gateway.port, "@@count 20");
    const head = await wire.readHead();
    for await (const { bytes } of wire.readBody(head)) if (bytes.includes("[DONE]")) break;
    wire.socket.destroy();
  }
  await expect.poll(async () => (await readRuns(gateway)).completed).toBeGreaterThanOrEqual(20);
  expect(await readRuns(gateway)).toMatchObject({ live: 0, failed: 0, cancelled: 0 });
  expect(await gateway.gateway.metrics.toText()).not.toContain('outcome="cancelled"');
});

test("fifty clients that leave at any moment leave nothing behind", async () => {
  const gateway = await startTestGateway();
  const leave = async (index: number): Promise<void> => {
    const stream = index % 2 === 0;
    const wire = await startStream(gateway.port, "@@words 10000 delay=50ms", { stream });
    if (stream && index % 3 === 0) await wire.readHead();
    wire.socket.destroy();
  };
  await Promise.all(Array.from({ length: 50 }, (_, index) => leave(index)));
  await expect.poll(() => readLive(gateway)).toBe(0);
  expect(await readRuns(gateway)).toMatchObject({ live: 0, failed: 0 });
});

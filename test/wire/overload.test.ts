import { describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { toKeyConfig, withKey } from "../keys.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { type Ask, type Held, hold, liveRuns, say, untilLive, type Talk } from "../talk.fixture.ts";
import { openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

const bounds = (runs: object): { config: object } => ({ config: { gateway: { runs } } });
const user = (name: string): object => ({ body: { user: name } });

async function readMetric({ gateway }: Pick<TestGateway, "gateway">, name: string): Promise<number> {
  const line = (await gateway.metrics.toText()).split("\n").find((text) => text.startsWith(`${name} `));
  return Number(line?.split(" ")[1] ?? 0);
}

async function untilWaiting(gateway: TestGateway, count: number): Promise<void> {
  await expect.poll(() => readMetric(gateway, "clawgate_runs_waiting"), { interval: 5 }).toBe(count);
}

const refused = (gateway: TestGateway, reason: string): Promise<number> =>
  readMetric(gateway, `clawgate_runs_refused_total{reason="${reason}"}`);

function expectOverloaded({ status, error, headers }: Talk): void {
  expect({ status, code: error?.code, type: error?.type }).toEqual({
    status: 503,
    code: "overloaded",
    type: "server_error",
  });
  expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(30);
  expect(headers.has("x-should-retry")).toBe(false);
}

/** Takes every slot, and lets calls wait one after the other; `ended` has their names in the order in which they end. */
async function crowd(
  gateway: TestGateway,
  slots: number,
  waiting: readonly (readonly [name: string, ask: Ask, key?: string])[],
) {
  const held: Held[] = [];
  for (let slot = 0; slot < slots; slot++) held.push(await hold(gateway));
  const ended: string[] = [];
  const talks: Promise<Talk>[] = [];
  for (const [name, ask, key] of waiting) {
    const talk = say(key === undefined ? gateway : withKey(gateway, key), `@@echo ${name}`, ask);
    talks.push(talk);
    void talk.then(({ text, status }) => ended.push(status === 200 ? text : String(status)));
    await untilWaiting(gateway, talks.length);
  }
  const leave = async (): Promise<void> => {
    for (const { leave: free } of held) await free();
  };
  return { talks, ended, leave };
}

describe("where every slot is taken", () => {
  test("calls wait, one more than may wait is 503 and no run, and those that wait are answered", async () => {
    const gateway = await startTestGateway(bounds({ max: 2, queueMax: 3 }));
    const { talks, leave } = await crowd(gateway, 2, [
      ["a", {}],
      ["b", { body: { stream: true } }],
      ["c", {}],
    ]);
    for (const stream of [false, true]) expectOverloaded(await say(gateway, "hi", { body: { stream } }));
    expect(await liveRuns(gateway)).toBe(5);
    expect(await refused(gateway, "queue_full")).toBe(2);
    expect((await gateway.request("/readyz")).status).toBe(200);
    await leave();
    expect((await Promise.all(talks)).map(({ text }) => text)).toEqual(["a", "b", "c"]);
    await untilLive(gateway, 0);
    expect(await readMetric(gateway, "clawgate_runs_waiting")).toBe(0);
    // Each slot that was taken is free again.
    const again = await Promise.all(["d", "e"].map(() => hold(gateway)));
    for (const held of again) await held.leave();
  });

  test("a call is refused before its body has come where no body could let it in", async () => {
    const gateway = await startTestGateway(bounds({ max: 1, queueMax: 2 }));
    const { leave } = await crowd(gateway, 1, [
      ["a", user("a")],
      ["b", user("b")],
    ]);
    const request = toRequest({ body: toChatBody("hi") }).toString("latin1");
    const wire = await openSocket(gateway.port);
    wire.send(request.slice(0, request.indexOf("\r\n\r\n") + 4));
    expect(await wire.read()).toMatchObject({ status: 503 });
    const token = await gateway.fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body: "{}" });
    expect(token.status).toBe(401);
    await leave();
  });

  test("a crowd that is refused leaves a bounded number of lines, whose sum is all of them", async () => {
    const gateway = await startTestGateway(bounds({ max: 1, queueMax: 0 }));
    const { leave } = await hold(gateway);
    const wire = await openSocket(gateway.port);
    const request = toRequest({ body: toChatBody("hi") });
    for (let call = 0; call < 600; call++) wire.send(request);
    for (let call = 0; call < 600; call++) expect(await wire.read()).toMatchObject({ status: 503 });
    expect(await refused(gateway, "queue_full")).toBe(600);
    await leave();
    await gateway.stop();
    const lines = gateway.log.filter(({ msg, code }) => msg === "request" && code === "overloaded");
    expect(lines.length).toBeGreaterThanOrEqual(200);
    expect(lines.length).toBeLessThan(400);
    const missed = gateway.log.reduce((sum, { requests }) => sum + Number(requests ?? 0), 0);
    expect(lines.length + missed).toBe(600);
  });

  test("a call that waits too long is 503", async () => {
    const gateway = await startTestGateway(bounds({ max: 1, waitMs: 100 }));
    const { leave } = await hold(gateway);
    for (const stream of [false, true])
      expectOverloaded(await say(gateway, "hi", { body: { stream, user: String(stream) } }));
    expect(await refused(gateway, "wait_too_long")).toBe(2);
    await leave();
    await untilLive(gateway, 0);
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 0, messages: 0, leases: 0 });
  });

  test("a client that leaves while it waits never has a run", async () => {
    // Longer than anybody looks: its place is free because it has left.
    const gateway = await startTestGateway(bounds({ max: 1, queueMax: 2, waitMs: 600_000 }));
    const { leave } = await hold(gateway);
    const wire = await openSocket(gateway.port);
    wire.send(toRequest({ body: toChatBody("@@echo gone", { user: "gone" }) }));
    await untilWaiting(gateway, 1);
    wire.socket.destroy();
    await untilWaiting(gateway, 0);
    await leave();
    await untilLive(gateway, 0);
    const { text } = await say(gateway, "@@runs");
    expect(JSON.parse(text)).toMatchObject({ started: 1, live: 0 });
    expect(readRows(gateway.stateFolder, "agent:main:openai-user:gone")).toEqual([]);
  });
});

describe("fairness", () => {
  test("calls that wait for their session take no slot from others", async () => {
    const gateway = await startTestGateway(bounds({ max: 2, queueMax: 0 }));
    const { leave } = await hold(gateway, user("ada"));
    const waiting = ["1", "2", "3"].map((name) => say(gateway, `@@echo ${name}`, user("ada")));
    await untilLive(gateway, 4);
    expect((await say(gateway, "@@echo here", user("bob"))).text).toBe("here");
    await leave();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("sessions take turns with a crowd that came before them", async () => {
    const gateway = await startTestGateway(bounds({ max: 1, queueMax: 8 }));
    const { talks, ended, leave } = await crowd(gateway, 1, [
      ["crowd1", {}],
      ["crowd2", {}],
      ["crowd3", {}],
      ["ada", user("ada")],
      ["bob", user("bob")],
    ]);
    await leave();
    await Promise.all(talks);
    expect(ended).toEqual(["crowd1", "ada", "bob", "crowd2", "crowd3"]);
  });

  test("keys take turns, however many sessions one of them has", async () => {
    const keys = { ...toKeyConfig("crowd"), ...toKeyConfig("other") };
    const gateway = await startTestGateway({ config: { gateway: { auth: { keys }, runs: { max: 1, queueMax: 3 } } } });
    const { talks, ended, leave } = await crowd(gateway, 1, [
      ["crowd1", user("a"), "crowd"],
      ["crowd2", user("b"), "crowd"],
      ["crowd3", user("c"), "crowd"],
    ]);
    const other = say(withKey(gateway, "other"), "@@echo other");
    void other.then(({ text }) => ended.push(text));
    await expect.poll(() => ended).toEqual(["503"]);
    await leave();
    await Promise.all([...talks, other]);
    expect(ended).toEqual(["503", "crowd1", "other", "crowd2"]);
  });

  test("calls without a session take turns by the addresses that they come from", async () => {
    const config = { gateway: { trustedProxies: ["127.0.0.1"], runs: { max: 1, queueMax: 8 } } };
    const gateway = await startTestGateway({ config });
    const from = (address: string): Ask => ({ headers: { "x-forwarded-for": address } });
    const { talks, ended, leave } = await crowd(gateway, 1, [
      ["crowd1", from("192.0.2.1")],
      ["crowd2", from("192.0.2.1")],
      ["other", from("192.0.2.2")],
    ]);
    await leave();
    await Promise.all(talks);
    expect(ended).toEqual(["crowd1", "other", "crowd2"]);
  });

  test("where the queue is full, the last of the crowd gives way to a session", async () => {
    const gateway = await startTestGateway(bounds({ max: 1, queueMax: 3 }));
    const { talks, ended, leave } = await crowd(gateway, 1, [
      ["crowd1", {}],
      ["crowd2", {}],
      ["crowd3", {}],
    ]);
    const ada = say(gateway, "@@echo ada", user("ada"));
    await expect.poll(() => ended).toEqual(["503"]);
    expectOverloaded(await (talks[2] ?? ada));
    expect(await refused(gateway, "displaced")).toBe(1);
    await leave();
    expect((await ada).text).toBe("ada");
    await Promise.all(talks);
    expect(ended).toEqual(["503", "crowd1", "crowd2"]);
  });
});

describe("while the event loop is late", () => {
  /** Works, and lets nothing else happen in this process. */
  const block = (ms: number): void => {
    const start = process.threadCpuUsage();
    for (let worked = 0; worked < ms * 1_000;) {
      const spent = process.threadCpuUsage(start);
      worked = spent.user + spent.system;
    }
  };

  test("runs are refused and it is not ready, life is told, and it comes back by itself", async () => {
    const gateway = await startTestGateway({ config: { gateway: { limits: { loopDelayMs: 100 } } } });
    const ready = async (): Promise<number> => (await gateway.request("/readyz")).status;
    await expect.poll(() => readMetric(gateway, "clawgate_loop_delay_seconds_count")).toBeGreaterThan(0);
    await expect.poll(ready).toBe(200);
    const told: number[] = [];
    for (let round = 0; round < 3; round++) {
      block(220);
      told.push(await ready());
      expectOverloaded(await say(gateway, "hi"));
      expect((await gateway.request("/healthz")).status).toBe(200);
      expect((await gateway.request("/v1/models")).status).toBe(200);
    }
    expect(told).toEqual([503, 503, 503]);
    const body = (await (await gateway.request("/readyz")).json()) as object;
    expect(body).toMatchObject({ error: { code: "overloaded" } });
    await expect.poll(async () => (await say(gateway, "@@echo back")).text).toBe("back");
    expect(await refused(gateway, "loop_delay")).toBeGreaterThanOrEqual(3);
    expect(await readMetric(gateway, "clawgate_loop_delay_seconds_sum")).toBeGreaterThan(0.3);
  });

  test("a process that was not let run is not late", async () => {
    const gateway = await startTestGateway({ config: { gateway: { limits: { loopDelayMs: 100 } } } });
    await expect.poll(() => readMetric(gateway, "clawgate_loop_delay_seconds_count")).toBeGreaterThan(0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    expect((await say(gateway, "@@echo on")).text).toBe("on");
  });

  test("nothing is refused where it is switched off", async () => {
    const gateway = await startTestGateway({ config: { gateway: { limits: { loopDelayMs: 0 } } } });
    block(220);
    expect((await say(gateway, "@@echo on")).text).toBe("on");
  });
});

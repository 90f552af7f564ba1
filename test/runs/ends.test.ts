import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createPlace, usual } from "../command.fixture.ts";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { startProcess } from "../process.fixture.ts";
import { seen } from "../talk.fixture.ts";
import {
  ask,
  codeOf,
  detach,
  findRun,
  type Gateway,
  readEvents,
  readSome,
  toEvents,
  toRunId,
  toText,
} from "./runs.fixture.ts";

const keyed = { ...detach, "idempotency-key": "once" };
const user = { body: { user: "ada" } };

function toErrorCode(data: string | undefined): string | undefined {
  return (JSON.parse(data ?? "{}") as { error?: { code: string } }).error?.code;
}

test("a run whose gateway is killed is interrupted, keeps what was stored, and is not run again for its key", async () => {
  const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
  const killed = await startProcess(place);
  const content = "@@words 2000 delay=5ms";
  const response = await killed.chat(...ask(content, { body: { stream: true, ...user.body }, headers: keyed }));
  const id = toRunId(response);
  const before = await readSome(response, 100);
  killed.process.kill("SIGKILL");
  await once(killed.process, "exit");

  const next = await startTestGateway({ stateFolder: place.stateFolder });
  const run = await findRun(next, id);
  expect(run).toMatchObject({ state: "interrupted", error: { code: "run_interrupted" }, completion: null });
  const events = await readEvents(next, id);
  // What a reader has seen may be one batch ahead of what is stored; what is stored is what was said.
  expect(events.length).toBeGreaterThan(50);
  expect(events.slice(0, Math.min(events.length - 1, before.length))).toEqual(before.slice(0, events.length - 1));
  expect(toErrorCode(events.at(-1)?.data)).toBe("run_interrupted");
  for (const _ of [1, 2]) {
    const again = await next.chat(...ask(content, { body: { stream: true, ...user.body }, headers: keyed }));
    expect([toRunId(again), again.headers.get("idempotency-replayed")]).toEqual([id, "true"]);
    const said = await again.text();
    expect(said).toContain("run_interrupted");
  }
  expect(await seen(next, user)).toEqual(["user: @@messages"]);
});

describe("a gateway that stops", () => {
  const begin = async (gateway: Gateway, content: string): Promise<string> => {
    const response = await gateway.chat(...ask(content, { body: { stream: true, ...user.body }, headers: keyed }));
    await readSome(response, 2);
    return toRunId(response);
  };

  test("lets a detached run that nobody listens to end", async () => {
    const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-ends-"));
    onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
    const first = await startTestGateway({ stateFolder, config: { gateway: { drainMs: 15_000 } } });
    const id = await begin(first, "@@words 60 delay=10ms");
    await first.stop();
    const next = await startTestGateway({ stateFolder });
    expect((await findRun(next, id)).state).toBe("completed");
    expect(toText(await readEvents(next, id))).toMatch(/^word0 .* word59$/);
    expect(await seen(next, user)).toHaveLength(3);
  });

  test("interrupts one that takes longer than it waits, and says so to whoever listens", async () => {
    const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-ends-"));
    onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
    const first = await startTestGateway({ stateFolder, config: { gateway: { drainMs: 200 } } });
    const id = await begin(first, "@@echo a\n@@hang");
    const listening = await first.request(`/v1/runs/${id}/events`);
    const began = performance.now();
    await first.stop();
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(["shutting_down", "run_interrupted"]).toContain(toErrorCode(toEvents(await listening.text()).at(-1)?.data));
    const next = await startTestGateway({ stateFolder });
    expect((await findRun(next, id)).state).toBe("interrupted");
    expect(toErrorCode((await readEvents(next, id)).at(-1)?.data)).toBe("run_interrupted");
    expect(await seen(next, user)).toEqual(["user: @@messages"]);
  });
});

test("a run goes on under the configuration that it began with, and is found under the next", async () => {
  const gateway = await startTestGateway();
  const response = await gateway.chat(...ask("@@words 60 delay=10ms", { body: { stream: true }, headers: keyed }));
  const id = toRunId(response);
  await readSome(response, 2);
  await gateway.reload({ agents: { list: [{ id: "other", default: true }] } });
  expect((await findRun(gateway, id)).state).toBe("running");
  expect(toText(await readEvents(gateway, id))).toMatch(/^word0 .* word59$/);
});

test("what a run has said goes when it is old, and a reader that comes too late is told so", async () => {
  const gateway = await startTestGateway({ config: { gateway: { runs: { log: { max: 1 } } } } });
  const response = await gateway.chat(...ask("@@echo a", { headers: keyed }));
  await response.text();
  const id = toRunId(response);
  await (await gateway.chat(...ask("@@echo b", { headers: detach }))).text();
  await expect.poll(async () => (await findRun(gateway, id)).expired, { interval: 50, timeout: 10_000 }).toBe(true);
  expect(await findRun(gateway, id)).toMatchObject({ state: "completed", completion: null, error: null });
  expect(await codeOf(await gateway.request(`/v1/runs/${id}/events`))).toEqual([410, "run_expired"]);
  const again = await gateway.chat(...ask("@@echo another", { headers: keyed }));
  expect(again.headers.get("idempotency-replayed")).toBeNull();
});

test("without the endpoint of runs a run cannot be detached, and a key works all the same", async () => {
  const gateway = await startTestGateway({
    config: { gateway: { http: { endpoints: { runs: { enabled: false } } } } },
  });
  expect(await codeOf(await gateway.chat(...ask("@@echo a", { headers: detach })))).toEqual([400, "unsupported_value"]);
  expect(await codeOf(await gateway.request("/v1/runs"))).toEqual([404, "not_found"]);
  const headers = { "idempotency-key": "k" };
  const texts = [1, 2].map(async () => (await gateway.chat(...ask("@@echo a", { headers }))).text());
  const [one, other] = await Promise.all(texts);
  expect(one).toBe(other);
});

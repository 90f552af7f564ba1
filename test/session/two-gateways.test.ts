import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { startDatabaseProxy } from "../database-proxy.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";
import { hold, say, seen, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };

interface Gateways {
  readonly a: TestGateway;
  readonly b: TestGateway;
  readonly edit: Awaited<ReturnType<typeof createTestSchema>>["edit"];
}

/** A gateway on this database. */
function start(postgres: object, more: object = {}): Promise<TestGateway> {
  return startTestGateway({
    config: {
      gateway: { http: { endpoints: { sessions: { enabled: true } } } },
      sessions: { store: { postgres: { connections: 4, ...postgres } } },
    },
    ...more,
  });
}

async function startTwo(): Promise<Gateways> {
  const { url, schema, edit, remove } = await createTestSchema();
  onEnd(remove);
  return { a: await start({ url, schema }), b: await start({ url, schema }), edit };
}

describe.skipIf(programs === undefined)("two gateways on one database", () => {
  test("go on with each other's sessions, list them and delete them", async () => {
    const { a, b } = await startTwo();
    expect((await say(a, "@@echo one", ada)).text).toBe("one");
    expect((await say(b, "@@echo two", ada)).text).toBe("two");
    const want = ["user: @@echo one", "assistant: one", "user: @@echo two", "assistant: two", "user: @@messages"];
    expect(await seen(a, ada)).toEqual(want);
    const path = `/v1/sessions/${encodeURIComponent("agent:main:openai-user:ada")}`;
    expect((await (await b.request("/v1/sessions")).json()) as object).toMatchObject({
      data: [{ id: "agent:main:openai-user:ada" }],
    });
    expect((await b.request(path, { method: "DELETE" })).status).toBe(200);
    expect(await seen(a, ada)).toEqual(["user: @@messages"]);
  });

  test("run one call of a session at a time, in the order in which they came, and none sees half a turn", async () => {
    const { a, b } = await startTwo();
    const { leave } = await hold(a, ada);
    const names = Array.from({ length: 10 }, (_, index) => String(index));
    const answers = [];
    for (const [index, name] of names.entries()) {
      answers.push(say([a, b][index % 2] ?? a, `@@messages ${name}`, ada));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await leave();
    const views = (await Promise.all(answers)).map(({ text, error }) => {
      expect(error).toBeUndefined();
      return (JSON.parse(text) as { role: string; content: string }[]).filter(({ role }) => role === "user");
    });
    expect(views.map((view) => view.map(({ content }) => content))).toEqual(
      names.map((_, index) => names.slice(0, index + 1).map((name) => `@@messages ${name}`)),
    );
  });

  test("hand a session over when one of them stops", async () => {
    const { a, b } = await startTwo();
    await say(a, "@@echo one", ada);
    await hold(a, ada);
    const waiting = seen(b, ada);
    await a.stop();
    expect(await waiting).toEqual(["user: @@echo one", "assistant: one", "user: @@messages"]);
  });

  test("run a call once that was answered elsewhere, while the first of them could not reach the database and did not see it given up", async () => {
    const { url, schema, remove } = await createTestSchema();
    onEnd(remove);
    const proxy = await startDatabaseProxy(url);
    const [a, b] = [await start({ url: proxy.url, schema }), await start({ url, schema })];
    await say(a, "@@echo zero", ada);
    proxy.hold();
    const first = say(a, "@@echo one", ada);
    await vi.waitUntil(() => proxy.keeps("openai-user:ada"), { interval: 5 });
    // As soon as an SDK may ask again.
    await delay(375);
    const second = await say(b, "@@echo one", { ...ada, headers: { "x-stainless-retry-count": "1" } });
    proxy.release();
    expect([second, await first].map(({ text, headers }) => [text, headers.get("x-clawgate-replayed")])).toEqual([
      ["one", null],
      ["one", "true"],
    ]);
    const told = ["zero", "one"].flatMap((word) => [`user: @@echo ${word}`, `assistant: ${word}`]);
    expect(await seen(b, ada)).toEqual([...told, "user: @@messages"]);
  });

  test("answer 503 while there is no database, are alive, and serve again by themselves", async () => {
    const { url, schema, remove } = await createTestSchema();
    onEnd(remove);
    const proxy = await startDatabaseProxy(url);
    const gateway = await start({ url: proxy.url, schema }, { expectErrors: true });
    await say(gateway, "@@echo one", ada);
    expect((await gateway.request("/readyz")).status).toBe(200);
    proxy.refuse();
    const { status, error, headers } = await say(gateway, "@@echo lost", ada);
    expect({ status, code: error?.code }).toEqual({ status: 503, code: "storage_unavailable" });
    expect(headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
    await vi.waitUntil(async () => (await gateway.request("/readyz")).status === 503, {
      interval: 50,
      timeout: 10_000,
    });
    expect((await gateway.request("/healthz")).status).toBe(200);
    // Whoever wants no session is served all the time.
    expect((await say(gateway, "@@echo here")).text).toBe("here");
    proxy.mend();
    await vi.waitUntil(async () => (await gateway.request("/readyz")).status === 200, {
      interval: 50,
      timeout: 10_000,
    });
    expect(await seen(gateway, ada)).toEqual(["user: @@echo one", "assistant: one", "user: @@messages"]);
  });
});

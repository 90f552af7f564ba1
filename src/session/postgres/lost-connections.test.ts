import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { startDatabaseProxy } from "../../../test/database-proxy.fixture.ts";
import { programs } from "../../../test/postgres.fixture.ts";
import { begin, mustFind, toAdmission, toBatch, toEnd } from "../runs.fixture.ts";
import { addTurn, answer, leaseMs, mustOpen, user } from "../turns.fixture.ts";
import { createTestStores } from "./stores.fixture.ts";

/** Far more than one takes, on a machine that is busy too. */
const statementMs = 3_000;
const unavailable = { code: "storage_unavailable", retryAfterSeconds: 2 };

/** A store behind a proxy, and one beside it that sees what is there. */
async function setUp() {
  const stores = await createTestStores();
  const proxy = await startDatabaseProxy(stores.url);
  return { stores, proxy, store: await stores.connect({ url: proxy.url, statementMs }), other: await stores.connect() };
}

describe.skipIf(programs === undefined)("a connection that is lost", () => {
  test("between two statements costs nothing", async () => {
    const { stores, store } = await setUp();
    for (let turn = 0; turn < 10; turn++) {
      const { lease, messages } = await mustOpen(store, "k");
      await stores.edit(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()",
        [`%"${stores.schema}".%`],
      );
      await store.commit(lease, { keep: messages.length, append: [user(String(turn))] });
    }
    expect((await store.read("k")).messages).toHaveLength(10);
  });

  test("before the answer to a commit is no second turn, and no lost one", async () => {
    const { proxy, store, other } = await setUp();
    for (let turn = 1; turn <= 5; turn++) {
      const { lease, messages } = await mustOpen(store, "k");
      proxy.loseAnswerOf("commit 2");
      await store.commit(lease, { keep: messages.length, append: [user("a"), answer("b")] });
      expect(await other.read("k")).toMatchObject({ revision: turn, messages: { length: 2 * turn } });
    }
  });

  test("before the answer to an opening is no lease that nobody gives back", async () => {
    const { proxy, store, other } = await setUp();
    await addTurn(store, "k", [user("1")]);
    proxy.loseAnswerOf("take");
    const { lease, messages } = await mustOpen(store, "k");
    expect(messages).toEqual([user("1")]);
    expect(await other.open("k", leaseMs)).toBeUndefined();
    await store.release(lease);
    await mustOpen(other, "k");
  });

  test("before the answer to what is written of a run is no event twice, and no second run", async () => {
    const { proxy, store, other } = await setUp();
    const key = { text: "k", requestHash: "h" };
    proxy.loseAnswerOf("admit");
    const hold = await begin(store.runs, { key });
    proxy.loseAnswerOf("append 2");
    expect(await store.runs.append(hold, toBatch(1, "1", "2"), true)).toBe(true);
    proxy.loseAnswerOf("append 2");
    expect(await store.runs.append(hold, toBatch(3, "3", "4"), true)).toBe(true);
    proxy.loseAnswerOf("finish 1");
    expect(await store.runs.finish(hold, toEnd(5, { batch: toBatch(5, "5") }))).toBe(true);
    expect(await other.runs.events(hold.id, 0, 10)).toEqual({ events: ["1", "2", "3", "4", "5"], hasMore: false });
    expect(await other.runs.admit(toAdmission({ key }))).toMatchObject({ kind: "found", run: { id: hold.id } });
    expect((await other.runs.list({ limit: 10 })).items).toHaveLength(1);
  });

  test("and found again after a second costs a pause, and no turn", async () => {
    const { proxy, store, other } = await setUp();
    const { lease } = await mustOpen(store, "k");
    proxy.refuse();
    const committed = store.commit(lease, { keep: 0, append: [user("1")] });
    await delay(1_000);
    proxy.mend();
    await committed;
    expect((await other.read("k")).messages).toEqual([user("1")]);
  });

  test("and not found again is told at once, with when to come back, and ends by itself", async () => {
    const { proxy, store, other } = await setUp();
    await addTurn(store, "k", [user("1")]);
    const { lease } = await mustOpen(store, "k");
    proxy.refuse();
    const began = performance.now();
    const asked = [
      store.read("k"),
      store.open("x", leaseMs),
      store.commit(lease, { keep: 1, append: [] }),
      store.check(),
    ];
    for (const { status, reason } of (await Promise.allSettled(asked)) as { status: string; reason?: unknown }[])
      expect({ status, reason }).toMatchObject({ status: "rejected", reason: unavailable });
    expect(performance.now() - began).toBeLessThan(statementMs);
    proxy.mend();
    await vi.waitFor(() => store.check(), { timeout: 5_000, interval: 50 });
    // The lease was nobody else's meanwhile.
    await store.commit(lease, { keep: 1, append: [user("2")] });
    expect((await other.read("k")).messages).toEqual([user("1"), user("2")]);
  });

  test("without anybody being told so keeps no store from closing", async () => {
    const { proxy, store } = await setUp();
    await addTurn(store, "k", [user("1")]);
    store.runs.watch(() => undefined);
    proxy.stall();
    await store.close();
    await expect(store.read("k")).rejects.toMatchObject({ code: "storage_unavailable" });
  });

  test("without anybody being told so is given up in time", async () => {
    const { proxy, store } = await setUp();
    await addTurn(store, "k", [user("1")]);
    proxy.stall();
    await expect(store.read("k")).rejects.toMatchObject(unavailable);
    proxy.mend();
    proxy.cut();
    expect((await store.read("k")).messages).toEqual([user("1")]);
  });
});

describe.skipIf(programs === undefined)("a holder that the database has not heard of", () => {
  test("has lost its run, whoever looks, and its key stays where it is", async () => {
    const stores = await createTestStores();
    const [a, b] = [await stores.connect(), await stores.connect()];
    const key = { text: "k", requestHash: "h" };
    const hold = await begin(a.runs, { key });
    await a.runs.append(hold, toBatch(1, "1"), true);
    expect(await mustFind(b.runs, hold.id)).toMatchObject({ state: "running" });
    await stores.edit("UPDATE holder SET until = 1");
    expect(await b.runs.admit(toAdmission({ key }))).toMatchObject({ kind: "found", run: { state: "interrupted" } });
    expect(await a.runs.append(hold, toBatch(2, "2"), true)).toBe(false);
    const { lease } = await mustOpen(a, "s");
    const turn = { keep: 0, append: [user("1")], run: { hold, end: toEnd(2) } };
    await expect(a.commit(lease, turn)).rejects.toMatchObject({ code: "session_busy" });
    expect(await b.read("s")).toMatchObject({ messages: [] });
  });
});

test.skipIf(programs === undefined)(
  "other stores hear of what is written of a run, and the writer does not",
  async () => {
    const stores = await createTestStores();
    const [a, b] = [await stores.connect(), await stores.connect()];
    const heard: Record<string, string[]> = { a: [], b: [] };
    for (const [name, store] of [
      ["a", a],
      ["b", b],
    ] as const)
      store.runs.watch((id) => heard[name]?.push(id));
    const hold = await begin(a.runs);
    for (let seq = 1; heard["b"]?.length === 0; seq++) {
      await a.runs.append(hold, toBatch(seq, "1"), true);
      await delay(10);
    }
    expect(new Set(heard["b"])).toEqual(new Set([hold.id]));
    expect(heard["a"]).toEqual([]);
    await b.runs.cancel(hold.id);
    await vi.waitUntil(() => heard["a"]?.includes(hold.id));
  },
);

import { describe, expect, test } from "vitest";
import { defineRunEventTests } from "./run-events.suite.ts";
import { defineRunKeyTests } from "./run-keys.suite.ts";
import { begin, mustFind, toBatch, toEnd } from "./runs.fixture.ts";
import type { RunQuery, RunStore } from "./run-store.ts";
import type { SessionStore } from "./store.ts";
import { mustOpen, user } from "./turns.fixture.ts";

type Connect = () => Promise<SessionStore>;

/** The part of the store contract that is about runs; `connect` gives another store on the same runs. */
export function defineRunTests(connect: Connect): void {
  describe("a run", () => {
    defineLifeTests(connect);
    defineHolderTests(connect);
    defineTurnTests(connect);
  });
  describe("the list of runs", () => {
    defineListTests(connect);
  });
  describe("the events of a run", () => {
    defineRunEventTests(connect);
  });
  describe("a run with a key", () => {
    defineRunKeyTests(connect);
  });
}

function defineLifeTests(connect: Connect): void {
  test("is found by every store, from its admission to its end", async () => {
    const [a, b] = [(await connect()).runs, (await connect()).runs];
    const before = Date.now();
    const hold = await begin(a, { principal: "ci", namespace: "key:ci:", detached: false });
    const queued = await mustFind(b, hold.id);
    const given = {
      principal: "ci",
      namespace: "key:ci:",
      agentId: "main",
      sessionKey: "agent:main:a",
      detached: false,
    };
    expect(queued).toMatchObject({ ...given, id: hold.id, form: '{"a":"\\u0000"}', state: "queued", lastSeq: 0 });
    const unset = ["startedAt", "endedAt", "usage", "error", "answer"] as const;
    expect(unset.filter((name) => queued[name] !== undefined)).toEqual([]);
    expect(queued.expired).toBe(false);
    expect(queued.createdAt).toBeGreaterThanOrEqual(before - 1000);
    expect(await a.append(hold, toBatch(1, "1"), false)).toBe(true);
    expect(await mustFind(b, hold.id)).toMatchObject({ state: "queued", lastSeq: 1, startedAt: undefined });
    expect(await a.append(hold, toBatch(2, "2", "3"), true)).toBe(true);
    const running = await mustFind(b, hold.id);
    expect(running).toMatchObject({ state: "running", lastSeq: 3, endedAt: undefined });
    expect(running.startedAt).toBeGreaterThanOrEqual(running.createdAt);
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    expect(await a.finish(hold, toEnd(4, { batch: toBatch(4, "4"), usage }))).toBe(true);
    const ended = await mustFind(b, hold.id);
    expect(ended).toMatchObject({ state: "completed", lastSeq: 4, usage, answer: '"done"', error: undefined });
    expect(ended.endedAt).toBeGreaterThanOrEqual(running.startedAt ?? Number.NaN);
    expect(ended.startedAt).toBe(running.startedAt);
    expect(await b.find("run_0")).toBeUndefined();
  });

  test("ends once: nothing can be written after it", async () => {
    const { runs } = await connect();
    const hold = await begin(runs);
    const error = '{"code":"x"}';
    expect(await runs.finish(hold, { state: "failed", begun: false, batch: toBatch(1), error })).toBe(true);
    expect(await runs.append(hold, toBatch(1, "1"), true)).toBe(false);
    expect(await runs.finish(hold, toEnd(1))).toBe(false);
    expect(await mustFind(runs, hold.id)).toMatchObject({ state: "failed", error, answer: undefined, lastSeq: 0 });
    expect((await mustFind(runs, hold.id)).startedAt).toBeUndefined();
    const short = await begin(runs);
    await runs.finish(short, toEnd(1));
    const { startedAt, endedAt } = await mustFind(runs, short.id);
    expect(startedAt).toBe(endedAt);
  });

  test("is written by nobody but its holder", async () => {
    const [a, b] = [(await connect()).runs, (await connect()).runs];
    const hold = await begin(a);
    for (const [runs, wrong] of [
      [b, hold],
      [a, { ...hold, epoch: hold.epoch - 1 }],
      [a, { ...hold, id: "run_0" }],
    ] as const) {
      expect(await runs.append(wrong, toBatch(1, "1"), true)).toBe(false);
      expect(await runs.finish(wrong, toEnd(1))).toBe(false);
    }
    expect(await mustFind(b, hold.id)).toMatchObject({ state: "queued", lastSeq: 0 });
  });

  test("is asked to end by any store, until it has", async () => {
    const [a, b] = [(await connect()).runs, (await connect()).runs];
    const [hold, other] = [await begin(a), await begin(a)];
    expect(await a.wishes()).toEqual([]);
    expect(await b.cancel(hold.id)).toBe(true);
    for (const _ of [1, 2]) expect(await a.wishes()).toEqual([{ id: hold.id, cancel: true, awaited: false }]);
    expect(await b.wishes()).toEqual([]);
    await a.finish(hold, toEnd(1, { state: "cancelled" }));
    expect(await a.wishes()).toEqual([]);
    expect([await b.cancel(hold.id), await b.cancel("run_0")]).toEqual([false, false]);
    expect(await mustFind(b, other.id)).toMatchObject({ state: "queued" });
  });
}

function defineHolderTests(connect: Connect): void {
  test("whose store is closed is interrupted, and keeps what was stored of it", async () => {
    const [a, b] = [await connect(), (await connect()).runs];
    const hold = await begin(a.runs);
    const done = await begin(a.runs);
    await a.runs.finish(done, toEnd(1));
    await a.runs.append(hold, toBatch(1, "1"), true);
    await a.close();
    expect(await mustFind(b, hold.id)).toMatchObject({ state: "interrupted", lastSeq: 1, answer: undefined });
    expect((await mustFind(b, hold.id)).endedAt).toBeDefined();
    expect(await b.events(hold.id, 0, 10)).toEqual({ events: ["1"], hasMore: false });
    expect(await mustFind(b, done.id)).toMatchObject({ state: "completed" });
    expect(await b.cancel(hold.id)).toBe(false);
  });

  test("of a store that lives is its own, however many others come and go", async () => {
    const { runs } = await connect();
    const hold = await begin(runs);
    for (const _ of [1, 2]) {
      const other = await connect();
      expect(await mustFind(other.runs, hold.id)).toMatchObject({ state: "queued" });
      await other.close();
    }
    expect(await runs.finish(hold, toEnd(1))).toBe(true);
  });
}

function defineTurnTests(connect: Connect): void {
  test("ends with its turn, in one write", async () => {
    const store = await connect();
    const hold = await begin(store.runs);
    const { lease } = await mustOpen(store, "agent:main:a");
    const end = toEnd(1, { batch: toBatch(1, "1") });
    await store.commit(lease, { keep: 0, append: [user("1")], run: { hold, end } });
    expect(await mustFind(store.runs, hold.id)).toMatchObject({ state: "completed", lastSeq: 1, answer: '"done"' });
    expect(await store.read("agent:main:a")).toMatchObject({ messages: [user("1")] });
  });

  test("that is lost has no turn, and a turn that is refused ends no run", async () => {
    const store = await connect();
    const [lost, held] = [await begin(store.runs), await begin(store.runs)];
    await store.runs.finish(lost, toEnd(1, { state: "interrupted" }));
    const { lease } = await mustOpen(store, "k");
    const turn = { keep: 0, append: [user("1")] };
    const refused = store.commit(lease, { ...turn, run: { hold: lost, end: toEnd(1) } });
    await expect(refused).rejects.toMatchObject({ code: "session_busy" });
    expect(await store.read("k")).toMatchObject({ messages: [], revision: 0 });
    await store.release(lease);
    const late = store.commit(lease, { ...turn, run: { hold: held, end: toEnd(1) } });
    await expect(late).rejects.toMatchObject({ code: "session_busy" });
    expect(await mustFind(store.runs, held.id)).toMatchObject({ state: "queued" });
  });

  test("loses what it has said when its session is erased, and so do no others", async () => {
    const store = await connect();
    const session = { sessionKey: "agent:main:gone" };
    const [ended, other, live] = [
      await begin(store.runs, { ...session, key: { text: "k", requestHash: "h" } }),
      await begin(store.runs),
      await begin(store.runs, session),
    ];
    for (const hold of [ended, other]) await store.runs.finish(hold, toEnd(1, { batch: toBatch(1, "1") }));
    await store.runs.append(live, toBatch(1, "1"), true);
    await store.erase((await mustOpen(store, "agent:main:gone")).lease);
    const { runs } = await connect();
    expect(await mustFind(runs, ended.id)).toMatchObject({ state: "completed", expired: true, answer: undefined });
    expect(await runs.events(ended.id, 0, 10)).toEqual({ events: [], hasMore: false });
    expect((await runs.admit({ ...adopt(other.id), key: { text: "k", requestHash: "x" } })).kind).toBe("begun");
    for (const { id } of [other, live]) expect(await runs.events(id, 0, 10)).toEqual({ events: ["1"], hasMore: false });
  });
}

/** Another admission than that of `id`. */
function adopt(id: string) {
  const whose = { principal: "operator", namespace: "", agentId: "main", sessionKey: "agent:main:a" };
  return { ...whose, id: `${id}x`, detached: true, form: "" };
}

async function ids(runs: RunStore, query: Partial<RunQuery> = {}): Promise<string[]> {
  return (await runs.list({ limit: 100, ...query })).items.map(({ id }) => id);
}

function defineListTests(connect: Connect): void {
  test("has the youngest first, in pages", async () => {
    const { runs } = await connect();
    const holds = [await begin(runs), await begin(runs), await begin(runs)];
    const [third = "", second = "", first = ""] = holds.map(({ id }) => id).toReversed();
    expect(await ids(runs)).toEqual([third, second, first]);
    const page = await runs.list({ limit: 2 });
    expect(page).toMatchObject({ items: [{ id: third }, { id: second }], hasMore: true });
    expect(await runs.list({ limit: 2, before: second })).toMatchObject({ items: [{ id: first }], hasMore: false });
    expect(await ids(runs, { before: `${second}x` })).toEqual([second, first]);
    expect(page.items[0]).not.toHaveProperty("answer");
  });

  test("has the runs that are asked for", async () => {
    const [{ runs }, other] = [await connect(), await connect()];
    const { id: own } = await begin(runs, { principal: "ci", namespace: "key:ci:", sessionKey: "key:ci:agent:main:a" });
    const { id: shared } = await begin(runs, { principal: "ci" });
    const { id: beta } = await begin(other.runs, { agentId: "beta", sessionKey: "agent:beta:a" });
    const ended = await begin(runs);
    await runs.finish(ended, toEnd(1));
    expect(await ids(runs)).toEqual([ended.id, beta, shared, own]);
    expect(await ids(runs, { namespace: "" })).toEqual([ended.id, beta, shared]);
    expect(await ids(runs, { namespace: "key:ci:" })).toEqual([own]);
    expect(await ids(runs, { principal: "ci" })).toEqual([shared, own]);
    expect(await ids(runs, { agentIds: ["beta", "none"] })).toEqual([beta]);
    expect(await ids(runs, { agentIds: [] })).toEqual([]);
    for (const odd of ["beta\u0000", "\u0000", "\ud800"]) {
      expect(await ids(runs, { agentIds: [odd] })).toEqual([]);
      expect(await ids(runs, { principal: odd })).toEqual([]);
      expect(await ids(runs, { namespace: odd })).toEqual([]);
      expect(await ids(runs, { sessionKey: odd })).toEqual([]);
      expect(await runs.find(odd)).toBeUndefined();
      expect(await runs.findKeyed(odd, odd)).toBeUndefined();
      expect(await runs.cancel(odd)).toBe(false);
      await ids(runs, { before: odd });
    }
    expect(await ids(runs, { sessionKey: "agent:main:a" })).toEqual([ended.id, shared]);
    expect(await ids(runs, { states: ["completed", "failed"] })).toEqual([ended.id]);
    await other.close();
    expect(await ids(runs, { states: ["interrupted"] })).toEqual([beta]);
  });
}

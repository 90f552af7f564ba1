import { describe, expect, test, vi } from "vitest";
import type { HistoryQuery, SessionEntry, SessionStore, StoredMessage } from "./store.ts";
import { addTurn, answer, leaseMs, mustOpen, user } from "./turns.fixture.ts";

type Connect = () => Promise<SessionStore>;

const all: HistoryQuery = { after: 0, limit: 100, includeSuperseded: true };
const current: HistoryQuery = { ...all, includeSuperseded: false };

/** The part of the store contract that is about finding, reading and erasing sessions. */
export function defineCatalogueTests(connect: Connect): void {
  describe("the list of sessions", () => {
    defineListTests(connect);
  });
  describe("the history of a session", () => {
    defineHistoryTests(connect);
  });
  describe("a session that is erased", () => {
    defineEraseTests(connect);
  });

  test("what keys have spent adds up over stores, by key and day", async () => {
    const [a, b] = [await connect(), await connect()];
    expect(await a.addUse([{ name: "ci", day: 20_000, tokens: 5 }])).toEqual([5]);
    const uses = [
      { name: "ci", day: 20_000, tokens: 3_000_000_000 },
      { name: "other", day: 20_000, tokens: 7 },
      { name: "ci", day: 20_001, tokens: 0 },
    ];
    expect(await b.addUse(uses)).toEqual([3_000_000_005, 7, 0]);
    expect(await a.addUse([{ name: "ci", day: 20_000, tokens: 0 }])).toEqual([3_000_000_005]);
    const most = Number.MAX_SAFE_INTEGER;
    for (const _ of [1, 2]) await a.addUse([{ name: "most", day: 20_000, tokens: most }]);
    expect(await b.addUse([{ name: "most", day: 20_000, tokens: 1 }])).toEqual([most]);
    await a.addUse([{ name: "ci", day: 20_100, tokens: 1 }]);
    expect(await b.addUse([{ name: "ci", day: 20_000, tokens: 0 }])).toEqual([0]);
  });

  test("the time of the last turn is known to every store, and grows", async () => {
    const [a, b] = [await connect(), await connect()];
    expect((await a.read("k")).updatedAt).toBe(0);
    const before = Date.now();
    await addTurn(a, "k", [user("1")]);
    const { updatedAt } = await b.read("k");
    expect(updatedAt).toBeGreaterThanOrEqual(before);
    expect(updatedAt).toBeLessThanOrEqual(Date.now());
    expect((await mustOpen(a, "k")).updatedAt).toBe(updatedAt);
  });
}

async function listKeys(store: SessionStore, query: object = {}): Promise<string[] | undefined> {
  const page = await store.list({ limit: 100, ...query });
  return page?.items.map(({ key }) => key);
}

/** Adds sessions, each in a millisecond of its own, so that their order is certain. */
async function addSessions(store: SessionStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await addTurn(store, key, [user("1"), answer("2")]);
    const { createdAt } = (await store.find(key)) ?? {};
    await vi.waitUntil(() => Date.now() !== createdAt, { interval: 1 });
  }
}

function defineListTests(connect: Connect): void {
  test("has the youngest first, whatever was said since, and none without a turn", async () => {
    const store = await connect();
    expect(await store.list({ limit: 10 })).toEqual({ items: [], hasMore: false });
    await addSessions(store, ["agent:main:a", "agent:main:b", "agent:beta:c"]);
    await addTurn(store, "agent:main:a", [user("3")]);
    await mustOpen(store, "agent:main:leased only");
    await addTurn(store, "of no agent", [user("1")]);
    expect(await listKeys(await connect())).toEqual(["agent:beta:c", "agent:main:b", "agent:main:a"]);
  });

  test("has what there is to know of each", async () => {
    const store = await connect();
    await addTurn(store, "agent:main:a", [user("1"), answer("2"), user("3")]);
    await addTurn(store, "agent:main:a", [user("4")], 1);
    const entry = await store.find("agent:main:a");
    expect(entry).toMatchObject({ key: "agent:main:a", messageCount: 2 } satisfies Partial<SessionEntry>);
    expect(entry?.updatedAt).toBeGreaterThanOrEqual(entry?.createdAt ?? Number.NaN);
    expect(await store.list({ limit: 1 })).toEqual({ items: [entry], hasMore: false });
    expect(await store.find("agent:main:A")).toBeUndefined();
  });

  test("is of one agent where that is asked, and of none like it", async () => {
    const store = await connect();
    await addSessions(store, ["agent:a_b:x", "agent:aXb:x", "agent:a_b2:x", "agent:a_:x", "agent:a_b:\u{10ffff}"]);
    expect(await listKeys(store, { agentId: "a_b" })).toEqual(["agent:a_b:\u{10ffff}", "agent:a_b:x"]);
    expect(await listKeys(store, { agentId: "a" })).toEqual([]);
    for (const agentId of ["a_b\u0000", "\u0000", "\ud800", "a_b:\u0000", '"'])
      expect(await listKeys(store, { agentId })).toEqual([]);
  });

  test("comes in pages that stay where they are while sessions come, go on and go", async () => {
    const store = await connect();
    const keys = ["1", "2", "3", "4", "5"].map((name) => `agent:main:${name}`);
    await addSessions(store, keys);
    const [first, second, third, fourth, fifth] = keys.toReversed();
    const page = await store.list({ limit: 2 });
    expect(page).toMatchObject({ items: [{ key: first }, { key: second }], hasMore: true });
    await addSessions(store, ["agent:main:6"]);
    await addTurn(store, fifth ?? "", [user("again")]);
    await store.erase((await mustOpen(store, second ?? "")).lease);
    expect(await listKeys(store, { after: second, limit: 2 })).toEqual([third, fourth]);
    expect(await store.list({ after: fourth ?? "", limit: 2 })).toMatchObject({
      items: [{ key: fifth }],
      hasMore: false,
    });
    expect(await listKeys(store, { after: fifth })).toEqual([]);
    expect(await store.list({ after: "agent:main:unknown", limit: 2 })).toBeUndefined();
  });

  test("gives sessions of one moment in one order, each once", async () => {
    const store = await connect();
    const keys = Array.from({ length: 30 }, (_, index) => `agent:main:${index}`);
    await Promise.all(keys.map((key) => addTurn(store, key, [user("1")])));
    const found: string[] = [];
    for (let more = true; more;) {
      const after = found.at(-1);
      const page = await store.list({ limit: 7, ...(after === undefined ? {} : { after }) });
      found.push(...(page?.items ?? []).map(({ key }) => key));
      more = page?.hasMore ?? false;
    }
    expect(found.toSorted()).toEqual(keys.toSorted());
  });

  test("gives any key back as it is", async () => {
    const store = await connect();
    const keys = ["é", "e\u0301", "a\0b", "\ud800", '"\\', "😀", "%2F/", " "].map((text) => `agent:main:${text}`);
    await Promise.all(keys.map((key) => addTurn(store, key, [user("1")])));
    expect((await listKeys(store))?.toSorted()).toEqual(keys.toSorted());
  });
}

async function readTexts(store: SessionStore, query: HistoryQuery): Promise<unknown[] | undefined> {
  const page = await store.history("k", query);
  return page?.items.map(({ sequence, message }) => [sequence, message.content]);
}

function defineHistoryTests(connect: Connect): void {
  test("is in the order of storing, with what was superseded only where that is asked", async () => {
    const store = await connect();
    await addTurn(store, "k", [user("1"), answer("2")]);
    await addTurn(store, "k", [answer("3")], 1);
    const want = [
      [1, "1"],
      [2, "2"],
      [3, "3"],
    ];
    expect(await readTexts(store, all)).toEqual(want);
    expect(await readTexts(await connect(), current)).toEqual([want[0], want[2]]);
    const { items = [] } = (await store.history("k", all)) ?? {};
    expect(items.map(({ supersededAt }) => supersededAt !== undefined)).toEqual([false, true, false]);
    expect(items[1]?.supersededAt).toBeGreaterThanOrEqual(items[1]?.createdAt ?? Number.NaN);
  });

  test("comes in pages", async () => {
    const store = await connect();
    await addTurn(store, "k", ["1", "2", "3"].map(user));
    expect(await store.history("k", { ...current, limit: 2 })).toMatchObject({
      items: [{ sequence: 1 }, { sequence: 2 }],
      hasMore: true,
    });
    expect(await store.history("k", { ...current, limit: 2, after: 2 })).toMatchObject({
      items: [{ sequence: 3 }],
      hasMore: false,
    });
    // As many digits as the id of a message may have.
    for (const after of [3, 999_999_999_999_999])
      expect(await store.history("k", { ...current, after })).toEqual({ items: [], hasMore: false });
    expect(await store.history("unknown", current)).toBeUndefined();
  });

  test("comes from its end where that is asked, still in its order", async () => {
    const store = await connect();
    await addTurn(store, "k", ["1", "2", "3"].map(user));
    await addTurn(store, "k", [answer("4")], 2);
    const fromEnd = { ...current, fromEnd: true };
    expect(await store.history("k", { ...fromEnd, limit: 2 })).toMatchObject({
      items: [{ sequence: 2 }, { sequence: 4 }],
      hasMore: true,
    });
    expect(await store.history("k", { ...fromEnd, limit: 3 })).toMatchObject({
      items: [{ sequence: 1 }, { sequence: 2 }, { sequence: 4 }],
      hasMore: false,
    });
    expect(await store.history("unknown", fromEnd)).toBeUndefined();
  });

  test("ends a page early where messages are long, but never without one", async () => {
    const store = await connect();
    const long = "x".repeat(3_000_000);
    await addTurn(store, "k", [user(long + long), user(long), user(long), user("short")]);
    const pages = [0, 1, 2].map((after) => store.history("k", { ...current, after }));
    expect((await Promise.all(pages)).map((page) => [page?.items.length, page?.hasMore])).toEqual([
      [1, true],
      [1, true],
      [2, false],
    ]);
  });

  test("and the transcript tell a result of the gateway's own tools from a client's", async () => {
    const stored: readonly StoredMessage[] = [
      { role: "tool", tool_call_id: "x", content: "1", origin: "server" },
      { role: "tool", tool_call_id: "y", content: "2" },
    ];
    await addTurn(await connect(), "k", stored);
    const store = await connect();
    expect((await store.read("k")).messages).toEqual(stored);
    expect((await store.history("k", all))?.items.map(({ message }) => message)).toEqual(stored);
  });
}

function defineEraseTests(connect: Connect): void {
  async function eraseIn(store: SessionStore): Promise<void> {
    await addTurn(store, "k", [user("1"), answer("2")]);
    await addTurn(store, "k", [user("3")], 0);
    await store.erase((await mustOpen(store, "k")).lease);
  }

  test("does not exist any more, for any store", async () => {
    const [a, b] = [await connect(), await connect()];
    await addTurn(a, "k", [user("0")]);
    await b.read("k");
    await eraseIn(a);
    for (const store of [a, b, await connect()]) {
      expect(await store.read("k")).toEqual({ messages: [], revision: 4, updatedAt: 0 });
      expect(await store.find("k")).toBeUndefined();
      expect(await store.history("k", all)).toBeUndefined();
      expect(await listKeys(store)).toEqual([]);
    }
  });

  test("begins anew with the next turn, with a later revision and sequence", async () => {
    const store = await connect();
    await eraseIn(store);
    const erasedAt = Date.now();
    await addTurn(store, "k", [user("4")]);
    expect(await store.read("k")).toMatchObject({ messages: [user("4")], revision: 4 });
    expect(await readTexts(store, all)).toEqual([[4, "4"]]);
    expect((await store.find("k"))?.createdAt).toBeGreaterThanOrEqual(erasedAt);
  });

  test("gives its lease back, and needs one", async () => {
    const store = await connect();
    await addTurn(store, "k", [user("1")]);
    const { lease } = await mustOpen(store, "k");
    expect(await store.open("k", leaseMs)).toBeUndefined();
    await store.erase(lease);
    await expect(store.erase(lease)).rejects.toMatchObject({ code: "session_busy" });
    await expect(store.commit(lease, { keep: 0, append: [] })).rejects.toMatchObject({ code: "session_busy" });
    await mustOpen(store, "k");
  });

  test("that has never existed stays so", async () => {
    const store = await connect();
    await store.erase((await mustOpen(store, "agent:main:k")).lease);
    expect(await store.find("agent:main:k")).toBeUndefined();
    expect(await store.read("agent:main:k")).toMatchObject({ revision: 0 });
  });
}

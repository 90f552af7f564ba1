import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Message } from "../base/contract.ts";
import { defineCatalogueTests } from "./catalogue.suite.ts";
import { defineLeaseTests } from "./lease.suite.ts";
import { defineReceiptTests } from "./receipt.suite.ts";
import { defineRunTests } from "./run-store.suite.ts";
import type { SessionStore } from "./store.ts";
import { addTurn, answer, leaseMs, mustOpen, user } from "./turns.fixture.ts";

/** One empty place for sessions, which several stores may share, as several processes would. */
export interface StoreFixture {
  readonly connect: () => Promise<SessionStore>;
  /** Called after each test; every store has been closed by then. */
  readonly remove: () => Promise<void>;
}

/** What every `SessionStore` must do. Call it in the test file of each adapter. */
export function defineStoreContract(name: string, createFixture: () => Promise<StoreFixture>): void {
  describe(`${name} keeps the contract of a session store`, () => {
    let fixture: StoreFixture;
    let stores: SessionStore[];
    const connect = async (): Promise<SessionStore> => {
      const store = await fixture.connect();
      stores.push(store);
      return store;
    };

    beforeEach(async () => {
      fixture = await createFixture();
      stores = [];
    });

    afterEach(async () => {
      await Promise.all(stores.map((store) => store.close()));
      await fixture.remove();
    });

    defineTranscriptTests(connect);
    defineLeaseTests(connect);
    defineCatalogueTests(connect);
    defineReceiptTests(connect);
    defineRunTests(connect);
    defineTextTests(connect);
  });
}

function defineTranscriptTests(connect: () => Promise<SessionStore>): void {
  test("an unknown session is empty, at revision 0", async () => {
    const store = await connect();
    expect(await store.read("nobody")).toMatchObject({ messages: [], revision: 0 });
    expect(await store.open("nobody", leaseMs)).toMatchObject({ messages: [], revision: 0, lease: { key: "nobody" } });
  });

  test("turns follow each other, and each makes the revision grow", async () => {
    const store = await connect();
    await addTurn(store, "k", [user("1"), answer("2")]);
    await addTurn(store, "k", [user("3"), answer("4")]);
    const want = { messages: [user("1"), answer("2"), user("3"), answer("4")], revision: 2 };
    expect(await store.read("k")).toMatchObject(want);
    expect(await (await connect()).read("k")).toMatchObject(want);
  });

  const turns = [user("1"), answer("2"), user("3"), answer("4")];
  test.each([0, 1, 3])("a turn that keeps %i messages supersedes the rest", async (keep) => {
    const store = await connect();
    await addTurn(store, "k", turns);
    await addTurn(store, "k", [user("new"), answer("er")], keep);
    await addTurn(store, "k", [user("next")]);
    const want = [...turns.slice(0, keep), user("new"), answer("er"), user("next")];
    expect((await store.read("k")).messages).toMatchObject(want);
    expect((await (await connect()).read("k")).messages).toMatchObject(want);
  });

  test("a turn may only supersede, and a session may be emptied", async () => {
    const store = await connect();
    await addTurn(store, "k", turns);
    await addTurn(store, "k", [], 0);
    expect(await store.read("k")).toMatchObject({ messages: [], revision: 2 });
    expect(await (await connect()).read("k")).toMatchObject({ messages: [], revision: 2 });
  });

  test("a turn that keeps more than there is changes nothing, not even the lease", async () => {
    const store = await connect();
    const { lease } = await mustOpen(store, "k");
    await expect(store.commit(lease, { keep: 1, append: [user("1")] })).rejects.toThrow(RangeError);
    await store.commit(lease, { keep: 0, append: [user("2")] });
    expect(await store.read("k")).toMatchObject({ messages: [user("2")], revision: 1 });
  });

  test("200 sessions commit at once, 3 turns each, and none sees another's", async () => {
    const store = await connect();
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    for (const turn of ["1", "2", "3"]) {
      await Promise.all(keys.map((key) => addTurn(store, key, [user(`${key} ${turn}`)])));
    }
    const other = await connect();
    const found = await Promise.all(keys.map((key) => other.read(key)));
    expect(found).toMatchObject(
      keys.map((key) => ({ messages: [user(`${key} 1`), user(`${key} 2`), user(`${key} 3`)], revision: 3 })),
    );
  });

  test("one store sees what another has written since", async () => {
    const [a, b] = [await connect(), await connect()];
    await addTurn(a, "k", [user("1")]);
    await addTurn(b, "k", [user("2")]);
    await addTurn(a, "k", [user("3")]);
    expect((await b.read("k")).messages).toEqual([user("1"), user("2"), user("3")]);
  });

  test("everything is there after close and reopen, and a closed store rejects", async () => {
    const store = await connect();
    const { lease } = await mustOpen(store, "k");
    const pending = store.commit(lease, { keep: 0, append: [user("1")] });
    await Promise.all([store.close(), store.close()]);
    await pending;
    await expect(store.read("k")).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await (await connect()).read("k")).toMatchObject({ messages: [user("1")], revision: 1 });
  });
}

function defineTextTests(connect: () => Promise<SessionStore>): void {
  const keys = [
    "Alice",
    "alice",
    "alice ",
    " alice",
    "\u00e9",
    "e\u0301",
    "",
    "%",
    "a",
    "a\0",
    "a\0b",
    "a\\u0000",
    "a'",
    'a"',
    "\ud800",
    "\ud801",
    "\ufffd",
    "\\ud800",
    "😀",
    "../../etc/passwd",
    "x".repeat(4_096),
  ];
  test("keys are compared character for character", async () => {
    const store = await connect();
    await Promise.all(keys.map((key, index) => addTurn(store, key, [user(String(index))])));
    const found = await Promise.all(keys.map((key) => store.read(key)));
    expect(found).toMatchObject(keys.map((_, index) => ({ messages: [user(String(index))], revision: 1 })));
  });

  const texts = [
    "\0 a \0",
    "😀👩‍👩‍👧",
    "\u2028\u2029\ufeff",
    "\ud800 \udc00",
    "e\u0301 \u00e9",
    '"\\\n\r\t',
    "",
    "'; DROP TABLE message; --",
  ];
  test("texts come back exactly, from a store that has never seen them", async () => {
    const messages: readonly Message[] = [
      ...texts.map(user),
      { role: "user", content: texts.map((text) => ({ type: "text", text })) },
      { role: "assistant", content: null, tool_calls: texts.map((text) => toCall(text)) },
      { role: "user", content: "x".repeat(3_000_000) },
    ];
    await addTurn(await connect(), "k", messages);
    expect((await (await connect()).read("k")).messages).toEqual(messages);
  });
}

function toCall(text: string): { id: string; type: "function"; function: { name: string; arguments: string } } {
  return { id: text, type: "function", function: { name: "f", arguments: text } };
}

import { afterAll, describe, expect, test } from "vitest";
import { startDatabaseProxy } from "../../../test/database-proxy.fixture.ts";
import { createSilentLog } from "../../base/log.ts";
import { createTestSchema, programs, type TestSchema } from "../../../test/postgres.fixture.ts";
import { defineStoreContract } from "../store.suite.ts";
import type { Message } from "../../base/contract.ts";
import { begin, rowDamages, toBatch, toEnd, toldDamaged, toldDamages } from "../runs.fixture.ts";
import type { SessionStore } from "../store.ts";
import { addTurn, mustOpen, user } from "../turns.fixture.ts";
import { createPostgresStore } from "./postgres-store.ts";
import { createTestStores } from "./stores.fixture.ts";

describe.skipIf(programs === undefined)("with a server", () => {
  let shared: Promise<TestSchema> | undefined;
  afterAll(async () => (await shared)?.remove());
  const tables = [
    "session",
    "message",
    "waiting",
    "observed",
    "receipt",
    "key_use",
    "holder",
    "run",
    "run_key",
    "run_event",
  ];

  defineStoreContract("the PostgreSQL store", async () => {
    // To make the tables takes longer than most tests do.
    const { url, schema, edit } = await (shared ??= createTestSchema());
    const connect = () => createPostgresStore({ url, schema, pooler: false, connections: 4, log: createSilentLog() });
    return { connect, remove: async () => void (await edit(tables.map((table) => `DELETE FROM ${table};`).join(" "))) };
  });

  const damages: readonly { readonly what: string; readonly sql: string }[] = [
    { what: "changed", sql: "UPDATE message SET body = replace(body, 'two', 'tow') WHERE sequence = 2" },
    { what: "lost", sql: "DELETE FROM message WHERE sequence = 2" },
    { what: "lost at the end", sql: "DELETE FROM message WHERE sequence = 3" },
    { what: "superseded by nobody", sql: "UPDATE message SET superseded_at = 1 WHERE sequence = 3" },
    { what: "in another order", sql: "UPDATE message SET sequence = 9 WHERE sequence = 1" },
    { what: "of another session", sql: "UPDATE message SET session_id = -1 WHERE sequence = 1" },
  ];
  test.each(damages)("rows that are $what are never served; other sessions are", async ({ sql }) => {
    const stores = await createTestStores();
    const store = await stores.connect();
    const messages: readonly Message[] = ["one", "two", "three"].map(user);
    await addTurn(store, "k", messages);
    await stores.edit(sql);
    await addTurn(store, "sound", [user("hello")]);
    const other = await stores.connect();
    const all = { after: 0, limit: 1, includeSuperseded: true };
    for (const reading of [other.read("k"), other.open("k", 60_000), other.history("k", all)])
      await expect(reading).rejects.toMatchObject({ code: "session_damaged", retry: false });
    expect(await other.read("sound")).toMatchObject({ messages: [user("hello")] });
    expect(await other.examine()).toEqual({ sessions: 1 + 1, damaged: ["k"] });
    // What could not be read is leased to nobody.
    await store.release((await mustOpen(store, "k")).lease);
  });

  test.each([
    ["changed", `UPDATE run_event SET body = '"x"' WHERE seq = 2`],
    ["lost", "DELETE FROM run_event WHERE seq = 2"],
  ])("events that are %s are never served", async (_, sql) => {
    const stores = await createTestStores();
    const { runs } = await stores.connect();
    const hold = await begin(runs);
    await runs.append(hold, toBatch(1, '"1"', '"2"', '"3"'), true);
    await stores.edit(sql);
    await expect(runs.events(hold.id, 0, 10)).rejects.toMatchObject({ code: "session_damaged" });
  });

  test.each(rowDamages)("a run whose row is damaged is never told: $what", async ({ sql }) => {
    const stores = await createTestStores();
    const { runs } = await stores.connect();
    const [hold, other] = [await begin(runs), await begin(runs)];
    for (const one of [hold, other]) await runs.finish(one, toEnd(1, { answer: JSON.stringify(one.id) }));
    await stores.edit(sql(`'${hold.id}'`, `'${other.id}'`));
    await expect(runs.find(hold.id)).rejects.toMatchObject({ code: "session_damaged" });
    expect((await runs.find(other.id))?.answer).toBe(JSON.stringify(other.id));
  });

  test.each(toldDamages)(
    "a run whose row is damaged is listed as damaged, beside the others: $what",
    async ({ sql }) => {
      const stores = await createTestStores();
      const { runs } = await stores.connect();
      const [hold, other] = [await begin(runs), await begin(runs)];
      for (const one of [hold, other]) await runs.finish(one, toEnd(1));
      await stores.edit(sql(`'${hold.id}'`, `'${other.id}'`));
      expect((await runs.list({ limit: 2 })).items).toMatchObject([
        { id: other.id, state: "completed", error: undefined },
        toldDamaged(hold.id),
      ]);
    },
  );

  test("a run that an earlier version has written is told without checksums", async () => {
    const stores = await createTestStores();
    const { runs } = await stores.connect();
    const hold = await begin(runs);
    await runs.finish(hold, toEnd(1));
    await stores.edit("UPDATE run SET form_checksum = NULL, end_checksum = NULL, entry_checksum = NULL");
    expect(await runs.find(hold.id)).toMatchObject({ answer: '"done"' });
    expect((await runs.list({ limit: 1 })).items).toMatchObject([{ id: hold.id, state: "completed" }]);
  });

  const answerOf = async (store: SessionStore): Promise<string | undefined> => {
    const { lease, receipt } = (await store.open("k", 60_000, { at: Date.now(), digest: "d", again: true })) ?? {};
    if (lease !== undefined) await store.release(lease);
    return receipt?.answer;
  };
  test.each([
    { what: "are too old", sql: "UPDATE receipt SET created_at = created_at - 600001" },
    { what: "come from a future that the clock has left", sql: "UPDATE receipt SET created_at = created_at + 700000" },
    { what: "were changed", sql: "UPDATE receipt SET answer = 'b'" },
  ])("receipts that $what give nothing", async ({ sql }) => {
    const stores = await createTestStores();
    const store = await stores.connect();
    const { lease } = await mustOpen(store, "k");
    await store.commit(lease, { keep: 0, append: [], receipt: { digest: "d", answer: "a", again: false } });
    expect(await answerOf(store)).toBe("a");
    await stores.edit(sql);
    expect(await answerOf(store)).toBeUndefined();
  });

  test("a lease and the time of a session are right though the clock of the database was set back", async () => {
    const stores = await createTestStores();
    const store = await stores.connect();
    await addTurn(store, "k", [user("1")]);
    await stores.edit("UPDATE session SET updated_at = updated_at + 86400000");
    const { updatedAt } = await store.read("k");
    await mustOpen(store, "k");
    await stores.edit("UPDATE session SET leased_until = leased_until + 86400000");
    const { lease } = await mustOpen(await stores.connect(), "k");
    expect(lease.fence).toBeGreaterThan(0);
    await addTurn(store, "other", [user("1")]);
    expect((await store.read("k")).updatedAt).toBe(updatedAt);
  });

  test("a session is observed by others, for so long as they say so", async () => {
    const stores = await createTestStores();
    const [one, other] = [await stores.connect(), await stores.connect()];
    const isObserved = async (store: SessionStore, key: string): Promise<boolean | undefined> => {
      const session = await store.open(key, 60_000);
      if (session !== undefined) await store.release(session.lease);
      return session?.isObserved;
    };
    await one.observe?.(["k", "l"]);
    expect(await Promise.all([isObserved(other, "k"), isObserved(other, "l"), isObserved(other, "m")])).toEqual([
      true,
      true,
      false,
    ]);
    expect(await isObserved(one, "k")).toBe(false);
    await stores.edit("UPDATE observed SET until = until - 30001");
    expect(await isObserved(other, "k")).toBe(false);
    await one.observe?.(["k"]);
    expect(await isObserved(other, "k")).toBe(true);
  });

  test("an erased session leaves no text in any row", async () => {
    const stores = await createTestStores();
    const store = await stores.connect();
    await addTurn(store, "k", [user("correct horse")]);
    const { lease } = await mustOpen(store, "k");
    await store.commit(lease, { keep: 0, append: [], receipt: { digest: "d", answer: "correct horse", again: false } });
    await store.erase((await mustOpen(store, "k")).lease);
    for (const table of ["message", "receipt"]) expect(await stores.edit(`SELECT * FROM ${table}`)).toEqual([]);
  });

  test("whoever uses a pooler prepares nothing, and the same is kept", async () => {
    const stores = await createTestStores();
    const store = await stores.connect({ pooler: true, connections: 2 });
    await addTurn(store, "k", [user("1")]);
    await store.check();
    expect((await store.read("k")).messages).toEqual([user("1")]);
  });

  test.each([true, false])(
    "many statements at once are sent behind each other, but for a pooler (%s) one at a time, and all are answered",
    async (pooler) => {
      const stores = await createTestStores();
      const proxy = await startDatabaseProxy(stores.url);
      const store = await stores.connect({ url: proxy.url, pooler, connections: 2 });
      const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
      await Promise.all(keys.map((key) => addTurn(store, key, [user(key)])));
      const read = await Promise.all(keys.map((key) => store.read(key)));
      expect(read.map(({ messages }) => messages)).toEqual(keys.map((key) => [user(key)]));
      expect(proxy.countEarly() > 0).toBe(!pooler);
    },
  );
});

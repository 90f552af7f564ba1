import { join } from "node:path";
import { expect, test } from "vitest";
import { createSilentLog } from "../../src/base/log.ts";
import { createPostgresStore } from "../../src/session/postgres/postgres-store.ts";
import { createSqliteStore } from "../../src/session/sqlite/sqlite-store.ts";
import type { SessionStore } from "../../src/session/store.ts";
import { addTurn, answer, mustOpen, user } from "../../src/session/turns.fixture.ts";
import { createPlace, run, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";

const args = ["migrate", "--from", "sqlite", "--to", "postgres"];
const all = { after: 0, limit: 1_000, includeSuperseded: true };
const keys = ["", "agent:main:a", "key:ci:agent:main:b", "a\0\ud800'\"é", "x".repeat(3_000)];

async function setUp() {
  const database = await createTestSchema();
  onEnd(database.remove);
  const { url, schema } = database;
  const place = createPlace({ config: { ...usual, sessions: { store: { postgres: { url, schema } } } } });
  const path = join(place.stateFolder, "sessions.sqlite");
  return {
    ...database,
    place,
    openFile: () => createSqliteStore({ path }),
    openDatabase: () => createPostgresStore({ url, schema, pooler: false, connections: 3, log: createSilentLog() }),
  };
}

/** Sessions with a history, one of them begun anew, one erased. */
async function fill(store: SessionStore): Promise<void> {
  for (const key of keys) {
    await addTurn(store, key, [user(`1 of ${key}`), answer("2")]);
    await addTurn(store, key, [answer("3".repeat(10_000))], 1);
  }
  await addTurn(
    store,
    "long",
    Array.from({ length: 1_300 }, (_, index) => user(String(index))),
  );
  await addTurn(store, "erased", [user("gone")]);
  await store.erase((await mustOpen(store, "erased")).lease);
  await store.addUse([{ name: "ci", day: 20_000, tokens: 5 }]);
}

/** Everything that a store says of its sessions. */
async function readAll(store: SessionStore) {
  const found = [];
  for (const key of [...keys, "long", "erased"])
    found.push({
      key,
      ...(await store.read(key)),
      entry: await store.find(key),
      history: await store.history(key, all),
    });
  return {
    found,
    list: await store.list({ limit: 100 }),
    spent: await store.addUse([{ name: "ci", day: 20_000, tokens: 0 }]),
  };
}

test.skipIf(programs === undefined)("migrate takes everything along, and may be ended and begun again", async () => {
  const { place, openFile, openDatabase, edit } = await setUp();
  const file = await openFile();
  await fill(file);
  const refused = await run(place, args);
  expect(refused).toMatchObject({ status: 1, output: "" });
  expect(refused.notes).toMatch(/has .*sessions\.sqlite open\. Stop it first/);
  const want = await readAll(file);
  await file.close();

  expect(await run(place, args)).toMatchObject({
    status: 0,
    output: "7 sessions moved; 1315 messages, all read again and equal to those of the file.\n",
  });
  // As it is left when it was ended early.
  await edit("DELETE FROM message WHERE session_id = (SELECT min(id) FROM session)");
  await edit("DELETE FROM session WHERE id = (SELECT min(id) FROM session)");
  expect((await run(place, args)).output).toMatch(/^1 sessions moved, 6 were there already; 1315 messages/);

  const database = await openDatabase();
  expect(await readAll(database)).toEqual(want);
  expect(await database.examine()).toEqual({ sessions: 6, damaged: [] });
  await addTurn(database, "erased", [user("anew")]);
  expect(await database.read("erased")).toMatchObject({ revision: 3 });
  await database.close();

  const again = await run(place, args);
  expect(again.status).toBe(1);
  expect(again.notes).toMatch(/Not moved, since there are others of their names.*: 'erased'\./);
});

test("migrate says what is missing", async () => {
  const place = createPlace({ config: usual });
  expect(await run(place, args)).toMatchObject({ status: 2 });
  expect((await run(place, args)).notes).toMatch(/sessions\.store\.postgres is not set/);
  expect((await run(place, ["migrate", "--from", "postgres", "--to", "sqlite"])).status).toBe(2);
});

test.skipIf(programs === undefined)("migrate makes no file where there is none", async () => {
  const { place } = await setUp();
  const { status, notes } = await run(place, args);
  expect(status).toBe(1);
  expect(notes).toMatch(/There are no sessions at .*sessions\.sqlite/);
});

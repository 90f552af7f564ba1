import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { begin, mustFind, rowDamages, toBatch, toEnd, toldDamaged, toldDamages } from "../runs.fixture.ts";
import type { SessionStore } from "../store.ts";
import { mustOpen } from "../turns.fixture.ts";
import { createDatabasePath } from "./path.fixture.ts";
import { takeSharedThread } from "./shared-thread.fixture.ts";
import { createSqliteStore } from "./sqlite-store.ts";

let path: string;
let remove: () => Promise<void>;
let store: SessionStore;

beforeEach(async () => {
  ({ path, remove } = await createDatabasePath());
  store = await createSqliteStore({ path, startThread: takeSharedThread });
});

afterEach(async () => {
  await store.close();
  await remove();
});

/** Works on the database behind the store's back. */
function edit(sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

test.each([
  ["changed", `UPDATE run_event SET body = '"x"' WHERE seq = 2`],
  ["lost", "DELETE FROM run_event WHERE seq = 2"],
  [
    "in another order",
    "UPDATE run_event SET seq = iif(seq = 2, 9, 2) WHERE seq > 1; UPDATE run_event SET seq = 3 WHERE seq = 9",
  ],
])("events that are %s are never served", async (_, sql) => {
  const hold = await begin(store.runs);
  await store.runs.append(hold, toBatch(1, '"1"', '"2"', '"3"'), true);
  edit(sql);
  await expect(store.runs.events(hold.id, 0, 10)).rejects.toMatchObject({ code: "session_damaged" });
});

test.each(rowDamages)("a run whose row is damaged is never told: $what", async ({ sql }) => {
  const [hold, other] = [await begin(store.runs), await begin(store.runs)];
  for (const one of [hold, other]) await store.runs.finish(one, toEnd(1, { answer: JSON.stringify(one.id) }));
  edit(sql(`'${hold.id}'`, `'${other.id}'`));
  await expect(store.runs.find(hold.id)).rejects.toMatchObject({ code: "session_damaged" });
});

test.each(toldDamages)("a run whose row is damaged is listed as damaged, beside the others: $what", async ({ sql }) => {
  const [hold, other] = [await begin(store.runs), await begin(store.runs)];
  for (const one of [hold, other]) await store.runs.finish(one, toEnd(1));
  edit(sql(`'${hold.id}'`, `'${other.id}'`));
  expect((await store.runs.list({ limit: 2 })).items).toMatchObject([
    { id: other.id, state: "completed", error: undefined },
    toldDamaged(hold.id),
  ]);
});

test("what a run of an erased session has said is nowhere in the files any more", async () => {
  const secret = "correct horse battery staple";
  const hold = await begin(store.runs, { sessionKey: "k" });
  const said = JSON.stringify(secret.repeat(1_000));
  await store.runs.append(hold, toBatch(1, said), true);
  await store.runs.finish(hold, toEnd(2, { answer: said }));
  const holds = async (): Promise<boolean[]> => {
    const files = await Promise.all([path, `${path}-wal`].map((file) => readFile(file, "latin1")));
    return files.map((text) => text.includes(secret));
  };
  expect(await holds()).toContain(true);
  await store.erase((await mustOpen(store, "k")).lease);
  expect(await holds()).toEqual([false, false]);
});

test("a run whose holder has left no lock behind is interrupted", async () => {
  const hold = await begin(store.runs);
  const other = await createSqliteStore({ path, startThread: takeSharedThread });
  expect(await mustFind(other.runs, hold.id)).toMatchObject({ state: "queued" });
  edit(`UPDATE run SET holder = 'lock:00000000-0000-0000-0000-000000000000:elsewhere:1'`);
  expect(await mustFind(other.runs, hold.id)).toMatchObject({ state: "interrupted" });
  expect(await store.runs.finish(hold, toEnd(1))).toBe(false);
  await other.close();
});

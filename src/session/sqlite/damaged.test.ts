import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SessionStore } from "../store.ts";
import { addTurn, answer, leaseMs, mustOpen, user } from "../turns.fixture.ts";
import { createDatabasePath } from "./path.fixture.ts";
import { createSqliteStore as createStore } from "./sqlite-store.ts";
import { takeSharedThread } from "./shared-thread.fixture.ts";

const createSqliteStore = ({ path: at }: { readonly path: string }): Promise<SessionStore> =>
  createStore({ path: at, startThread: takeSharedThread });

let path: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path, remove } = await createDatabasePath());
});

afterEach(() => remove());

const keys = ["agent:main:a", "agent:main:b", "agent:main:c"];
const toTurn = (key: string, turn: number) => [user(`${key} ${turn} ${"x".repeat(500)}`), answer(`${turn}`)];
const toTurns = (key: string, turns: number) => Array.from({ length: turns }, (_, index) => toTurn(key, index)).flat();

async function fill(store: SessionStore, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    for (const key of keys) await addTurn(store, key, toTurn(key, turn));
  }
}

async function withStore<Result>(at: string, use: (store: SessionStore) => Promise<Result>): Promise<Result> {
  const store = await createSqliteStore({ path: at });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

describe("a database that is", () => {
  const ways: readonly { readonly what: string; readonly damage: () => void; readonly says: RegExp }[] = [
    { what: "emptied", damage: () => truncateSync(path), says: /is empty.*copy.*delete .*-kept/ },
    { what: "removed", damage: () => rmSync(path), says: /is missing.*copy.*delete .*-kept/ },
    { what: "new again", damage: beginAnew, says: /nothing in it.*copy.*delete .*-kept/ },
    {
      what: "halved",
      damage: () => truncateSync(path, readFileSync(path).length / 2),
      says: /malformed.*copy.*move away/,
    },
    { what: "without a header", damage: zeroHeader, says: /not a database.*copy.*move away/ },
    {
      what: "something else",
      damage: () => writeFileSync(path, "text".repeat(5_000)),
      says: /not a database.*copy.*move away/,
    },
    { what: "a folder", damage: beFolder, says: /is no file.*its owner/ },
  ];

  function beginAnew(): void {
    rmSync(path);
    using database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL");
  }

  function zeroHeader(): void {
    writeFileSync(path, Buffer.concat([Buffer.alloc(100), readFileSync(path).subarray(100)]));
  }

  function beFolder(): void {
    rmSync(path);
    mkdirSync(path);
  }

  test.each(ways)("$what is refused, named, and left as it is, and the way out is told", async ({ damage, says }) => {
    await withStore(path, (store) => fill(store, 20));
    damage();
    const before = readdirSync(dirname(path));
    const error: unknown = await createSqliteStore({ path }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "storage_unavailable", message: expect.stringContaining(path) as string });
    expect(String(error)).toMatch(says);
    expect(readdirSync(dirname(path))).toEqual(before);
  });

  test("lost is begun anew by whoever accepts that", async () => {
    await withStore(path, (store) => fill(store, 1));
    rmSync(path);
    rmSync(`${path}-kept`);
    await withStore(path, async (store) => expect(await store.list({ limit: 1 })).toMatchObject({ items: [] }));
  });

  test("new is told from one that has lost its sessions: none were ever in it", async () => {
    await withStore(path, async (store) => store.release((await mustOpen(store, "k")).lease));
    rmSync(path);
    await withStore(path, async (store) => expect(await store.read("k")).toMatchObject({ messages: [] }));
  });

  test("of an earlier version, which has marked nothing, is marked at its next start", async () => {
    await withStore(path, (store) => fill(store, 1));
    rmSync(`${path}-kept`);
    await withStore(path, () => Promise.resolve());
    truncateSync(path);
    await expect(createSqliteStore({ path })).rejects.toThrow(/is empty/);
  });
});

test("a write-ahead log that is cut anywhere leaves whole turns, of each session the first ones", async () => {
  const store = await createSqliteStore({ path });
  await fill(store, 6);
  const [folder, name] = [dirname(path), "sessions.db"];
  const size = readFileSync(`${path}-wal`).length;
  const cuts = Array.from({ length: 8 }, (_, index) => Math.floor((size * index) / 8) + index);
  const found: number[] = [];
  for (const cut of cuts) {
    const copy = join(dirname(folder), `cut-${cut}`);
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, `${name}-kept`));
    truncateSync(join(copy, `${name}-wal`), cut);
    await withStore(join(copy, name), async (cutStore) => {
      for (const key of keys) {
        const { messages, revision } = await cutStore.read(key);
        expect(messages).toEqual(toTurns(key, revision));
        found.push(revision);
      }
    });
  }
  await store.close();
  expect(Math.min(...found)).toBe(0);
  expect(Math.max(...found)).toBeGreaterThan(2);
});

/** So many places are tried here; all of a file's would take minutes. */
const flips = 24;

test("a database with one bit changed tells no wrong text: it is refused, or what is damaged is, or it is as it was", async () => {
  await withStore(path, (store) => fill(store, 8));
  const sound = readFileSync(path);
  const outcomes = { refused: 0, damaged: 0, sound: 0 };
  for (let index = 0; index < flips; index += 1) {
    const flipped = Buffer.from(sound);
    const at = Math.floor(((index + 0.5) * flipped.length) / flips);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (index % 8));
    const copy = join(dirname(path), `flip-${index}.db`);
    writeFileSync(copy, flipped);
    const store = await createSqliteStore({ path: copy }).catch(() => undefined);
    if (store === undefined) {
      outcomes.refused += 1;
      continue;
    }
    for (const key of keys) {
      const results = await Promise.allSettled([
        store.read(key),
        store.history(key, { after: 0, limit: 100, includeSuperseded: false }),
      ]);
      const [read, history] = results;
      if (read.status === "fulfilled") expect(read.value.messages).toEqual(toTurns(key, 8));
      if (history.status === "fulfilled")
        expect(history.value?.items.map(({ message }) => message)).toEqual(toTurns(key, 8));
      for (const { status } of results) outcomes[status === "fulfilled" ? "sound" : "damaged"] += 1;
    }
    await store.close();
  }
  expect(outcomes.damaged).toBeGreaterThan(0);
  expect(outcomes.sound).toBeGreaterThan(outcomes.damaged);
});

describe("a session that is damaged", () => {
  async function damage(): Promise<void> {
    await withStore(path, (store) => fill(store, 2));
    using database = new DatabaseSync(path);
    database.exec(
      "UPDATE message SET body = replace(body, 'x', 'y') WHERE session_key = 'agent:main:b' AND sequence = 2",
    );
    database.exec(
      "UPDATE message SET body = replace(body, 'x', 'y') WHERE session_key = 'agent:main:b' AND sequence = 1",
    );
  }

  test("is found by whoever looks for it", async () => {
    await damage();
    await withStore(path, async (store) =>
      expect(await store.examine()).toEqual({ sessions: 3, damaged: ["agent:main:b"] }),
    );
  });

  test.each(["begun anew", "erased"])("can be %s", async (how) => {
    await damage();
    await withStore(path, async (store) => {
      await expect(store.open("agent:main:b", leaseMs)).rejects.toMatchObject({ code: "session_damaged" });
      const arrival = { at: Date.now(), digest: undefined, again: false, blind: true };
      const session = await store.open("agent:main:b", leaseMs, arrival);
      if (session === undefined) throw new Error("The session is leased.");
      expect(session.messages).toEqual([]);
      await (how === "erased" ? store.erase(session.lease) : store.commit(session.lease, { keep: 0, append: [] }));
      await addTurn(store, "agent:main:b", [user("new")]);
      expect((await store.read("agent:main:b")).messages).toEqual([user("new")]);
      expect(await store.examine()).toEqual({ sessions: 3, damaged: [] });
    });
  });

  test("does not come back because somebody has opened it without looking", async () => {
    await withStore(path, async (store) => {
      await fill(store, 1);
      const arrival = { at: Date.now(), digest: undefined, again: false, blind: true };
      const session = await store.open("agent:main:a", leaseMs, arrival);
      if (session !== undefined) await store.release(session.lease);
      expect((await store.read("agent:main:a")).messages).toEqual(toTurns("agent:main:a", 1));
    });
  });
});

describe.skipIf(process.platform === "win32")("a store that cannot write", () => {
  const add = (store: SessionStore): Promise<void> => addTurn(store, "agent:main:a", [user("1")]);

  test("says so when it is asked, until a write goes well again", async () => {
    await withStore(path, async (store) => {
      await store.check();
      renameSync(path, `${path}.away`);
      await expect(add(store)).rejects.toMatchObject({ code: "storage_unavailable" });
      for (const _ of [1, 2]) await expect(store.check()).rejects.toMatchObject({ code: "storage_unavailable" });
      renameSync(`${path}.away`, path);
      await add(store);
      await store.check();
    });
  });

  test("tries by itself when it is asked", async () => {
    await withStore(path, async (store) => {
      renameSync(path, `${path}.away`);
      await expect(add(store)).rejects.toMatchObject({ code: "storage_unavailable" });
      renameSync(`${path}.away`, path);
      await store.check();
    });
  });
});

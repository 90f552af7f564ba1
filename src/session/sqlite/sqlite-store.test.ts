import { chmod, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Message } from "../../base/contract.ts";
import { defineStoreContract } from "../store.suite.ts";
import type { SessionStore } from "../store.ts";
import { addTurn, answer, mustOpen, user } from "../turns.fixture.ts";
import { createDatabasePath } from "./path.fixture.ts";
import { takeSharedThread } from "./shared-thread.fixture.ts";
import { createSqliteStore } from "./sqlite-store.ts";

defineStoreContract("the SQLite store", async () => {
  const { path, remove } = await createDatabasePath();
  // A second store on the same file is to work beside the first, as in another process.
  let connected = 0;
  const connect = (): Promise<SessionStore> =>
    connected++ === 0 ? createSqliteStore({ path, startThread: takeSharedThread }) : createSqliteStore({ path });
  return { connect, remove };
});

const unavailable = { code: "storage_unavailable" };
const hello = user("hello");

let path: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path, remove } = await createDatabasePath());
});

afterEach(() => remove());

async function withStore(use: (store: SessionStore) => Promise<void>): Promise<void> {
  const store = await createSqliteStore({ path, startThread: takeSharedThread });
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

/** Works on the database behind the store's back. */
function edit<Result>(use: (database: DatabaseSync) => Result): Result {
  using database = new DatabaseSync(path);
  return use(database);
}

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o777).toString(8);
}

// Windows has neither these modes nor the removal of a file in use.
const testOnPosix = test.skipIf(process.platform === "win32");

describe("the file", () => {
  testOnPosix("is for its owner only, and so are the directory and SQLite's companions", async () => {
    await withStore(async (store) => {
      await addTurn(store, "k", [hello]);
      const modes = await Promise.all([dirname(path), path, `${path}-wal`, `${path}-shm`].map(modeOf));
      expect(modes).toEqual(["700", "600", "600", "600"]);
    });
  });

  testOnPosix("that others could read is closed to them", async () => {
    await withStore(() => Promise.resolve());
    await chmod(path, 0o644);
    await withStore(async () => expect(await modeOf(path)).toBe("600"));
  });

  test("is all there is after close", async () => {
    await withStore((store) => addTurn(store, "k", [hello]));
    await expect(stat(`${path}-wal`)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("of a newer program is refused and left as it is", async () => {
    await withStore((store) => addTurn(store, "k", [hello]));
    edit((database) => database.exec("PRAGMA user_version = 99"));
    await expect(createSqliteStore({ path })).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/sessions\.db cannot be used: .*schema 99.*version of clawgate/) as string,
    });
    expect(edit((database) => database.prepare("PRAGMA user_version").get())).toEqual({ user_version: 99 });
  });

  testOnPosix.each(["removed", "replaced"])("that is %s while the store is open takes no more turns", async (how) => {
    const store = await createSqliteStore({ path });
    await addTurn(store, "k", [hello]);
    const session = await store.open("k", 60_000);
    await (how === "removed" ? rm(path) : rename(path, `${path}.moved`).then(() => writeFile(path, "")));
    if (session === undefined) throw new Error("The session is leased.");
    await expect(store.commit(session.lease, { keep: 1, append: [hello] })).rejects.toMatchObject(unavailable);
    await expect(store.read("k")).rejects.toMatchObject(unavailable);
    await store.close();
  });
});

describe("the rows", () => {
  test("that a turn supersedes stay readable", async () => {
    await withStore(async (store) => {
      await addTurn(store, "k", [hello, { role: "assistant", content: "old" }]);
      await addTurn(store, "k", [{ role: "assistant", content: "new" }], 1);
    });
    const rows = edit((database) =>
      database
        .prepare("SELECT sequence, turn, body, superseded_at IS NULL AS active FROM message ORDER BY sequence")
        .all(),
    );
    expect(rows).toEqual([
      { sequence: 1, turn: 1, body: JSON.stringify(hello), active: 1 },
      { sequence: 2, turn: 1, body: '{"role":"assistant","content":"old"}', active: 0 },
      { sequence: 3, turn: 2, body: '{"role":"assistant","content":"new"}', active: 1 },
    ]);
  });

  test("are not read again after a turn that went on from an earlier point, and what it keeps is counted", async () => {
    const [old, replaced, next] = [answer("old".repeat(100)), answer("new"), user("next")];
    // Room for what stays; not for what was superseded as well.
    const charactersMax = JSON.stringify([hello, old]).length + 40;
    const store = await createSqliteStore({ path, cacheLimits: { sessionsMax: 2, charactersMax } });
    await addTurn(store, "k", [hello, old]);
    const known = await store.read("k");
    await addTurn(store, "k", [replaced], 1);
    await addTurn(store, "k", [next, answer("x".repeat(200))]);
    const { messages } = await store.read("k");
    await store.close();
    expect(messages).toEqual([hello, replaced, next, answer("x".repeat(200))]);
    // A transcript that is read from the file is made of new objects.
    expect(messages[0]).toBe(known.messages[0]);
  });

  const damages: readonly { readonly what: string; readonly sql: string }[] = [
    {
      what: "changed",
      sql: `UPDATE message SET body = replace(body, 'two', 'tow') WHERE session_key = 'k' AND sequence = 2`,
    },
    { what: "lost", sql: "DELETE FROM message WHERE session_key = 'k' AND sequence = 2" },
    { what: "lost at the end", sql: "DELETE FROM message WHERE session_key = 'k' AND sequence = 3" },
    {
      what: "superseded by nobody",
      sql: "UPDATE message SET superseded_at = 1 WHERE session_key = 'k' AND sequence = 3",
    },
    { what: "in another order", sql: "UPDATE message SET sequence = 9 WHERE session_key = 'k' AND sequence = 1" },
    {
      what: "of another session",
      sql: "UPDATE message SET session_key = 'other' WHERE session_key = 'k' AND sequence = 1",
    },
  ];
  test.each(damages)("that are $what are never served; other sessions are", async ({ sql }) => {
    const messages: readonly Message[] = ["one", "two", "three"].map((content) => ({ role: "user", content }));
    await withStore(async (store) => {
      await addTurn(store, "k", messages);
      await addTurn(store, "sound", [hello]);
      // The foreign key wants a session for the row that goes astray.
      await addTurn(store, "other", []);
    });
    edit((database) => database.exec(sql));
    await withStore(async (store) => {
      const results = await Promise.allSettled([store.read("k"), store.open("k", 1_000), store.read("sound")]);
      expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
      for (const reading of [store.read("k"), store.history("k", { after: 0, limit: 1, includeSuperseded: true })])
        await expect(reading).rejects.toMatchObject({ code: "session_damaged", retry: false });
    });
  });

  test("of a session keep their time when the clock is set back", async () => {
    await withStore(async (store) => {
      await addTurn(store, "k", [hello]);
      // As the session would stand there if the clock had been a day ahead until now.
      edit((database) => database.exec("UPDATE session SET updated_at = updated_at + 86400000"));
      const { updatedAt } = await store.read("k");
      expect(updatedAt).toBeGreaterThan(Date.now());
      await addTurn(store, "k", [hello]);
      expect((await store.read("k")).updatedAt).toBe(updatedAt);
    });
  });

  test("of an erased session are nowhere in the files any more, not even while the store is open", async () => {
    const secret = "correct horse battery staple";
    await withStore(async (store) => {
      await addTurn(store, "other", [hello]);
      await addTurn(store, "k", [user(secret), user(secret.repeat(1_000))]);
      const { lease } = await mustOpen(store, "k");
      await store.commit(lease, {
        keep: 0,
        append: [],
        receipt: { digest: "d", answer: secret.repeat(1_000), again: false },
      });
      await addTurn(store, "k", [hello], 0);
      const holds = async (): Promise<boolean[]> => {
        const files = await Promise.all([path, `${path}-wal`].map((file) => readFile(file, "latin1")));
        return files.map((text) => text.includes(secret));
      };
      expect(await holds()).toContain(true);
      await store.erase((await mustOpen(store, "k")).lease);
      expect(await holds()).toEqual([false, false]);
      expect(await store.read("other")).toMatchObject({ messages: [hello] });
    });
    expect(edit((database) => database.prepare("SELECT count(*) AS n FROM message").get())).toEqual({ n: 1 });
  });

  test("of a session that is erased while another process reads go when it has read, and nobody waits for that", async () => {
    const secret = "correct horse battery staple";
    await withStore(async (store) => {
      await addTurn(store, "k", [user(secret)]);
      await addTurn(store, "other", [hello]);
      const isKept = async (): Promise<boolean> => (await readFile(`${path}-wal`, "latin1")).includes(secret);
      using reader = new DatabaseSync(path);
      reader.exec("BEGIN; SELECT * FROM session");
      reader.prepare("SELECT count(*) FROM message").get();
      const began = performance.now();
      await store.erase((await mustOpen(store, "k")).lease);
      await addTurn(store, "other", [hello]);
      expect(performance.now() - began).toBeLessThan(2_500);
      expect(await isKept()).toBe(true);
      reader.exec("COMMIT");
      // Nobody calls meanwhile.
      await vi.waitFor(async () => expect(await isKept()).toBe(false), { timeout: 5_000, interval: 50 });
    });
  });

  const given = { digest: "d", answer: "a", again: false };
  const answerOf = async (store: SessionStore): Promise<string | undefined> => {
    const session = await store.open("k", 60_000, { at: Date.now(), digest: "d", again: true });
    if (session === undefined) throw new Error("The session is leased.");
    await store.release(session.lease);
    return session.receipt?.answer;
  };
  const addReceipt = async (store: SessionStore, key: string): Promise<void> =>
    store.commit((await mustOpen(store, key)).lease, { keep: 0, append: [], receipt: given });

  test.each([
    { what: "are too old", sql: "UPDATE receipt SET created_at = created_at - 600001" },
    { what: "come from a future that the clock has left", sql: "UPDATE receipt SET created_at = created_at + 700000" },
    { what: "were changed", sql: "UPDATE receipt SET answer = 'b'" },
  ])("of receipts that $what give nothing", async ({ sql }) => {
    await withStore(async (store) => {
      await addReceipt(store, "k");
      expect(await answerOf(store)).toBe("a");
      edit((database) => database.exec(sql));
      expect(await answerOf(store)).toBeUndefined();
    });
  });

  test("of receipts that are too old go with new ones", async () => {
    await withStore(async (store) => {
      for (const key of ["1", "2", "3"]) await addReceipt(store, key);
      edit((database) => database.exec("UPDATE receipt SET created_at = created_at - 600001"));
      await addReceipt(store, "k");
      expect(edit((database) => database.prepare("SELECT session_key FROM receipt").all())).toEqual([
        { session_key: "k" },
      ]);
    });
  });

  test("of a database with the first schema are found in the newest", async () => {
    await withStore((store) => addTurn(store, "agent:main:k", [hello]));
    edit((database) =>
      database.exec(`
        DROP TABLE run_event; DROP TABLE run_key; DROP TABLE run;
        ALTER TABLE lease DROP COLUMN clock; ALTER TABLE lease DROP COLUMN clock_until;
        DROP TABLE key_use; DROP TABLE receipt; DROP INDEX session_listed; ALTER TABLE session DROP COLUMN deleted_at;
        PRAGMA user_version = 1`),
    );
    await withStore(async (store) => {
      expect(await store.read("agent:main:k")).toMatchObject({ messages: [hello], revision: 1 });
      expect((await store.list({ limit: 1 }))?.items).toMatchObject([{ key: "agent:main:k", messageCount: 1 }]);
    });
  });

  const dayMs = 86_400_000;
  test.each<[what: string, sql: string, isFree: boolean]>([
    ["stand however the clock is set meanwhile: forward", `UPDATE lease SET expires_at = expires_at - ${dayMs}`, false],
    ["stand however the clock is set meanwhile: back", `UPDATE lease SET expires_at = expires_at + ${dayMs}`, false],
    ["end by the clock that nobody sets", "UPDATE lease SET clock_until = clock_until - 60001", true],
    ["are no longer than any can be", `UPDATE lease SET clock_until = clock_until + ${dayMs}`, true],
    ["of another system stand by the time of day", "UPDATE lease SET clock = 'x', clock_until = 0", false],
    ["of another system end by it", `UPDATE lease SET clock = 'x', expires_at = expires_at - ${dayMs}`, true],
    ["of an earlier version stand", "UPDATE lease SET clock = NULL, clock_until = NULL", false],
    [
      "of an earlier version hold nobody up that are from before the clock was set back",
      `UPDATE lease SET clock = NULL, clock_until = NULL, expires_at = expires_at + ${dayMs}`,
      true,
    ],
  ])("of leases %s", async (_, sql, isFree) => {
    await withStore(async (store) => {
      await store.open("k", 60_000);
      edit((database) => database.exec(sql));
      expect((await store.open("k", 60_000)) !== undefined).toBe(isFree);
    });
  });
});

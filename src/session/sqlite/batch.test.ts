import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBatch, type RunBatch } from "./batch.ts";
import type { Perform } from "./store-operations.ts";
import type { Call } from "./protocol.ts";

let database: DatabaseSync;
let atCommit: () => void;
let run: RunBatch;

beforeEach(() => {
  database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE note (text TEXT NOT NULL)");
  atCommit = () => undefined;
  run = createBatch(database, perform as Perform, () => atCommit());
});

afterEach(() => database.close());

/** Stands for every operation: writes the key, then fails if that says so. */
function perform({ request: { key } }: Call<"release">): undefined {
  database.prepare("INSERT INTO note VALUES (?)").run(key);
  if (key === "bad") throw new Error("This call fails.");
  if (key === "fatal") database.exec("ROLLBACK; INSERT INTO no_such_table VALUES (1)");
}

function toCalls(...keys: readonly string[]): readonly Call[] {
  return keys.map((key, id) => ({ id, name: "release", request: { key, fence: 1 } }));
}

function notes(): readonly unknown[] {
  return database
    .prepare("SELECT text FROM note")
    .all()
    .map((row) => row["text"]);
}

describe("a batch", () => {
  test("answers its calls in order, and undoes only those that fail", () => {
    const answers = run(toCalls("a", "bad", "b"));
    expect(answers.map(({ id, ok }) => [id, ok])).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
    expect(notes()).toEqual(["a", "b"]);
  });

  test("fails as a whole when a call has ended the transaction, and the next batch goes on", () => {
    expect(run(toCalls("a", "fatal", "b")).map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(notes()).toEqual([]);
    expect(run(toCalls("c"))).toMatchObject([{ ok: true }]);
    expect(notes()).toEqual(["c"]);
  });

  test("fails as a whole when the transaction cannot be committed", () => {
    atCommit = () => {
      throw new Error("database or disk is full");
    };
    expect(run(toCalls("a", "b")).map(({ ok }) => ok)).toEqual([false, false]);
    expect(database.isTransaction).toBe(false);
    expect(notes()).toEqual([]);
  });

  test("throws when the disk did not flush: nothing after that can be trusted", () => {
    atCommit = () => {
      throw Object.assign(new Error("disk I/O error"), { errcode: 1034 });
    };
    expect(() => run(toCalls("a"))).toThrow("disk I/O error");
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Message } from "../../base/contract.ts";
import { createDatabasePath } from "./path.fixture.ts";
import { createSqliteStore } from "./sqlite-store.ts";

const writerPath = fileURLToPath(new URL("./writer.fixture.ts", import.meta.url));
const sessions = 8;

let path: string;
let remove: () => Promise<void>;
let writers: ChildProcess[];

beforeEach(async () => {
  ({ path, remove } = await createDatabasePath());
  writers = [];
});

afterEach(async () => {
  for (const writer of writers) writer.kill("SIGKILL");
  await remove();
});

/** Runs a writer, kills it at its `killAt`-th acknowledgement, and tells how many turns of each session it printed. */
async function write(name: string, turns: number, killAt = Infinity): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [writerPath, path, name, String(sessions), String(turns)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  writers.push(writer);
  const exited = once(writer, "exit");
  const acknowledged = new Map<string, number>();
  let count = 0;
  for await (const line of createInterface(writer.stdout)) {
    const [key = "", turn] = line.split(" ");
    expect(Number(turn)).toBe((acknowledged.get(key) ?? 0) + 1);
    acknowledged.set(key, Number(turn));
    if (++count === killAt) writer.kill("SIGKILL");
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  if (killAt === Infinity) expect([code, signal]).toEqual([0, null]);
  return acknowledged;
}

function turnsOf(key: string, turns: number): readonly Message[] {
  return Array.from({ length: turns }, (_, index): readonly Message[] => [
    { role: "user", content: `${key} question ${index + 1}` },
    { role: "assistant", content: `${key} answer ${index + 1} ${"x".repeat((index + 1) * 37)}` },
  ]).flat();
}

async function assertStored(acknowledged: ReadonlyMap<string, number>, extraMax: number): Promise<void> {
  const store = await createSqliteStore({ path });
  for (const [key, turns] of acknowledged) {
    const { messages, revision } = await store.read(key);
    expect(messages).toEqual(turnsOf(key, revision));
    expect(revision).toBeGreaterThanOrEqual(turns);
    // The kill may have come between the commit and the line that tells of it, once per session.
    expect(revision).toBeLessThanOrEqual(turns + extraMax);
  }
  await store.close();
}

describe("a process killed at any moment", () => {
  test.each([1, 2, 3, 4, 5, 6])("has on disk every turn it acknowledged, once and in order (round %i)", async () => {
    const killAt = 1 + Math.floor(Math.random() * 250);
    const acknowledged = await write("a", 1_000, killAt);
    expect(acknowledged.size, `killed at acknowledgement ${killAt}`).toBeGreaterThan(0);
    await assertStored(acknowledged, 1);
  });
});

test("two processes that make and write the same file at once lose nothing", async () => {
  const [a, b] = await Promise.all([write("a", 40), write("b", 40)]);
  expect([a.size, b.size]).toEqual([sessions, sessions]);
  await assertStored(new Map([...a, ...b]), 0);
});

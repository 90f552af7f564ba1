import { execFileSync } from "node:child_process";
import { statSync, writeSync } from "node:fs";
import { mustOpen } from "../turns.fixture.ts";
import { createSqliteStore } from "./sqlite-store.ts";

// A process whose files can grow no larger than `ulimit -f` says: `node small-disk.fixture.ts <database> <bytes>`. It makes
// the database nearly as large, leaves more in the write-ahead log than there is room for, and erases a session; then the disk grows.

const [path = "", bytesMax = "0"] = process.argv.slice(2);
// The system's way to say that a file may not grow ends the process, unless it listens.
process.on("SIGXFSZ", () => undefined);
const store = await createSqliteStore({ path });

const add = async (key: string, bytes: number): Promise<void> => {
  const { lease, messages } = await mustOpen(store, key);
  await store.commit(lease, { keep: messages.length, append: [{ role: "user", content: "x".repeat(bytes) }] });
};
const erase = async (key: string): Promise<void> => store.erase((await mustOpen(store, key)).lease);
const count = async (key: string): Promise<number> => (await store.find(key))?.messageCount ?? 0;
const tell = async (): Promise<void> => {
  const { size: logBytes } = statSync(`${path}-wal`);
  writeSync(1, `${JSON.stringify({ small: await count("small"), more: await count("more"), logBytes })}\n`);
};

await add("small", 10);
await add("large", Number(bytesMax) * 0.6);
// Moves all of it into the database.
await erase("small");
await add("other", Number(bytesMax) * 0.55);
await add("small", 10);
await erase("small");
await add("more", 10);
await tell();
execFileSync("prlimit", [`--pid=${process.pid}`, "--fsize=unlimited:"]);
await add("more", 10);
await tell();
await store.close();

import { writeSync } from "node:fs";
import { createSqliteStore } from "./sqlite-store.ts";

// A process for the tests to kill: `node writer.fixture.ts <database> <name> <sessions> <turns>`. It adds turns to
// sessions `<name>-0`, `<name>-1`, … all at once, and prints `<session> <turn>` for each one that is acknowledged.

const [path = "", name = "", sessions = "1", turns = "1"] = process.argv.slice(2);
const store = await createSqliteStore({ path });

async function write(key: string): Promise<void> {
  for (let turn = 1; turn <= Number(turns); turn++) {
    const session = await store.open(key, 60_000);
    if (session === undefined) throw new Error(`${key} is leased.`);
    const append = [
      { role: "user" as const, content: `${key} question ${turn}` },
      { role: "assistant" as const, content: `${key} answer ${turn} ${"x".repeat(turn * 37)}` },
    ];
    await store.commit(session.lease, { keep: session.messages.length, append });
    // Synchronous, so that what was printed is what was acknowledged when the kill came.
    writeSync(1, `${key} ${turn}\n`);
  }
}

await Promise.all(Array.from({ length: Number(sessions) }, (_, index) => write(`${name}-${index}`)));
await store.close();

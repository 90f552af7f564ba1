import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import type { SessionStore } from "../store.ts";
import type { StartThread, StoreThread } from "./channel.ts";
import { createSqliteStore } from "./sqlite-store.ts";

let shared: Worker | undefined;
let empty: Promise<Buffer> | undefined;
const stores = new Set<EventEmitter>();

/**
 * A store like any other, on the one thread that all of a process have, and in a copy of an empty database: to start a
 * thread and to make a database, which waits for the disk again and again, costs more than most tests do.
 */
export async function openOnSharedThread(stateFolder: string): Promise<SessionStore> {
  const path = join(stateFolder, "sessions.sqlite");
  writeFileSync(path, await (empty ??= makeEmpty()), { mode: 0o600 });
  return createSqliteStore({ path, startThread: takeSharedThread });
}

async function makeEmpty(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-store-"));
  const path = join(folder, "sessions.sqlite");
  try {
    const store = await createSqliteStore({ path, startThread: takeSharedThread });
    await store.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** For a store whose thread is not what it is about. */
export const takeSharedThread: StartThread = (options) => {
  const { port1, port2 } = new MessageChannel();
  shared ??= startShared();
  shared.postMessage({ port: port2, options }, [port2]);
  const events = new EventEmitter();
  stores.add(events);
  port1.on("message", (message) => events.emit("message", message));
  port1.on("messageerror", (error) => events.emit("messageerror", error));
  port1.on("close", () => {
    stores.delete(events);
    events.emit("exit", 0);
  });
  const thread: StoreThread = {
    on: events.on.bind(events),
    postMessage: port1.postMessage.bind(port1),
    ref: () => port1.ref(),
    unref: () => port1.unref(),
    async terminate() {
      port1.close();
      return 1;
    },
  };
  return thread;
};

function startShared(): Worker {
  const worker = new Worker(new URL("./shared-worker.fixture.ts", import.meta.url), { name: "session-stores" });
  worker.unref();
  worker.once("error", (error) => {
    shared = undefined;
    for (const store of stores) store.emit("error", error);
  });
  return worker;
}

import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { createBatch } from "./batch.ts";
import { openDatabase } from "./database.ts";
import { openHolder } from "./holder.ts";
import { markKept } from "./kept.ts";
import { createPurge } from "./purge.ts";
import { toFailure } from "./store-failure.ts";
import { createOperations } from "./store-operations.ts";
import type { Call, FromWorker, ToWorker, WorkerOptions } from "./protocol.ts";

// The thread that alone touches the database. What arrives while a transaction is being flushed waits in the port, and
// makes the next one: under load the transactions grow, and nothing waits when there is none.

/** Bounds the time that the first call of a transaction waits for the last. */
const batchCallsMax = 512;

/** Opens the database and answers what comes over the port, until it is asked to close both. */
export function serveStore(port: MessagePort, options: WorkerOptions): void {
  const post = (message: FromWorker): void => port.postMessage(message);
  let opened: ReturnType<typeof open>;
  try {
    opened = open(options);
  } catch (error) {
    post({ type: "refused", failure: toFailure(error) });
    port.close();
    return;
  }
  const { database, holder, runBatch, keep, purge } = opened;

  port.on("message", (first: ToWorker) => {
    const { calls, isClosing } = drain(port, first);
    if (calls.length > 0) {
      const answers = runBatch(calls);
      if (answers.some(({ ok }, index) => ok && calls[index]?.name === "commit")) keep();
      purge.run(calls.some(({ name }) => name === "erase"));
      post({ type: "answers", answers });
    }
    if (!isClosing) return;
    purge.run(false);
    purge.stop();
    // The last connection to close moves the write-ahead log into the database and removes it.
    database.close();
    holder.close();
    port.close();
  });
  post({ type: "ready" });
}

function open({ path, id }: WorkerOptions) {
  const { database, assertInPlace } = openDatabase(path);
  const holder = openHolder({ path, id });
  const runBatch = createBatch(database, createOperations(database, holder), assertInPlace);
  const keep = createKeep(path);
  if (database.prepare("SELECT 1 FROM session LIMIT 1").get() !== undefined) keep();
  return { database, holder, runBatch, keep, purge: createPurge(database) };
}

/** Marks the database as one that has sessions. It is not worth a turn: where that fails, it is tried with the next. */
function createKeep(path: string): () => void {
  let marked = false;
  return () => {
    if (marked) return;
    try {
      markKept(path);
      marked = true;
    } catch {
      // The disk is full, or somebody else's: whoever writes next will hear of it.
    }
  };
}

function drain(port: MessagePort, first: ToWorker): { readonly calls: readonly Call[]; readonly isClosing: boolean } {
  const calls: Call[] = [];
  let message: ToWorker | undefined = first;
  while (message !== undefined) {
    if (message.name === "close") return { calls, isClosing: true };
    calls.push(message);
    if (calls.length === batchCallsMax) break;
    message = receiveMessageOnPort(port)?.message as ToWorker | undefined;
  }
  return { calls, isClosing: false };
}

// Loaded before a subject: `SIGUSR2` prints what is live after a collection, in bytes. The store's worker loads it too,
// but signals are the main thread's.
import { isMainThread } from "node:worker_threads";

if (isMainThread)
  process.on("SIGUSR2", () => {
    // What the first collection lets go by finalisers is free after the second.
    globalThis.gc?.();
    globalThis.gc?.();
    console.log(`heap ${process.memoryUsage().heapUsed}`);
  });

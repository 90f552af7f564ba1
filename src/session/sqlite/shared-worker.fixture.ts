import { type MessagePort, parentPort } from "node:worker_threads";
import type { WorkerOptions } from "./protocol.ts";
import { serveStore } from "./serve.ts";

// A thread for the tests that serves many stores, each over a port of its own.

parentPort?.on("message", ({ port, options }: { readonly port: MessagePort; readonly options: WorkerOptions }) =>
  serveStore(port, options),
);

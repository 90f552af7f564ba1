import { parentPort, workerData } from "node:worker_threads";
import type { WorkerOptions } from "./protocol.ts";
import { serveStore } from "./serve.ts";

if (parentPort === null) throw new Error("This file runs as a worker thread only.");
serveStore(parentPort, workerData as WorkerOptions);

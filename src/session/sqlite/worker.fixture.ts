import { parentPort, workerData } from "node:worker_threads";
import type { WorkerOptions } from "./protocol.ts";

// A worker for the tests that never answers, and fails in the way that `path` says.

const failures: Readonly<Record<string, () => void>> = {
  throws: () => {
    throw new Error("The disk is gone.");
  },
  exits: () => process.exit(3),
};
const { path } = workerData as WorkerOptions;

parentPort?.once("message", () => failures[path]?.());
parentPort?.postMessage({ type: "ready" });

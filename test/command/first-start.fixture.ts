import { parentPort, workerData } from "node:worker_threads";
import { loadCredential } from "../../src/edge/credential.ts";
import { parseConfig } from "../../src/base/config/load.ts";

// A thread that makes a first start in each folder, at the same moment as every other thread. Posts the tokens.

export interface FirstStarts {
  readonly folders: readonly string[];
  readonly threads: number;
  /** Counts the threads that have come to each folder. */
  readonly gates: Int32Array;
}

const { folders, threads, gates } = workerData as FirstStarts;
const config = parseConfig({});

function start(folder: string, round: number): string {
  Atomics.add(gates, round, 1);
  // Waits without sleeping: the point is to be as close together as threads can be.
  while (Atomics.load(gates, round) < threads);
  try {
    const credential = loadCredential(config, folder);
    return "secret" in credential ? credential.secret : "no token";
  } catch (error) {
    return (error as Error).message.replace(folder, "");
  }
}

parentPort?.postMessage(folders.map(start));

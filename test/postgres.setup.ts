import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the PostgreSQL server of this run is, once a test has needed it. */
    readonly postgresFolder: string;
    readonly runner: number;
  }
}

/** One server for all tests of a run: the first that needs it starts it (`postgres.fixture.ts`), and this ends it. */
export default function setUp({ provide }: TestProject): () => Promise<void> {
  // Short: the name of a socket may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), "pg-"));
  provide("postgresFolder", folder);
  provide("runner", process.pid);
  return async () => {
    const path = join(folder, "data/postmaster.pid");
    if (existsSync(path)) await end(Number(readFileSync(path, "utf8").split("\n")[0]));
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Ends a server at once: nothing in it is worth writing down. */
async function end(pid: number): Promise<void> {
  process.kill(pid, "SIGQUIT");
  while (isRunning(pid)) await delay(5);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

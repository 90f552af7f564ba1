import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import type { FirstStarts } from "./first-start.fixture.ts";

const threads = 2;
const rounds = 100;

test("first starts at the same moment agree on one token, and none of them fails", async () => {
  const root = mkdtempSync(join(tmpdir(), "clawgate-first-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folders = Array.from({ length: rounds }, (_, round) => join(root, String(round)));
  for (const folder of folders) mkdirSync(folder);
  const gates = new Int32Array(new SharedArrayBuffer(4 * rounds));
  const workerData: FirstStarts = { folders, threads, gates };
  const tokens = await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(new URL("./first-start.fixture.ts", import.meta.url), { workerData });
      const [found] = (await once(worker, "message")) as [string[]];
      return found;
    }),
  );
  for (const token of tokens.flat()) expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(tokens[1]).toEqual(tokens[0]);
});

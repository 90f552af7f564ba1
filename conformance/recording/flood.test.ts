// Recordings of servers that send without end: neither they nor their replays fill the memory.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import type { Report } from "../shapes.ts";
import { bytesMax, runSuite } from "../test/suite.fixture.ts";
import { createFolder, toVerdicts } from "./recording.fixture.ts";

/** What asks a dozen times at once, what reads through each lens, and what reads a raw connection to its end. */
const words = ["--model", "m", "--sdk", "7,4", "--only", "ERR-01,NS-01,SDK-01,ROB-01", "--timeout", "60s"];
const key = "sk-q7Rr8wQ3nTz5Yb6Lm";

/** Whatever is asked, so much of it as is taken, at most 1 GiB. */
async function listen(toPiece: () => Buffer): Promise<string> {
  const server = createServer((_request, response) => {
    let left = 2 ** 30;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const write = (): void => {
      while (left > 0 && !response.destroyed) {
        const piece = toPiece();
        left -= piece.length;
        if (!response.write(piece)) return void response.once("drain", write);
      }
      response.end();
    };
    write();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const line = Buffer.from(`data: ${"x".repeat(65_000)} ${key}\n\n`);
const noise = randomBytes(65_536);
const tokens = Buffer.from(
  Array.from({ length: 2000 }, () => `"token":"${randomBytes(12).toString("hex")}",`).join(""),
);

test.for([
  { what: "events", toPiece: () => line, file: "wire.jsonl" },
  { what: "noise", toPiece: () => noise, file: "wire.jsonl.gz" },
])("a flood of $what is recorded and judged again", { timeout: 300_000 }, async ({ toPiece, file }) => {
  const folder = createFolder();
  const load = (name: string): Report => JSON.parse(readFileSync(join(folder, name), "utf8")) as Report;
  const called = ["--base-url", await listen(toPiece), ...words, "--header", `x-api-key=${key}`];
  const recorded = await runSuite([...called, "--record", file, "--report", "json=a.json"], folder);
  expect(recorded).toMatchObject({ status: 1 });
  expect(recorded.bytes).toBeLessThan(bytesMax);
  // Dozens of answers, each of them as long as the suite reads.
  expect(statSync(join(folder, file)).size).toBeGreaterThan(40 * 2 ** 20);
  const replayed = await runSuite(["--replay", file, "--report", "json=b.json"], folder);
  expect(replayed).toMatchObject({ status: 1 });
  expect(replayed.bytes).toBeLessThan(bytesMax);
  expect(toVerdicts(load("b.json"))).toEqual(toVerdicts(load("a.json")));
  if (!file.endsWith(".gz")) expect(readFileSync(join(folder, file)).includes(key)).toBe(false);
});

test("a recording that would have too many secrets in it says that it is cut", { timeout: 120_000 }, async () => {
  const folder = createFolder();
  const called = ["--base-url", await listen(() => tokens), ...words, "--record", "wire.jsonl"];
  const recorded = await runSuite(called, folder);
  expect(recorded.notes).toContain("wire.jsonl lacks what was said in NS-01: the server hands out more cookies");
  const replayed = await runSuite(["--replay", "wire.jsonl"], folder);
  expect(replayed.notes).toContain("wire.jsonl lacks what the server was asked before its first case");
  expect(replayed.status).toBe(2);
});

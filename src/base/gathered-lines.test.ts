import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { gatherLines } from "./gathered-lines.ts";

function gather(): { pieces: string[]; write: (line: string) => void } {
  const pieces: string[] = [];
  const gathered = gatherLines({ write: (piece) => void pieces.push(piece) });
  return { pieces, write: (line) => gathered.write(line) };
}

test("lines go out together, in their order, after a tenth of a second", () => {
  vi.useFakeTimers();
  const { pieces, write } = gather();
  for (const line of ["a\n", "b\n"]) write(line);
  vi.advanceTimersByTime(99);
  expect(pieces).toEqual([]);
  vi.advanceTimersByTime(1);
  write("c\n");
  vi.advanceTimersByTime(100);
  expect(pieces).toEqual(["a\nb\n", "c\n"]);
  vi.useRealTimers();
});

test("many go out at once, and nothing is left behind that would hold or end the process", () => {
  const before = process.listenerCount("exit");
  const { pieces, write } = gather();
  const line = `${"x".repeat(999)}\n`;
  for (let count = 0; count < 32; count++) write(line);
  expect(pieces).toEqual([line.repeat(16), line.repeat(16)]);
  expect(process.listenerCount("exit")).toBe(before);
});

test.each([
  ["that ends by itself", 500, ""],
  ["that ends by itself, with little to say", 3, ""],
  ["that is told to", 3, "process.exit(0);"],
  ["that is told to later on", 3, "setTimeout(() => process.exit(0), 300);"],
  ["that breaks", 3, "throw new Error('broken');"],
])("a process %s has written every line of its log", async (_, lines, end) => {
  const log = JSON.stringify(join(import.meta.dirname, "log.ts"));
  const script = `import { createLog } from ${log};
const log = createLog("info");
for (let count = 0; count < ${lines}; count++) log.info({ count }, "line");
${end}`;
  const args = ["--input-type=module", "-e", script];
  const ended = promisify(execFile)(process.execPath, args).catch((error: unknown) => error as { stderr: string });
  const counts = [...(await ended).stderr.matchAll(/"count":(\d+)/g)].map(([, count]) => Number(count));
  expect(counts).toEqual(Array.from({ length: lines }, (_unused, count) => count));
});

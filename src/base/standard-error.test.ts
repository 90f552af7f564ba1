import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, test } from "vitest";

const log = JSON.stringify(join(import.meta.dirname, "log.ts"));

/** Says on its standard output how far it came: what a reader of the log does shall not matter to it. */
function startLogging(lines: number, stderr: "pipe" | number = "pipe"): ReturnType<typeof spawn> {
  const script = `import { createLog } from ${log};
const log = createLog("info");
for (let count = 0; count < ${lines}; count++) log.info({ count, pad: "x".repeat(200) }, "line");
process.stdout.write("said");
process.stdin.once("data", () => {
  log.info("last");
  process.exit(7);
});`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", stderr] });
}

async function end(child: ReturnType<typeof spawn>): Promise<unknown> {
  child.stdin?.write("\n");
  const [status] = (await once(child, "exit")) as [number | null];
  return status;
}

interface Line {
  readonly msg: string;
  readonly count?: number;
  readonly lines?: number;
}

const few = 3;
const moreThanAPipeHolds = 3_000;

test.concurrent.each([few, moreThanAPipeHolds])(
  "a reader that has gone ends nothing and holds nothing up: %i lines",
  async (lines) => {
    const child = startLogging(lines);
    await once(child.stdout as Readable, "data");
    child.stderr?.destroy();
    expect(await end(child)).toBe(7);
  },
);

test.concurrent.each([few, moreThanAPipeHolds])(
  "a disk that is full ends nothing and holds nothing up: %i lines",
  async (lines) => {
    const full = openSync("/dev/full", "w");
    const child = startLogging(lines, full);
    closeSync(full);
    await once(child.stdout as Readable, "data");
    expect(await end(child)).toBe(7);
  },
);

test.concurrent("a reader that takes nothing holds the end up for no longer than a second or so", async () => {
  const child = startLogging(moreThanAPipeHolds);
  await once(child.stdout as Readable, "data");
  expect(await end(child)).toBe(7);
});

/** Reads what the log says until the last line has come, and only then lets the process end: a busy reader is no part of it. */
async function readWhole(child: ReturnType<typeof spawn>, isLast: (lines: string) => boolean): Promise<Line[]> {
  await once(child.stdout as Readable, "data");
  let lines = "";
  let isTold = false;
  for await (const part of (child.stderr as Readable).setEncoding("utf8")) {
    lines += part;
    if (!isTold && isLast(lines)) isTold = Boolean(child.stdin?.write("\n"));
  }
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test.concurrent("a reader that was late gets every line whole and in order", async () => {
  const child = startLogging(moreThanAPipeHolds);
  const counts = (await readWhole(child, (lines) => lines.includes(`:${moreThanAPipeHolds - 1},`))).map(
    ({ count }) => count,
  );
  expect(counts).toEqual([...Array.from({ length: moreThanAPipeHolds }, (_, count) => count), undefined]);
});

test.concurrent("who is too far behind is told how many lines there is nothing of", async () => {
  const said = 60_000;
  const lines = await readWhole(startLogging(said), (sofar) => sofar.includes("log lines were lost"));
  const lost = lines.findIndex(({ msg }) => msg === "log lines were lost");
  expect(lines[lost]?.lines).toBeGreaterThan(0);
  expect(lines.slice(0, lost).map(({ count }) => count)).toEqual(Array.from({ length: lost }, (_, count) => count));
  expect(lost + Number(lines[lost]?.lines)).toBe(said);
  expect(lines.at(-1)?.msg).toBe("last");
});

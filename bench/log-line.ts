// What the one log line of a request costs, beside `JSON.stringify` of the same, in one run: `node bench/log-line.ts`.
import { closeSync, openSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { gatherLines, type LogDestination } from "../src/base/gathered-lines.ts";
import { createLog } from "../src/base/log.ts";
import { createReadableLog } from "../src/base/readable-log.ts";

const turns = 1000;
const linesPerTurn = 50;
const rounds = 5;

/** As src/edge/passage.ts has it. */
const toLine = (count: number): Record<string, unknown> => ({
  requestId: "req_9d2fe4f0cd9e3ed44d6d0766",
  address: "127.0.0.1",
  operation: "createChatCompletion",
  method: "POST",
  agent: "main",
  model: "embedded/assistant",
  tokens: count,
  session: "agent:main:openai-user:ada",
  status: 200,
  ms: 14.3,
});

const nowhere = openSync("/dev/null", "w");
const paint = (_: string, text: string): string => `\u001b[2m${text}\u001b[0m`;

function toWriter(destination: LogDestination): (count: number) => void {
  const log = createLog("info", destination).child({}, { redact: [] });
  return (count) => log.info(toLine(count), "request");
}

const ways: Readonly<Record<string, (count: number) => void>> = {
  "JSON.stringify and nothing else": (count) => void JSON.stringify({ level: 30, time: Date.now(), ...toLine(count) }),
  "as JSON, to a pipe or a file": toWriter(gatherLines({ write: (text) => void writeSync(nowhere, text) })),
  "for eyes, on a terminal": toWriter(createReadableLog((text) => void writeSync(nowhere, text), paint)),
};

/** Microseconds of CPU for a line. */
async function measure(write: (count: number) => void): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < turns; turn++) {
    for (let count = 0; count < linesPerTurn; count++) write(count);
    // oxlint-disable-next-line no-await-in-loop -- between turns what is gathered is written
    await setImmediate();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (turns * linesPerTurn);
}

const best = new Map<string, number>();
for (let round = 0; round < rounds; round++) {
  for (const [way, write] of Object.entries(ways))
    // oxlint-disable-next-line no-await-in-loop -- one after the other, on one machine
    best.set(way, Math.min(best.get(way) ?? Infinity, await measure(write)));
}
const [floor = 1] = best.values();
for (const [way, cost] of best)
  console.log(`${way.padEnd(34)} ${cost.toFixed(2)} µs a line, ${(cost / floor).toFixed(1)} times the least`);
closeSync(nowhere);

// Speed, measured from outside: the gateway beside raw Node servers that do the least for the same bytes, in one run.
// Absolute figures are the machine's; the ratios are the gateway's. Linux only (/proc).
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { readArguments, type RowName } from "./arguments.ts";
import { compare, type Kept } from "./compare.ts";
import type { Row } from "./context.ts";
import type { Figure } from "./figures.ts";
import { startClient } from "./load.ts";
import { toChangeLine, toLine } from "./report.ts";
import { benchFirst } from "./rows/first.ts";
import { benchMemory } from "./rows/memory.ts";
import { benchOverload } from "./rows/overload.ts";
import { benchRelay } from "./rows/relay.ts";
import { benchRequest } from "./rows/request.ts";
import { benchScale } from "./rows/scale.ts";
import { benchSockets } from "./rows/sockets.ts";
import { benchStart } from "./rows/start.ts";
import { benchToken } from "./rows/token.ts";
import { benchTurn } from "./rows/turn.ts";

const rows: Record<RowName, Row> = {
  request: benchRequest,
  relay: benchRelay,
  token: benchToken,
  first: benchFirst,
  turn: benchTurn,
  memory: benchMemory,
  start: benchStart,
  overload: benchOverload,
  scale: benchScale,
  sockets: benchSockets,
};

const options = readArguments(process.argv.slice(2));
const root = join(import.meta.dirname, "..");
const before = options.compare === undefined ? undefined : (JSON.parse(readFileSync(options.compare, "utf8")) as Kept);
const folder = mkdtempSync(join(tmpdir(), "clawgate-bench-"));
const client = startClient();
const candidates = [
  { name: "this", folder: root },
  ...options.beside.map((path, place) => ({ name: `${basename(resolve(path))}-${place + 1}`, folder: resolve(path) })),
];
const figures: Figure[] = [];
try {
  for (const name of options.only) {
    const found = await rows[name]({ quick: options.quick, candidates, client, folder });
    for (const figure of found) console.log(toLine(figure));
    figures.push(...found);
  }
} finally {
  client.stop();
  rmSync(folder, { recursive: true, force: true });
}
const kept: Kept = { commit: readCommit(), machine: describeMachine(), quick: options.quick, figures };
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(kept, null, 2)}\n`);
if (before !== undefined) {
  if (before.quick !== options.quick)
    throw new Error(`${options.compare} was measured ${before.quick ? "with" : "without"} --quick; do the same`);
  console.log(`\nbeside ${before.commit}, as ratios`);
  const changes = compare(before.figures, figures);
  for (const change of changes) console.log(toChangeLine(change));
  if (changes.length === 0) throw new Error(`${options.compare} has no ratio of the rows that were measured`);
  if (changes.some(({ slower }) => slower)) process.exitCode = 1;
}

function describeMachine(): string {
  return `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
}

function readCommit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return "no checkout";
  }
}

// Faults of the suite and of its machine, put in from outside: none of them may be laid at a server's door.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { type Case, defineCases } from "../case.ts";
import type { Clock } from "../judge/clock.ts";
import { runCases } from "../judge/engine.ts";
import { Failure } from "../expect.ts";
import { plain } from "../tell/paint.ts";
import { runConformance } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { listen } from "./listen.fixture.ts";

const program = join(import.meta.dirname, "../bin/conformance.mjs");
const quiet = { ...process.env, GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "", OPENAI_API_KEY: "" };

/** Its answers come in two pieces with a pause between, if one is wanted. */
function listenPausing(pauseMs = 0): Promise<string> {
  const body = JSON.stringify({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] });
  return listen((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    if (pauseMs === 0) return void response.end(body);
    response.write(body.slice(0, 10));
    setTimeout(() => response.end(body.slice(10)), pauseMs);
  });
}

interface Ended {
  readonly status: number | null;
  readonly text: string;
}

/** The suite as a program, in a process that a script has got at before. */
async function runSpoilt(
  spoil: string,
  words: readonly string[] = [],
  { environment = {}, pauseMs = 0 }: { readonly environment?: object; readonly pauseMs?: number } = {},
): Promise<Ended & { folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "conformance-faults-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "spoil.mjs"), spoil);
  const server = await toServerWords(pauseMs);
  const child = spawn(process.execPath, ["--import", join(folder, "spoil.mjs"), program, ...server, ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...quiet, ...environment },
  });
  return { ...(await toEnded(child)), folder };
}

async function toServerWords(pauseMs?: number): Promise<string[]> {
  return ["--base-url", await listenPausing(pauseMs), "--model", "m", "--only", "MOD-01", "--sdk", "7"];
}

function toEnded(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (text += bytes.toString()));
  return new Promise((resolve) => {
    child.once("close", (status) => resolve({ status, text }));
  });
}

/** After the probes every new connection fails as on a machine that has no files left. */
const noSockets = `
import net from "node:net";
const connect = net.Socket.prototype.connect;
const tell = process.stderr.write;
let probed = false;
process.stderr.write = function (...words) {
  probed = true;
  return tell.apply(this, words);
};
net.Socket.prototype.connect = function (...words) {
  if (!probed) return connect.apply(this, words);
  const error = Object.assign(new Error("connect EMFILE"), { code: "EMFILE", syscall: "connect" });
  process.nextTick(() => this.destroy(error));
  return this;
};`;

/** Every file but the page cannot be written, for the disk is full. */
const fullDisk = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const write = fs.writeFileSync;
fs.writeFileSync = (file, ...rest) => {
  if (String(file).endsWith(".html")) return write(file, ...rest);
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};
syncBuiltinESMExports();`;

test("a healthy run in the same harness ends with 0", async () => {
  expect(await runSpoilt("")).toMatchObject({ status: 0 });
});

test("a machine without sockets is an error of the suite: 4", async () => {
  const { status, text } = await runSpoilt(noSockets);
  expect(text).toMatch(/^error MOD-01.*EMFILE/m);
  expect(text).toContain("0 passed, 0 failed");
  expect(status).toBe(4);
});

test("a full disk costs the reports that it has no room for, and no finding", async () => {
  const reports = ["junit=a.xml", "json=a.json", "html=a.html"].flatMap((report) => ["--report", report]);
  const { status, text, folder } = await runSpoilt(fullDisk, [...reports, "--record", "wire.jsonl"]);
  for (const file of ["a.xml", "a.json", "wire.jsonl"])
    expect(text).toMatch(new RegExp(`Cannot write .*${file}: ENOSPC`));
  expect(readFileSync(join(folder, "a.html"), "utf8")).toContain("</html>");
  expect(text).toContain("1 passed, 0 failed");
  expect(status).toBe(4);
});

/** Somebody sets the clock by an hour and back again, many times a second. */
const jumpingClock = `
const now = Date.now;
let hours = 0;
setInterval(() => (hours = 1 - hours), 20).unref();
Date.now = () => now() + hours * 3_600_000;
const { Date: Machine } = globalThis;
globalThis.Date = class extends Machine {
  constructor(...words) {
    super(...(words.length === 0 ? [Machine.now()] : words));
  }
};`;

interface Tell {
  readonly connections?: readonly { readonly events: readonly { readonly at: number; readonly came?: string }[] }[];
}

test("a clock that jumps leaves a recording whose times are true, and judges as one that does not", async () => {
  // Longer than the clock stands at either hour: it jumps within each answer.
  const pauseMs = 90;
  // The newest SDK looks at the time of day to give up a call; this one does not.
  const words = ["--sdk", "4", "--record", "wire.jsonl"];
  const { status, text, folder } = await runSpoilt(jumpingClock, words, { pauseMs });
  expect(status).toBe(0);
  const lines = readFileSync(join(folder, "wire.jsonl"), "utf8").trim().split("\n");
  const tells = lines.map((line) => JSON.parse(line) as Tell);
  const connections = tells.flatMap(({ connections: all = [] }) => all.map(({ events }) => events));
  let whole = 0;
  for (const events of connections) {
    const times = events.map(({ at }) => at);
    expect(times, "times that only grow").toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    const came = events.filter((event) => event.came !== undefined);
    // Of one that was given up there is no second piece.
    if (came.length < 2) continue;
    whole++;
    const apart = (came.at(-1)?.at ?? 0) - (came[0]?.at ?? 0);
    expect(apart, "the pause of the server").toBeGreaterThan(pauseMs / 2);
    expect(apart).toBeLessThan(60_000);
  }
  expect(whole).toBeGreaterThan(5);
  const replay = spawn(process.execPath, ["--import", join(folder, "spoil.mjs"), program, "--replay", "wire.jsonl"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: quiet,
  });
  const replayed = await toEnded(replay);
  expect(replayed.status).toBe(0);
  for (const said of [text, replayed.text]) expect(said).toMatch(/^1 passed, 0 failed, 0 skipped$/m);
});

const full = "/dev/full";

test.runIf(existsSync(full))("a device that is full costs each report, the recording and the baseline: 4", async () => {
  const kinds = ["junit", "json", "matrix", "html", "md", "badge"].flatMap((kind) => ["--report", `${kind}=${full}`]);
  const words = [...kinds, "--write-baseline", full, "--record", full];
  const { status, text } = await runSpoilt("", words, { environment: { GITHUB_STEP_SUMMARY: full } });
  expect(text.match(/^Cannot write \/dev\/full: ENOSPC/gm)).toHaveLength(9);
  expect(text).toContain("1 passed, 0 failed");
  expect(status).toBe(4);
});

test.runIf(existsSync(full)).for([
  ["its findings", [">", full], 4, /^clawgate-conformance: cannot write the output: ENOSPC.*$/gm],
  ["its notes", ["2>", full], 0, /^1 passed, 0 failed/gm],
] as const)("a disk that is full for %s is told, and no finding of the server", async ([, redirection, want, says]) => {
  const words = [...(await toServerWords()), ...redirection];
  const child = spawn("/bin/sh", ["-c", [process.execPath, program, ...words].join(" ")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: quiet,
  });
  const { status, text } = await toEnded(child);
  expect(text.match(says)).toHaveLength(1);
  expect(text).not.toMatch(/^\s+at /m);
  expect(status).toBe(want);
});

test.each<{ name: string; run: Case["run"]; status: number; says: string }>([
  {
    name: "a bug of its own",
    run: () => Promise.reject(new TypeError("undefined is not a function")),
    status: 4,
    says: "error BUG-01: TypeError: undefined is not a function",
  },
  {
    name: "no end, though no server lets it wait,",
    run: () => new Promise(() => undefined),
    status: 4,
    says: "error BUG-01: Error: the case was not decided within 50 ms",
  },
  {
    name: "a finding",
    run: () => Promise.reject(new Failure("this", "that")),
    status: 1,
    says: "fail  BUG-01: expected this, got that",
  },
])("a case with $name ends with $status", async ({ run, status, says }) => {
  const what = { level: "MUST", requirement: "It holds.", source: "A test.", limitMs: 50 } as const;
  const cases = defineCases([{ ...what, id: "BUG-01", run }]);
  const ended = { status: 0, text: "" };
  const terminal: Terminal = {
    environment: {},
    cwd: tmpdir(),
    print: (text) => void (ended.text += `${text}\n`),
    write: (text) => void (ended.text += text),
    note: () => undefined,
    paint: { print: plain, note: plain },
    interactive: false,
    fail: (failed) => void (ended.status = failed),
  };
  const words = ["--base-url", await listenPausing(), "--model", "m", "--only", "BUG"];
  await runConformance(terminal, words, { words: "suite", cases, titles: { BUG: "Bugs" } });
  expect(ended.text).toContain(says);
  expect(ended.status).toBe(status);
});

/** A clock that somebody sets, or a process that stands still, each time that a case has begun. */
function createFaultyClock(fault: "jump" | "stand still" | "work"): { clock: Clock; strike: () => void } {
  let [stillMs, jumpMs, workedMs] = [0, 0, 0];
  const strike = (): void => {
    if (fault === "jump") jumpMs += 3_600_000;
    else stillMs += 5000;
    if (fault === "work") workedMs += 5000;
  };
  const monotonic = (): number => performance.now() + stillMs;
  return { clock: { monotonic, wall: () => Date.now() + stillMs + jumpMs, worked: () => workedMs }, strike };
}

test.each<{ fault: Parameters<typeof createFaultyClock>[0]; strikes: number; want: object }>([
  {
    fault: "jump",
    strikes: 2,
    want: { verdict: "error", reason: expect.stringContaining("set by 3600.0 s") as string },
  },
  {
    fault: "stand still",
    strikes: 2,
    want: { verdict: "error", reason: expect.stringContaining("stood still") as string },
  },
  { fault: "jump", strikes: 1, want: { verdict: "fail", actual: "late" } },
  { fault: "stand still", strikes: 0, want: { verdict: "fail", actual: "late" } },
  { fault: "work", strikes: 2, want: { verdict: "fail", actual: "late" } },
])("a finding made while the clocks $fault $strikes times is $want.verdict", async ({ fault, strikes, want }) => {
  const { clock, strike } = createFaultyClock(fault);
  let [attempts, left] = [0, strikes];
  const run: Case["run"] = () => {
    attempts++;
    if (left-- > 0) strike();
    return Promise.reject(new Failure("soon", "late"));
  };
  const { results } = await runCases({
    cases: [{ id: "T-01", level: "MUST", requirement: "It holds.", source: "A test.", run }],
    subject: { baseUrl: await listenPausing(), apiKey: "", model: "m", profile: "chat" },
    capabilities: new Map(),
    sdks: [7],
    concurrency: 1,
    seed: 1,
    baseline: new Map(),
    clock,
  });
  expect(results).toMatchObject([want]);
  expect(attempts).toBe(fault === "work" || strikes === 0 ? 1 : 2);
});

// What the gateway adds to a model server behind `openai-completions`: beside a bare byte pipe in the same run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Call, measureFirstToken, post } from "./load.ts";
import { median, percentile, print } from "./print.ts";
import { readCpuSeconds, startSubject, type Subject } from "./process.ts";

const token = "bench-token-0123456789abcdef";
const root = join(import.meta.dirname, "..");

const streams = 200;
const tokensPerStream = 160;
const tokenMs = 50;
const rounds = 3;
/** Calls whose first token is waited for, while the streams run. */
const probes = 300;
const longTokens = 150_000;

const paced = `paced-${tokensPerStream}-${tokenMs}`;
const quick = "paced-1-0";
const long = `burst-${longTokens}`;

export async function benchRelay(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-bench-"));
  const upstream = await startSubject([join(root, "bench/upstream.ts")]);
  try {
    const config = join(folder, "clawgate.json5");
    writeFileSync(config, JSON.stringify(toConfig(upstream.url)));
    const pipe = await startSubject([join(root, "bench/pipe.ts"), upstream.url]);
    const gateway = await startSubject([join(root, "bin/clawgate.mjs"), "gateway", "--config", config], {
      OPENCLAW_GATEWAY_TOKEN: token,
      OPENCLAW_STATE_DIR: join(folder, "state"),
    });
    await benchStreams(gateway, pipe);
    await gateway.stop();
    await pipe.stop();
    await benchHeap(config, join(folder, "heap"));
  } finally {
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One agent for each thing that the upstream can do. */
function toConfig(upstream: string): object {
  const list = [paced, quick, long].map((model, index) => ({
    id: model,
    model: `bench/${model}`,
    default: index === 0,
  }));
  return {
    gateway: { port: 0, http: { endpoints: { chatCompletions: { enabled: true } } } },
    agents: { list },
    models: { providers: { bench: { api: "openai-completions", baseUrl: `${upstream}/v1` } } },
  };
}

interface Target {
  readonly subject: Subject;
  /** The gateway's agent, or the upstream's model. */
  readonly toModel: (model: string) => string;
}

function toBody(model: string): string {
  return JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Go on." }] });
}

async function benchStreams(gateway: Subject, pipe: Subject): Promise<void> {
  const ours: Target = { subject: gateway, toModel: (model) => `openclaw/${model}` };
  const bare: Target = { subject: pipe, toModel: (model) => model };
  const perToken = { ours: [] as number[], bare: [] as number[] };
  const firstToken = { ours: [] as number[], bare: [] as number[] };
  await runStreams(ours, []);
  for (let round = 0; round < rounds; round++) {
    perToken.bare.push(await runStreams(bare, firstToken.bare));
    perToken.ours.push(await runStreams(ours, firstToken.ours));
  }
  const name = `${streams} streams × ${1000 / tokenMs} tokens/s`;
  print(`${name}, gateway (aim: 70 µs)`, `${median(perToken.ours).toFixed(1)} µs CPU a token`);
  print(`${name}, bare byte pipe`, `${median(perToken.bare).toFixed(1)} µs CPU a token`);
  for (const [label, share, aim] of [
    ["p50", 0.5, ""],
    ["p99", 0.99, " (aim: 10 ms)"],
  ] as const) {
    const [through, direct] = [percentile(firstToken.ours, share), percentile(firstToken.bare, share)];
    const told = `${(through - direct).toFixed(1)} ms more than the pipe's ${direct.toFixed(1)} ms`;
    print(`time to first token under that load, ${label}${aim}`, told);
  }
}

/** CPU of the subject for each token, in microseconds; the probes' calls are few beside the streams' tokens. */
async function runStreams({ subject, toModel }: Target, firstTokens: number[]): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const before = readCpuSeconds(subject.pid);
  const call = { url: subject.url, token, body: toBody(toModel(paced)) };
  const running = Promise.all(Array.from({ length: streams }, () => post(call, agent)));
  await delay(1_000);
  const probe = { ...call, body: toBody(toModel(quick)) };
  for (let count = 0; count < probes / rounds; count++) {
    firstTokens.push(await measureFirstToken(probe, agent));
    await delay(30);
  }
  await running;
  agent.destroy();
  return ((readCpuSeconds(subject.pid) - before) * 1e6) / (streams * tokensPerStream);
}

async function benchHeap(config: string, stateFolder: string): Promise<void> {
  const subject = await startSubject(["--expose-gc", join(root, "bench/heap.ts"), config, stateFolder, token]);
  const agent = new Agent({ keepAlive: true });
  const call = (model: string): Call => ({ url: subject.url, token, body: toBody(`openclaw/${model}`) });
  // The first one compiles the code and fills the caches, which are no stream's.
  await post(call(long), agent);
  const before = await readHeap(subject);
  const stream = { ended: false };
  const running = post(call(long), agent).finally(() => (stream.ended = true));
  // The upstream says its last token and then waits: the last look at an open stream is one at all its tokens.
  let open = before;
  while (!stream.ended) {
    const heap = await readHeap(subject);
    if (!stream.ended) open = heap;
    await delay(200);
  }
  await running;
  const after = await readHeap(subject);
  const told = (heap: number): string => `${((heap - before) / 1e6).toFixed(2)} MB`;
  print(`heap held by ${longTokens} tokens of an open stream (aim: 2 MB)`, told(open));
  print("heap held once it has ended", told(after));
  agent.destroy();
  await subject.stop();
}

async function readHeap(subject: Subject): Promise<number> {
  return Number(await subject.ask("SIGUSR2", /heap (\d+)/));
}

// Speed, measured from outside in one run: the gateway beside a bare node:http server that parses and answers the same
// bytes. Absolute figures are the machine's; the ratios are the gateway's. Linux only (/proc).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Call, post, run } from "./load.ts";
import { median, print } from "./print.ts";
import { readCpuSeconds, readResidentMegabytes, startSubject, type Subject } from "./process.ts";
import { benchRelay } from "./relay.ts";

const token = "bench-token-0123456789abcdef";
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "clawgate-bench-"));
const config = join(folder, "clawgate.json5");
writeFileSync(
  config,
  `{
    gateway: { port: 0, http: { endpoints: { chatCompletions: { enabled: true } } } },
    agents: { defaults: { model: "embedded/assistant" } },
  }`,
);

const rounds = 5;
const requests = 4000;
const connections = 16;
const streams = 8;
const tokens = 5000;

function startGateway(): Promise<Subject> {
  return startSubject([join(root, "bin/clawgate.mjs"), "gateway", "--config", config], {
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_STATE_DIR: join(folder, "state"),
  });
}

/** A conversation with tools, as an SDK client sends it. */
function toTypicalBody(bytes: number): string {
  const tools = ["get_weather", "search_notes", "send_mail"].map((name) => ({
    type: "function",
    function: {
      name,
      description: "A tool.",
      parameters: { type: "object", properties: { text: { type: "string" } } },
    },
  }));
  const history = ["first", "second", "third", "fourth", "fifth", "sixth"].flatMap((word) => [
    { role: "user", content: [{ type: "text", text: `The ${word} question.` }] },
    { role: "assistant", content: `The ${word} answer.` },
  ]);
  const last = { role: "user", content: "@@echo OK" };
  const toBody = (padding: string): string =>
    JSON.stringify({
      model: "openclaw",
      messages: [{ role: "system", content: padding }, ...history, last],
      tools,
      temperature: 0.5,
    });
  const words = "The agent answers briefly and says what it does not know. ";
  const missing = bytes - toBody("").length;
  return toBody(words.repeat(Math.ceil(missing / words.length)).slice(0, missing));
}

async function measureCpu(subject: Subject, call: Call, count: number, atOnce: number): Promise<number> {
  const before = readCpuSeconds(subject.pid);
  await run({ ...call, url: subject.url }, count, atOnce);
  return ((readCpuSeconds(subject.pid) - before) * 1e6) / count;
}

async function benchRequests(gateway: Subject): Promise<void> {
  const call: Call = { url: gateway.url, token, body: toTypicalBody(6144) };
  const answer = await post(call, new Agent());
  const bare = await startSubject([join(root, "bench/bare.ts"), answer]);
  const pairs: { ours: number; bare: number }[] = [];
  await measureCpu(gateway, call, requests, connections);
  await measureCpu(bare, call, requests, connections);
  for (let round = 0; round < rounds; round++) {
    const ours = await measureCpu(gateway, call, requests, connections);
    pairs.push({ ours, bare: await measureCpu(bare, call, requests, connections) });
  }
  await bare.stop();
  const ours = median(pairs.map((pair) => pair.ours));
  const baseline = median(pairs.map((pair) => pair.bare));
  const ratio = median(pairs.map((pair) => pair.ours / pair.bare));
  print("stateless 6 KB request, gateway", `${ours.toFixed(0)} µs CPU, ${(1e6 / ours).toFixed(0)} requests/s per core`);
  print(
    "stateless 6 KB request, bare node:http",
    `${baseline.toFixed(0)} µs CPU, ${(1e6 / baseline).toFixed(0)} requests/s per core`,
  );
  print("ratio (aim: at most 4)", ratio.toFixed(2));
}

async function benchTokens(gateway: Subject): Promise<void> {
  const body = (count: number): string =>
    JSON.stringify({ model: "openclaw", stream: true, messages: [{ role: "user", content: `@@count ${count}` }] });
  const call = (count: number): Call => ({ url: gateway.url, token, body: body(count) });
  await measureCpu(gateway, call(tokens), streams, streams);
  const perToken: number[] = [];
  for (let round = 0; round < rounds; round++) {
    perToken.push((await measureCpu(gateway, call(tokens), streams * 4, streams)) / tokens);
  }
  print("streamed token", `${median(perToken).toFixed(2)} µs CPU`);
}

async function benchStart(): Promise<void> {
  const times: number[] = [];
  const resident: number[] = [];
  const body = JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "hi" }] });
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    const gateway = await startGateway();
    await post({ url: gateway.url, token, body }, new Agent());
    times.push(performance.now() - started);
    resident.push(readResidentMegabytes(gateway.pid));
    await gateway.stop();
  }
  print("start to first answered request (aim: 0.6 s)", `${(median(times) / 1000).toFixed(2)} s`);
  print("resident memory, idle (aim: 120 MB)", `${median(resident).toFixed(0)} MB`);
}

try {
  await benchStart();
  const gateway = await startGateway();
  await benchRequests(gateway);
  await benchTokens(gateway);
  print("resident memory after the load", `${readResidentMegabytes(gateway.pid).toFixed(0)} MB`);
  await gateway.stop();
  await benchRelay();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

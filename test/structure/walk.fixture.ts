// Run as a program: prints, as JSON, the files of src/ in which a function runs while one stream passes through a
// gateway that is warm, from an upstream that speaks Chat Completions.
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import { Session } from "node:inspector/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../../src/base/config/load.ts";
import { createSilentLog } from "../../src/base/log.ts";
import { startGateway } from "../../src/gateway.ts";

const root = join(import.meta.dirname, "../..");
const token = "a-token-that-is-long-enough-for-anybody";

const chunk = (delta: object, reason: string | null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
const upstream = createServer((asked, response) => {
  asked.resume();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk({ content: "Hello" }, null));
  response.write(chunk({ content: " you." }, null));
  response.write(chunk({}, "stop"));
  response.end(`data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n`);
});
await new Promise<void>((resolve) => {
  upstream.listen(0, "127.0.0.1", resolve);
});
const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;

const folder = mkdtempSync(join(tmpdir(), "clawgate-walk-"));
const config = parseConfig({
  // On a machine that is busy with other things it would refuse the stream, and count how late it is within each.
  gateway: { port: 0, limits: { loopDelayMs: 0 }, http: { endpoints: { chatCompletions: { enabled: true } } } },
  agents: { list: [{ id: "main", default: true, model: "house/small" }] },
  models: { providers: { house: { api: "openai-completions", baseUrl } } },
});

const gateway = await startGateway({
  config,
  folder,
  stateFolder: folder,
  log: createSilentLog(),
  credential: { mode: "token", secret: token, origin: "configured" },
});

// One connection: whoever comes later finds it open.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function talk(): Promise<void> {
  const call = request(`${gateway.url}/v1/chat/completions`, {
    agent,
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  call.end(JSON.stringify({ model: "openclaw", stream: true, messages: [{ role: "user", content: "hi" }] }));
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  const said = await text(answer);
  if (!said.endsWith("data: [DONE]\n\n")) throw new Error(said);
}

await talk();
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });

/** Where a function has run since this was asked last. */
async function listFiles(): Promise<Set<string>> {
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const files = result
    .filter(
      ({ url, functions }) =>
        url.startsWith("file:") && functions.some(({ ranges: [whole] }) => (whole?.count ?? 0) > 0),
    )
    .map(({ url }) => relative(root, fileURLToPath(url)))
    .filter((path) => path.startsWith("src/"));
  return new Set(files);
}

// What is done about once a second, whoever calls, falls into a stream now and then, and not into each.
const walks: Set<string>[] = [];
for (let walk = 0; walk < 8; walk++) {
  await talk();
  walks.push(await listFiles());
}
await session.post("Profiler.stopPreciseCoverage");
const [first = new Set<string>(), ...others] = walks;
console.log(JSON.stringify([...first].filter((file) => others.every((walk) => walk.has(file))).toSorted()));
agent.destroy();
await gateway.stop();
upstream.close();
rmSync(folder, { recursive: true, force: true });

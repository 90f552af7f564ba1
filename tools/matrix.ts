// Makes the reports of docs/matrix again: every server of matrix/servers.ts, and the gateway in front of each.
//   npm install --prefix tools/matrix --ignore-scripts
//   node tools/matrix.ts [--only aimock,clawgate-aimock] [--document openai.yaml] [--again calls]
// The document is OpenAI's OpenAPI document, which prism plays; without it there is no report of prism. `--again` names a
// folder: before a server is stopped each call that decided a MUST that fails is sent to it once more, by curl, and
// `calls/<report>.md` has both answers for whoever looks at them.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { findPort, startProgram } from "../conformance/reach/start.ts";
import type { Report } from "../conformance/shapes.ts";
import { sendAgain } from "./matrix/again.ts";
import { type Behind, key, type Place, type Server, servers, toAimock } from "./matrix/servers.ts";

const root = join(import.meta.dirname, "..");
const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    servers: { type: "string", default: join(root, "tools/matrix") },
    document: { type: "string" },
    to: { type: "string", default: join(root, "docs/matrix/reports") },
    again: { type: "string" },
  },
});
const only = flags.only?.split(",");
const isWanted = (slug: string): boolean => only === undefined || only.includes(slug);

/** What is to be stopped, the last one first. */
type Stops = (() => Promise<void> | void)[];

interface Judged {
  readonly slug: string;
  readonly name: string;
  readonly version: string;
  readonly model: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly profile: string;
  readonly timeout?: string | undefined;
}

if (isWanted("clawgate"))
  await during(async (stops) => {
    const url = await startGateway({ model: "embedded/assistant", directives: true }, stops);
    await judge({ ...toOwn("clawgate", "clawgate"), url });
  });
for (const server of servers) {
  const front = `clawgate-${server.slug}`;
  if (![server.slug, front].some(isWanted) || (server.slug === "prism" && flags.document === undefined)) continue;
  // oxlint-disable-next-line no-await-in-loop -- one at a time: they share the machine, and times are judged
  if (isWanted(server.slug)) await during((stops) => judgeAlone(server, stops));
  // oxlint-disable-next-line no-await-in-loop -- the same; with a server that has seen nothing yet
  if (isWanted(front)) await during((stops) => judgeBehind(server, front, stops));
}

async function judgeAlone(server: Server, stops: Stops): Promise<void> {
  const { url, headers } = await startServer(server, stops);
  const { slug, name, model, timeout } = server;
  await judge({ slug, name, version: toInstalled(server), model, url, headers, profile: "chat", timeout });
}

async function judgeBehind(server: Server, slug: string, stops: Stops): Promise<void> {
  const { url, headers } = await startServer(server, stops);
  const provider = { api: "openai-completions", baseUrl: url, apiKey: key, headers };
  const own = await startGateway({ model: `up/${server.model}`, provider }, stops);
  const older = server.package === undefined ? "" : ` ${toInstalled(server)}`;
  await judge({ ...toOwn(slug, `clawgate in front of ${server.name}${older}`), url: own, timeout: server.timeout });
}

function toOwn(slug: string, name: string): Omit<Judged, "url"> {
  const version = toVersion(join(root, "package.json"));
  return { slug, name, version, model: "openclaw", headers: {}, profile: "gateway" };
}

async function startServer(server: Server, stops: Stops): Promise<{ url: string; headers: Record<string, string> }> {
  const place: Place = {
    port: await findPort(),
    folder: flags.servers,
    state: createFolder(stops),
    upstream: server.behind === undefined ? "" : await startBehind(server.behind, stops),
    document: flags.document ?? "",
  };
  const url = `http://127.0.0.1:${place.port}`;
  const { stop } = await startProgram({ command: server.start(place), environment: process.env, url });
  stops.push(stop);
  await untilThere(url);
  return { url: `${url}${server.base ?? "/v1"}`, headers: { ...server.headers?.(place) } };
}

async function startBehind(behind: Behind, stops: Stops): Promise<string> {
  if (behind === "clawgate") return startGateway({ model: "embedded/assistant", directives: true }, stops);
  const port = await findPort();
  const url = `http://127.0.0.1:${port}`;
  const command = toAimock("@copilotkit/aimock", port, flags.servers);
  stops.push((await startProgram({ command, environment: process.env, url })).stop);
  await untilThere(url);
  return `${url}/v1`;
}

/** Whoever stands in front of it would answer that it cannot be reached, and be judged by that. */
async function untilThere(url: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- asked again until there is an answer, and not that it is still starting
    const isThere = await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
      ({ status }) => status !== 503,
      () => false,
    );
    if (isThere) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    // oxlint-disable-next-line no-await-in-loop -- the same
    await delay(200);
  }
}

/** A gateway with one agent; its base URL. */
async function startGateway(
  agent: { readonly model: string; readonly provider?: object; readonly directives?: boolean },
  stops: Stops,
): Promise<string> {
  const state = createFolder(stops);
  const config = {
    gateway: {
      port: 0,
      auth: { limit: { enabled: false } },
      http: { endpoints: { chatCompletions: { enabled: true } } },
      log: { level: "error" },
    },
    agents: { defaults: { model: agent.model }, list: [{ id: "main", default: true }, { id: "beta" }] },
    models: {
      providers: {
        embedded: { api: "embedded", directives: agent.directives === true },
        ...(agent.provider !== undefined && { up: agent.provider }),
      },
    },
  };
  const file = join(state, "clawgate.json5");
  writeFileSync(file, JSON.stringify(config));
  const { url, stop } = await startProgram({
    command: [process.execPath, join(root, "bin/clawgate.mjs"), "gateway", "--config", file],
    environment: { ...process.env, OPENCLAW_STATE_DIR: state, OPENCLAW_GATEWAY_TOKEN: key },
  });
  stops.push(stop);
  return `${url}/v1`;
}

async function judge({ slug, name, version, model, url, headers, profile, timeout }: Judged): Promise<void> {
  const report = join(flags.to, `${slug}.json`);
  // Whole, as what is to be sent again has to be.
  const whole = join(tmpdir(), `matrix-${process.pid}-${slug}.json`);
  const words = ["--base-url", url, "--model", model, "--name", name, "--server-version", version];
  words.push("--profile", profile, "--wait-for", "120s", "--report", `matrix=${report}`);
  for (const [header, value] of Object.entries(headers)) words.push("--header", `${header}: ${value}`);
  if (timeout !== undefined) words.push("--timeout", timeout);
  if (flags.again !== undefined) words.push("--report", `json=${whole}`);
  const program = join(root, "conformance/bin/conformance.mjs");
  const options = { env: { ...process.env, OPENAI_API_KEY: key }, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], options).catch(
    (error: unknown) => error as { stdout: string },
  );
  hidePlaces(report);
  if (flags.again !== undefined) {
    mkdirSync(flags.again, { recursive: true });
    const text = sendAgain(JSON.parse(readFileSync(whole, "utf8")) as Report, key, Object.keys(headers));
    writeFileSync(join(flags.again, `${slug}.md`), text);
    rmSync(whole);
  }
  console.log(`${slug}: ${stdout.trim().split("\n").at(-1)}`);
}

/** Where a server lies is in what it says of its own failures. */
function hidePlaces(report: string): void {
  const text = readFileSync(report, "utf8");
  writeFileSync(report, text.replaceAll(flags.servers, "/srv/servers").replaceAll(root, "/srv/clawgate"));
}

function toInstalled({ name, package: folder = name }: Server): string {
  return toVersion(join(flags.servers, "node_modules", folder, "package.json"));
}

function toVersion(file: string): string {
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function createFolder(stops: Stops): string {
  const folder = mkdtempSync(join(tmpdir(), "matrix-"));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function during(work: (stops: Stops) => Promise<void>): Promise<void> {
  const stops: Stops = [];
  try {
    await work(stops);
  } finally {
    // oxlint-disable-next-line no-await-in-loop -- what was started last uses what was started before it
    for (const stop of stops.toReversed()) await stop();
  }
}

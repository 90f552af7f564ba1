import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createContractFetch } from "./wire/contract-fetch.ts";
import { testToken, type TestGateway } from "./gateway.fixture.ts";

const entry = join(import.meta.dirname, "../src/cli.ts");
/** For tests that start processes: on a busy machine each takes seconds. */
export const processTimeoutMs = 60_000;
/** A process that still runs then never ends, which its test shall see. */
const patienceMs = 30_000;

/** A place of its own for each test: working directory, home, state and configuration. */
export interface Place {
  readonly folder: string;
  readonly stateFolder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface PlaceOptions {
  /** The text of the configuration, or the value. Without it there is none. */
  readonly config?: string | object;
  readonly environment?: Readonly<Record<string, string>>;
}

export function createPlace({ config, environment }: PlaceOptions = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const stateFolder = join(folder, "state");
  const own: Record<string, string> = { HOME: folder, OPENCLAW_STATE_DIR: stateFolder };
  if (config !== undefined) {
    own["OPENCLAW_CONFIG_PATH"] = join(folder, "config.json5");
    writeFileSync(own["OPENCLAW_CONFIG_PATH"], typeof config === "string" ? config : JSON.stringify(config));
  }
  return { folder, stateFolder, environment: { ...own, ...environment } };
}

/** A gateway that may start beside any other: a free port, the endpoint enabled, agents `main` and `beta`. */
export const usual = {
  gateway: { port: 0, http: { endpoints: { chatCompletions: { enabled: true } } } },
  agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }, { id: "beta" }] },
};

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly notes: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** What has come so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
}

/** Starts `clawgate …` with standard input left open; what still runs when the test is finished is killed. */
export function start({ folder, environment }: Place, args: readonly string[]): Running {
  const child = spawn(process.execPath, [entry, ...args], { cwd: folder, env: { ...environment } });
  const patience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  let notes = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  const ended = once(child, "close").then(([status]): Ended => {
    clearTimeout(patience);
    return { status: status as number | null, output, notes };
  });
  return { process: child, output: () => output, ended };
}

/** Runs a command to its end, with this standard input. */
export function run(place: Place, args: readonly string[], input = ""): Promise<Ended> {
  const { process: child, ended } = start(place, args);
  // A command that ends without reading it breaks the pipe.
  child.stdin?.on("error", () => undefined).end(input);
  return ended;
}

export interface GatewayProcess extends Running, Pick<TestGateway, "chat" | "fetch" | "url"> {
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Ended>;
}

/** Starts `clawgate gateway` and waits until it says where it listens. */
export async function startProcess(place: Place, token = testToken): Promise<GatewayProcess> {
  const running = start(place, ["gateway"]);
  const url = await Promise.race([readUrl(running), running.ended.then(refuse)]);
  const contractFetch = createContractFetch();
  return {
    ...running,
    url,
    fetch: contractFetch,
    chat: (body, headers = {}) =>
      contractFetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    stop() {
      running.process.kill("SIGTERM");
      return running.ended;
    },
  };
}

async function readUrl({ process: { stdout }, output }: Running): Promise<string> {
  for (;;) {
    const url = /listens on (http:\/\/\S+)/.exec(output())?.[1];
    if (url !== undefined) return url;
    if (stdout !== null) await once(stdout, "data");
  }
}

function refuse({ status, notes }: Ended): never {
  throw new Error(`The gateway ended with status ${status}: ${notes}`);
}

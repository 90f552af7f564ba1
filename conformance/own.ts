import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { OwnSubject } from "./subject.ts";

/** The key of gateways that the suite starts itself; they live on loopback and only as long as the run. */
const ownKey = "conformance-run-key-0123456789";

/** Runs that a case has left behind are not worth the whole drain. */
const killAfterMs = 4000;

const baseConfig = {
  gateway: {
    port: 0,
    log: { level: "error" },
    http: {
      endpoints: { chatCompletions: { enabled: true } },
      allowedOrigins: ["https://app.example"],
    },
  },
  agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }, { id: "beta" }] },
};

/**
 * Starts the gateway of this package on a free port with the fixture's agents, as a process of its own. Each top-level key
 * of `config` takes the place of that of the configuration.
 */
export async function startOwnSubject(config: object = {}): Promise<OwnSubject> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-conformance-"));
  const file = join(folder, "clawgate.json5");
  writeFileSync(file, JSON.stringify({ ...baseConfig, ...config }));
  const child = spawn(process.execPath, [findProgram(), "gateway", "--config", file], {
    env: {
      ...process.env,
      OPENCLAW_STATE_DIR: folder,
      OPENCLAW_GATEWAY_TOKEN: ownKey,
      OPENCLAW_GATEWAY_PORT: "",
      OPENCLAW_GATEWAY_PASSWORD: "",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async (): Promise<void> => {
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await readUrl(child);
    return {
      baseUrl: `${url}/v1`,
      apiKey: ownKey,
      model: "openclaw",
      profile: "gateway",
      start: startOwnSubject,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The package's program, from the sources and from the compiled files alike. */
function findProgram(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const program = join(folder, "bin/clawgate.mjs");
    if (existsSync(program)) return program;
  }
  throw new Error("bin/clawgate.mjs is missing from the package");
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (bytes: Buffer): void => {
      output += bytes.toString("utf8");
      const url = /listens on (http:\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`the gateway ended with status ${status}: ${output.slice(-500)}`)));
  });
}

function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const kill = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    child.once("exit", () => {
      clearTimeout(kill);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

// How the conformance suite starts this gateway: what it must know of a server is a function that starts one.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { OwnSubject, startProgram, Wishes } from "@clawgate/conformance";
import type { Environment } from "../base/config/source.ts";

/** The key of these gateways; they live on loopback and only as long as the run. */
const key = "conformance-run-key-0123456789";

const endpoints = { chatCompletions: { enabled: true } };
const baseConfig = {
  gateway: {
    port: 0,
    log: { level: "error" },
    // A run sends wrong keys by the dozen, all from one address; what the limit does, a case looks at by itself.
    auth: { limit: { failures: 1000 } },
    http: {
      endpoints,
      allowedOrigins: ["https://app.example"],
    },
  },
  models: { providers: { embedded: { api: "embedded", directives: true } } },
  agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }, { id: "beta" }] },
};

/**
 * Starts a gateway on a free port with the fixture's agents, as a process of its own. With wishes it has nothing but the
 * endpoint and what they say; each top-level key of `other` takes the place of that of the configuration.
 */
export async function startForSuite(
  start: typeof startProgram,
  environment: Environment,
  wishes?: Wishes,
): Promise<OwnSubject> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-conformance-"));
  const file = join(folder, "clawgate.json5");
  writeFileSync(file, JSON.stringify(toConfig(wishes)));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { url, stop } = await start({
      command: [process.execPath, findProgram(), "gateway", "--config", file],
      environment: {
        ...environment,
        OPENCLAW_STATE_DIR: folder,
        OPENCLAW_GATEWAY_TOKEN: key,
        OPENCLAW_GATEWAY_PORT: "",
        OPENCLAW_GATEWAY_PASSWORD: "",
      },
    });
    return {
      baseUrl: `${url}/v1`,
      apiKey: key,
      model: "openclaw",
      profile: "gateway",
      start: (others) => startForSuite(start, environment, others),
      countCancelled,
      stop: () => stop().finally(removeFolder),
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

function toConfig(wishes: Wishes | undefined): object {
  if (wishes === undefined) return baseConfig;
  // A wish has the name of the key that grants it.
  const { other, ...http } = wishes;
  return { ...baseConfig, gateway: { port: 0, http: { endpoints, ...http } }, ...other };
}

async function countCancelled(read: (path: string) => Promise<string>): Promise<number> {
  const text = await read("/metrics");
  const lines = text.split("\n").filter((line) => /^clawgate_runs_total\{.*outcome="cancelled"/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** The package's program, from the sources and from the bundle alike. */
function findProgram(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const program = join(folder, "bin/clawgate.mjs");
    if (existsSync(program)) return program;
  }
  throw new Error("bin/clawgate.mjs is missing from the package");
}

// How the conformance suite starts this gateway: what it must know of a server is a function that starts one.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { OwnSubject, startProgram } from "@clawgate/conformance";
import type { Environment } from "../base/config/source.ts";

/** The key of these gateways; they live on loopback and only as long as the run. */
const key = "conformance-run-key-0123456789";

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
 * Starts a gateway on a free port with the fixture's agents, as a process of its own. Each top-level key of `config` takes
 * the place of that of the configuration.
 */
export async function startForSuite(
  start: typeof startProgram,
  environment: Environment,
  config: object = {},
): Promise<OwnSubject> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-conformance-"));
  const file = join(folder, "clawgate.json5");
  writeFileSync(file, JSON.stringify({ ...baseConfig, ...config }));
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
      start: (other) => startForSuite(start, environment, other),
      stop: () => stop().finally(removeFolder),
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

/** The package's program, from the sources and from the bundle alike. */
function findProgram(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const program = join(folder, "bin/clawgate.mjs");
    if (existsSync(program)) return program;
  }
  throw new Error("bin/clawgate.mjs is missing from the package");
}

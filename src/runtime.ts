import { join } from "node:path";
import type { Config } from "./base/contract.ts";
import type { Log } from "./base/log.ts";
import { createMetrics, type Metrics } from "./base/metrics.ts";
import { createProviders, stopProviders } from "./model/table.ts";
import { type Agents, createAgents } from "./run/agents.ts";
import { createRunAgent, type RunAgent } from "./run/run.ts";
import { createLanes, createTurns, type Turns } from "./run/turns.ts";
import { createSqliteStore } from "./session/sqlite/sqlite-store.ts";
import type { SessionStore } from "./session/store.ts";
import { assertToolGrants } from "./tool/grants.ts";
import { createToolServers } from "./tool/mcp/tool-servers.ts";
import type { ToolServerReport } from "./tool/tool-set.ts";

export interface RuntimeOptions {
  readonly config: Config;
  /** What relative paths in the configuration start from. */
  readonly folder: string;
  /** Where sessions are kept. */
  readonly stateFolder: string;
  readonly log: Log;
}

/** Agents, their sessions, models and tools, and the one way to run them: everything but the port. */
export interface Runtime {
  readonly agents: Agents;
  readonly runAgent: RunAgent;
  readonly turns: Turns;
  readonly store: SessionStore;
  readonly metrics: Metrics;
  /** Connects the tool servers of all agents, so that no run has to wait for them. Never rejects: a run tries again. */
  connectTools(): Promise<void>;
  /** Ends what providers and tools have open, and closes the session store. */
  stop(): Promise<void>;
}

/**
 * Makes each part once. The one file that names adapters: which models, which tools and which store there are.
 *
 * Throws `ConfigError` if an agent cannot exist, `GatewayError` if the session store cannot be opened.
 */
export async function createRuntime({ config, folder, stateFolder, log }: RuntimeOptions): Promise<Runtime> {
  assertToolGrants(config);
  const providers = await createProviders(config, folder, log);
  const agents = createAgents(config, providers);
  const toolServers = createToolServers(config.mcp.servers, { folder, log });
  const metrics = createMetrics();
  const store = await createSqliteStore({ path: join(stateFolder, "sessions.sqlite") });
  const { lane, idleMinutes } = config.sessions;
  const turns = createTurns({
    store,
    lanes: createLanes(lane),
    waitMs: lane.waitMs,
    idleMs: idleMinutes * 60_000,
    now: Date.now,
    log,
  });
  const { signal } = new AbortController();
  return {
    agents,
    runAgent: createRunAgent({ turns, toolServers, metrics, log }),
    turns,
    store,
    metrics,
    async connectTools() {
      await Promise.all(agents.list.map(({ tools }) => toolServers.open(tools, signal)));
    },
    async stop() {
      await Promise.all([toolServers.stop(), stopProviders(providers)]);
      await store.close();
    },
  };
}

/** Connects every tool server of the configuration, tells what there is, and ends it again: for whoever looks for a fault. */
export async function examineToolServers({
  config,
  folder,
  log,
}: Omit<RuntimeOptions, "stateFolder">): Promise<readonly ToolServerReport[]> {
  const servers = createToolServers(config.mcp.servers, { folder, log });
  try {
    return await servers.examine();
  } finally {
    await servers.stop();
  }
}

import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Audit, noAudit } from "./base/audit/audit.ts";
import type { Config } from "./base/contract.ts";
import type { Log } from "./base/log.ts";
import { LoopWatch } from "./base/loop-watch.ts";
import { createMetrics, type Metrics } from "./base/metrics.ts";
import { loadTracing, type Tracing } from "./base/telemetry/tracing.ts";
import { createProviders, stopProviders } from "./model/table.ts";
import { traceProviders } from "./model/traced-provider.ts";
import { type Agents, createAgents, type Providers } from "./run/agents.ts";
import { createQuotas, type Quotas } from "./run/quotas.ts";
import { LiveRuns } from "./run/live-runs.ts";
import type { RunAgent } from "./run/run-request.ts";
import { createRunAgent } from "./run/run.ts";
import { RunLog } from "./run/run-log.ts";
import { createLanes, createTurns, type Lanes, type Turns } from "./run/turns.ts";
import { Slots } from "./run/slots.ts";
import { ConfigError } from "./base/config/config-error.ts";
import type { SessionSource, SessionTarget } from "./session/archive.ts";
import { openSqliteSource } from "./session/sqlite/sqlite-archive.ts";
import { createSqliteStore } from "./session/sqlite/sqlite-store.ts";
import type { SessionStore, StoreOutlook } from "./session/store.ts";
import { assertToolGrants } from "./tool/grants.ts";
import { createToolServers } from "./tool/mcp/tool-servers.ts";
import type { ToolServerReport, ToolServers } from "./tool/tool-set.ts";

export interface RuntimeOptions {
  readonly config: Config;
  /** What relative paths in the configuration start from. */
  readonly folder: string;
  /** Where sessions are kept. */
  readonly stateFolder: string;
  readonly log: Log;
  /** Opens the store of the sessions where the configuration names none. Without it, that is a SQLite file in the state folder. */
  readonly openStore?: (stateFolder: string) => Promise<SessionStore>;
  /** Told of calls of tools; without it nobody is. */
  readonly audit?: Audit;
}

/** Agents, their sessions, models and tools, and the one way to run them: everything but the port. */
export interface Runtime {
  readonly agents: Agents;
  readonly runAgent: RunAgent;
  /** The runs of this process, whichever configuration they began with. */
  readonly live: LiveRuns;
  /** Those of them that are logged, and those that were. */
  readonly runs: RunLog;
  readonly slots: Slots;
  readonly loop: LoopWatch;
  readonly turns: Turns;
  readonly store: SessionStore;
  readonly metrics: Metrics;
  /** Undefined where nobody takes spans. */
  readonly tracing: Tracing | undefined;
  /** What keys have used of their limits. */
  readonly quotas: Quotas;
  /** Connects the tool servers of all agents, so that no run has to wait for them. Never rejects: a run tries again. */
  connectTools(): Promise<void>;
  /** From now on its limits hold, for what goes on from before as well. */
  enforce(): void;
  /**
   * Another one to take the place of this, which goes on meanwhile: with the same sessions and counts, with the same tool
   * servers if nothing has changed in them, and with the rest made anew. Throws `ConfigError` if an agent cannot exist.
   */
  renew(options: RenewOptions): Promise<Runtime>;
  /** Ends what providers have open, and tool servers unless a renewed one uses them, for one that was renewed. */
  retire(): Promise<void>;
  /** Ends what providers and tools have open, and closes the session store. */
  stop(): Promise<void>;
}

export type RenewOptions = Omit<RuntimeOptions, "stateFolder" | "openStore">;

/** What outlives the configuration. */
interface Foundation {
  readonly store: SessionStore;
  readonly lanes: Lanes;
  readonly loop: LoopWatch;
  readonly slots: Slots;
  readonly live: LiveRuns;
  readonly runs: RunLog;
  readonly metrics: Metrics;
  readonly quotas: Quotas;
}

/** What one configuration makes. */
interface Parts {
  readonly options: RenewOptions;
  readonly providers: Providers;
  readonly agents: Agents;
  readonly tools: SharedTools;
  readonly tracing: Tracing | undefined;
}

/**
 * Makes each part once. The one file that names adapters: which models, which tools and which store there are.
 *
 * Throws `ConfigError` if an agent cannot exist, `GatewayError` if the session store cannot be opened.
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const parts = await createParts(options);
  const metrics = createMetrics();
  const store = await openStore(options);
  const quotas = createQuotas({ store, metrics, log: options.log });
  const loop = new LoopWatch(metrics);
  const slots = new Slots(options.config.gateway.runs, { loop, metrics });
  const live = new LiveRuns();
  const runs = new RunLog({ store: store.runs, live, loop, log: options.log });
  const lanes = createLanes(options.config.sessions.lane);
  const runtime = assemble(parts, { store, metrics, quotas, lanes, loop, slots, live, runs });
  runtime.enforce();
  return runtime;
}

/** Opens the store that the configuration names. */
async function openStore({
  config,
  stateFolder,
  log,
  openStore: open = openSqliteStore,
}: RuntimeOptions): Promise<SessionStore> {
  const { postgres } = config.sessions.store;
  if (postgres === undefined) return open(stateFolder);
  // Whoever keeps sessions in a file does not wait for it.
  const { createPostgresStore } = await import("./session/postgres/postgres-store.ts");
  return createPostgresStore({ ...postgres, log });
}

function openSqliteStore(stateFolder: string): Promise<SessionStore> {
  return createSqliteStore({ path: toSqlitePath(stateFolder) });
}

function toSqlitePath(stateFolder: string): string {
  return join(stateFolder, "sessions.sqlite");
}

async function createParts(options: RenewOptions, before?: Parts): Promise<Parts> {
  const { config, folder, log } = options;
  assertToolGrants(config);
  const tracing = await loadTracing(config.gateway.telemetry);
  const made = await createProviders(config, folder, log);
  const providers = tracing === undefined ? made : traceProviders(made, config, tracing);
  const agents = createAgents(config, providers);
  const tools =
    before !== undefined && hasSameTools(options, before.options)
      ? before.tools
      : new SharedTools(createToolServers(config.mcp.servers, { folder, log }));
  return { options, providers, agents, tools, tracing };
}

function hasSameTools(one: RenewOptions, other: RenewOptions): boolean {
  const [tools, otherTools] = [one, other].map(({ config: { mcp, gateway }, folder }) => [
    mcp.servers,
    folder,
    // Their lines go to the log of the configuration that made them.
    gateway.log.level,
  ]);
  return isDeepStrictEqual(tools, otherTools);
}

function assemble(parts: Parts, foundation: Foundation): Runtime {
  const { options, providers, agents, tools, tracing } = parts;
  const { config, log, audit = noAudit } = options;
  const { store, metrics, quotas, lanes, loop, slots, live, runs } = foundation;
  const { lane, idleMinutes } = config.sessions;
  tools.take();
  const turns = createTurns({ store, lanes, waitMs: lane.waitMs, idleMs: idleMinutes * 60_000, now: Date.now, log });
  const { signal } = new AbortController();
  const retire = async (): Promise<void> => {
    await Promise.all([tools.leave(), stopProviders(providers)]);
  };
  return {
    agents,
    runAgent: createRunAgent({
      live,
      slots,
      turns,
      toolServers: tools.servers,
      join: (run, request) => runs.join(run, request),
      metrics: metrics.runs,
      log,
      audit,
      tracing,
    }),
    live,
    runs,
    slots,
    loop,
    turns,
    store,
    metrics,
    tracing,
    quotas,
    async connectTools() {
      await Promise.all(agents.list.map((agent) => tools.servers.open(agent.tools, signal)));
    },
    enforce() {
      lanes.limit(lane);
      loop.limit(config.gateway.limits.loopDelayMs);
      slots.limit(config.gateway.runs);
      const { hours, max } = config.gateway.runs.log;
      runs.upkeep.limit({ ageMs: hours * 3_600_000, runsMax: max });
    },
    renew: async (next) => assemble(await createParts(next, parts), foundation),
    retire,
    async stop() {
      loop.stop();
      await retire();
      runs.upkeep.stop();
      await foundation.quotas.stop();
      await store.close();
    },
  };
}

/** Tool servers may hold more than a new start could give back, so they stay as long as a configuration names them so. */
class SharedTools {
  readonly servers: ToolServers;
  #users = 0;

  constructor(servers: ToolServers) {
    this.servers = servers;
  }

  take(): void {
    this.#users++;
  }

  async leave(): Promise<void> {
    this.#users--;
    if (this.#users === 0) await this.servers.stop();
  }
}

/** Connects every tool server of the configuration, tells what there is, and ends it again: for whoever looks for a fault. */
export async function examineToolServers({ config, folder, log }: RenewOptions): Promise<readonly ToolServerReport[]> {
  const servers = createToolServers(config.mcp.servers, { folder, log });
  try {
    return await servers.examine();
  } finally {
    await servers.stop();
  }
}

/** Looks at the database that sessions are kept in, or are to be, and changes nothing in it. */
export async function examineDatabase({
  config,
  stateFolder,
}: Pick<RuntimeOptions, "config" | "stateFolder">): Promise<StoreOutlook> {
  const { postgres } = config.sessions.store;
  if (postgres === undefined)
    return (await import("./session/sqlite/examine-schema.ts")).examineSchema(toSqlitePath(stateFolder));
  return (await import("./session/postgres/examine-database.ts")).examineDatabase(postgres);
}

/** Where sessions are, and where they are to be. */
export interface Archives {
  readonly source: SessionSource;
  readonly target: SessionTarget;
}

/** The file of the state folder, and the database that the configuration names. Throws if one of them cannot be opened. */
export async function openArchives({
  config,
  stateFolder,
}: Pick<RuntimeOptions, "config" | "stateFolder">): Promise<Archives> {
  const { postgres } = config.sessions.store;
  if (postgres === undefined)
    throw new ConfigError("sessions.store.postgres is not set: it names the database that the sessions are to be in.");
  const source = openSqliteSource(toSqlitePath(stateFolder));
  try {
    const { openPostgresTarget } = await import("./session/postgres/postgres-archive.ts");
    return { source, target: await openPostgresTarget(postgres) };
  } catch (error) {
    source.close();
    throw error;
  }
}

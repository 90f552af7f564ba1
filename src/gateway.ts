import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Agents, createAgents } from "./run/agents.ts";
import { createLanes } from "./run/lane.ts";
import { createRunAgent, type RunAgent } from "./run/run.ts";
import { createTurns, type Turns } from "./run/turns.ts";
import { createAuthenticate } from "./edge/authenticate.ts";
import type { Credential } from "./edge/credential.ts";
import { explainChatMistake } from "./api/chat/responses-hint.ts";
import { notServed } from "./api/chat/not-served.ts";
import { createChatCompletion } from "./api/chat/chat-completion.ts";
import { toHost } from "./base/config/check.ts";
import { ConfigError } from "./base/config/config-error.ts";
import type { Config, Handlers } from "./base/contract.ts";
import { createApp } from "./edge/app.ts";
import { createLifecycle } from "./edge/lifecycle.ts";
import { createGetContract, createGetDocs, createGetMetrics, createGetReadiness, getHealth } from "./api/health.ts";
import { createHttpServer } from "./edge/server.ts";
import type { Log } from "./base/log.ts";
import { createMediaGate } from "./run/media/media-gate.ts";
import { createMetrics, type Metrics } from "./base/metrics.ts";
import { createListModels, createRetrieveModel } from "./api/models.ts";
import { createProviders, stopProviders } from "./model/table.ts";
import { createSqliteStore } from "./session/sqlite/sqlite-store.ts";
import type { SessionStore } from "./session/store.ts";
import { assertToolGrants } from "./tool/grants.ts";
import { createToolServers } from "./tool/mcp/tool-servers.ts";
import {
  createDeleteSession,
  createListSessionMessages,
  createListSessions,
  createResetSession,
  createRetrieveSession,
} from "./api/sessions/sessions.ts";

export interface GatewayOptions {
  readonly config: Config;
  /** What relative paths in the configuration start from. */
  readonly folder: string;
  /** Where sessions are kept. */
  readonly stateFolder: string;
  readonly log: Log;
}

/** Agents, their sessions and the one way to run them; everything but the port. */
export interface Engine {
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

/** Throws `ConfigError` if an agent cannot exist, `GatewayError` if the session store cannot be opened. */
export async function createEngine({ config, folder, stateFolder, log }: GatewayOptions): Promise<Engine> {
  assertToolGrants(config);
  const providers = await createProviders(config, folder);
  const agents = createAgents(config, providers);
  const toolServers = createToolServers(config.mcp.servers, { folder, log });
  const metrics = createMetrics();
  const store = await createSqliteStore({ path: join(stateFolder, "sessions.sqlite") });
  const { lane, idleMinutes } = config.sessions;
  const { waitMs } = lane;
  const turns = createTurns({
    store,
    lanes: createLanes(lane),
    waitMs,
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

export interface Gateway {
  readonly agents: Agents;
  readonly metrics: Metrics;
  /** The address it listens on, without a slash at the end. */
  readonly url: string;
  /** Refuses new calls, waits for running ones (`gateway.drainMs`), cuts what is left, and closes everything. */
  stop(): Promise<void>;
}

/** How long a run that was cut has to say so to its client. */
const cutGraceMs = 250;

const generated = (name: string): URL => new URL(`../generated/${name}`, import.meta.url);

/** Starts a gateway; resolves when it takes calls. The one place that knows every part. */
export async function startGateway(options: GatewayOptions & { readonly credential: Credential }): Promise<Gateway> {
  const { config, credential, log } = options;
  const { http, checkAnswers, drainMs } = config.gateway;
  const engine = await createEngine(options);
  const { agents, runAgent, turns, store, metrics } = engine;
  const started = Math.floor(Date.now() / 1000);

  const handlers: Handlers = {
    createChatCompletion: createChatCompletion({
      agents,
      runAgent,
      media: createMediaGate(http.endpoints.chatCompletions.media),
      strict: http.endpoints.chatCompletions.strict,
      sessions: http.endpoints.chatCompletions.sessions,
    }),
    ...notServed,
    listModels: createListModels(agents, started),
    retrieveModel: createRetrieveModel(agents, started),
    listSessions: createListSessions(store),
    retrieveSession: createRetrieveSession(store),
    listSessionMessages: createListSessionMessages(store),
    resetSession: createResetSession(store, turns),
    deleteSession: createDeleteSession(turns),
    getHealth,
    getReadiness: createGetReadiness(async () => void (await store.read("readiness"))),
    getMetrics: createGetMetrics(metrics),
    getContract: createGetContract(generated("openapi.json")),
    getDocs: createGetDocs(generated("docs.html")),
  };
  const lifecycle = createLifecycle();
  const app = createApp({
    handlers,
    authenticate: createAuthenticate(credential),
    origins: http,
    isEnabled: createSwitch(http.endpoints),
    checkAnswers,
    bodyBytesMax: http.bodyBytesMax,
    keepAlive: http.keepAlive,
    explain: { createChatCompletion: explainChatMistake },
    lifecycle,
    log,
    metrics,
  });
  const callback = app.callback();
  const server = createHttpServer((request, response) => void callback(request, response));
  try {
    await listen(server, toHost(config.gateway.bind), config.gateway.port);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  void engine.connectTools();

  const stop = async (): Promise<void> => {
    let close: NodeJS.Timeout | undefined;
    const cut = setTimeout(() => {
      lifecycle.cut();
      // Whoever does not read, or has not sent its whole request, will not be waited for.
      close = setTimeout(() => server.closeAllConnections(), cutGraceMs);
    }, drainMs);
    await lifecycle.drain();
    clearTimeout(cut);
    clearTimeout(close);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    await engine.stop();
  };
  return { agents, metrics, url: toUrl(server.address() as AddressInfo), stop };
}

/** The switches of the configuration by the names that the contract's `x-endpoint` has. */
function createSwitch(endpoints: Config["gateway"]["http"]["endpoints"]): (endpoint: string) => boolean {
  const switches = new Map(Object.entries(endpoints).map(([name, { enabled }]) => [name, enabled]));
  return (endpoint) => switches.get(endpoint) ?? false;
}

function listen(server: ReturnType<typeof createHttpServer>, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === "EADDRINUSE"
          ? "something else listens there"
          : cause.code === "EADDRNOTAVAIL"
            ? "this machine has no such address"
            : cause.message;
      reject(
        new ConfigError(`Cannot listen on ${host} port ${port} (gateway.port, gateway.bind): ${reason}.`, { cause }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function toUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

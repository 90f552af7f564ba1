import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Agents, createAgents } from "./agents/agents.ts";
import { createLanes } from "./agents/lane.ts";
import { createRunAgent, type RunAgent } from "./agents/run.ts";
import { createTurns } from "./agents/turns.ts";
import { createAuthenticate } from "./auth/authenticate.ts";
import type { Credential } from "./auth/credential.ts";
import { explainChatMistake } from "./chat/mistake.ts";
import { createChatCompletion } from "./chat/operation.ts";
import { toHost } from "./config/check.ts";
import { ConfigError } from "./config/error.ts";
import type { Config, Handlers } from "./contract.ts";
import { createApp } from "./http/app.ts";
import { createLifecycle } from "./http/lifecycle.ts";
import {
  createGetContract,
  createGetDocs,
  createGetMetrics,
  createGetReadiness,
  getHealth,
} from "./http/operations.ts";
import { createHttpServer } from "./http/server.ts";
import type { Log } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createListModels, createRetrieveModel } from "./models/operation.ts";
import { createProviders } from "./providers/table.ts";
import { createSqliteStore } from "./sessions/sqlite/store.ts";
import type { SessionStore } from "./sessions/store.ts";

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
  readonly store: SessionStore;
  readonly metrics: Metrics;
  /** Closes the session store. */
  stop(): Promise<void>;
}

/** Throws `ConfigError` if an agent cannot exist, `GatewayError` if the session store cannot be opened. */
export async function createEngine({ config, folder, stateFolder, log }: GatewayOptions): Promise<Engine> {
  const agents = createAgents(config, await createProviders(config, folder));
  const metrics = createMetrics();
  const store = await createSqliteStore({ path: join(stateFolder, "sessions.sqlite") });
  const { lane } = config.sessions;
  const turns = createTurns({ store, lanes: createLanes(lane), waitMs: lane.waitMs, log });
  return { agents, runAgent: createRunAgent({ turns, metrics }), store, metrics, stop: () => store.close() };
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
  const { agents, runAgent, store, metrics } = engine;
  const started = Math.floor(Date.now() / 1000);

  const handlers: Handlers = {
    createChatCompletion: createChatCompletion({ agents, runAgent, strict: http.endpoints.chatCompletions.strict }),
    listModels: createListModels(agents, started),
    retrieveModel: createRetrieveModel(agents, started),
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

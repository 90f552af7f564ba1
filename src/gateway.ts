import type { AddressInfo } from "node:net";
import { createChatCompletion } from "./api/chat/chat-completion.ts";
import { diagnoseChatMistake, notServed } from "./api/chat/refusals.ts";
import { createGetContract, createGetDocs, createGetMetrics, createGetReadiness, getHealth } from "./api/health.ts";
import { createListModels, createRetrieveModel } from "./api/models.ts";
import {
  createDeleteSession,
  createListSessionMessages,
  createListSessions,
  createResetSession,
  createRetrieveSession,
} from "./api/sessions/sessions.ts";
import { toHost } from "./base/config/check.ts";
import { ConfigError } from "./base/config/config-error.ts";
import { type Config, type Handlers, toGeneratedFile } from "./base/contract.ts";
import type { Metrics } from "./base/metrics.ts";
import { createApp } from "./edge/app.ts";
import { createAuthenticate } from "./edge/authenticate.ts";
import type { Credential } from "./edge/credential.ts";
import { Passages } from "./edge/passage.ts";
import { waitingMax } from "./edge/pipelines.ts";
import { createHttpServer } from "./edge/server.ts";
import type { Agents } from "./run/agents.ts";
import { createMediaGate } from "./run/media/media-gate.ts";
import { createRuntime, type RuntimeOptions } from "./runtime.ts";

export interface GatewayOptions extends RuntimeOptions {
  readonly credential: Credential;
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

/** Starts a gateway; resolves when it takes calls. A handler for each operation of the contract, and the port. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, credential, log } = options;
  const { http, checkAnswers, drainMs } = config.gateway;
  const runtime = await createRuntime(options);
  const { agents, runAgent, turns, store, metrics } = runtime;
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
    getContract: createGetContract(toGeneratedFile("openapi.json")),
    getDocs: createGetDocs(toGeneratedFile("docs.html")),
  };
  const passages = new Passages(log, metrics);
  const app = createApp({
    handlers,
    authenticate: createAuthenticate(credential),
    origins: http,
    isEnabled: createSwitch(http.endpoints),
    checkAnswers,
    bodyBytesMax: http.bodyBytesMax,
    keepAlive: http.keepAlive,
    diagnose: { createChatCompletion: diagnoseChatMistake },
    passages,
    log,
    metrics,
  });
  const callback = app.callback();
  const server = createHttpServer((request, response) => void callback(request, response), {
    runningMax: http.pipelineMax,
    waitingMax,
    onCut: () => log.warn("too many requests of one connection wait"),
  });
  try {
    await listen(server, toHost(config.gateway.bind), config.gateway.port);
  } catch (error) {
    await runtime.stop();
    throw error;
  }
  void runtime.connectTools();

  const stop = async (): Promise<void> => {
    let close: NodeJS.Timeout | undefined;
    const cut = setTimeout(() => {
      passages.cut();
      // Whoever does not read, or has not sent its whole request, will not be waited for.
      close = setTimeout(() => server.closeAllConnections(), cutGraceMs);
    }, drainMs);
    await passages.drain();
    clearTimeout(cut);
    clearTimeout(close);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    await runtime.stop();
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

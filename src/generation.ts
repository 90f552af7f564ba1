import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
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
import { createCancelRun, createListRunEvents, createListRuns, createRetrieveRun } from "./api/runs/run-operations.ts";
import type { Audit } from "./base/audit/audit.ts";
import { isStrong } from "./base/config/secret.ts";
import { type Config, type Handlers, toGeneratedFile } from "./base/contract.ts";
import { GatewayError } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import { createApp } from "./edge/app.ts";
import { createAuthenticate } from "./edge/authenticate.ts";
import type { BodyBudget } from "./edge/body-budget.ts";
import type { Credential } from "./edge/credential.ts";
import { createAddressReader } from "./edge/forwarded.ts";
import type { Lockout } from "./edge/lockout.ts";
import { listKeys } from "./edge/keys.ts";
import { Passages } from "./edge/passage.ts";
import { createSignIn } from "./edge/proxy-user.ts";
import { createMediaGate } from "./run/media/media-gate.ts";
import type { Runtime } from "./runtime.ts";

/** What a change of the configuration changes. */
export interface GenerationOptions {
  readonly config: Config;
  readonly credential: Credential;
  readonly log: Log;
}

/** What it does not: made once for each gateway, and known to all its generations. */
export interface Lasting {
  readonly audit: Audit;
  /** In seconds since 1970. */
  readonly started: number;
  readonly condemned: WeakSet<Socket>;
  readonly lockout: Lockout;
  readonly bodies: BodyBudget;
}

/** One configuration at work. A request is answered by the one that it began in, whatever has come since. */
export interface Generation extends GenerationOptions {
  readonly runtime: Runtime;
  readonly passages: Passages;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** A handler for each operation of the contract, and the way to it. */
export function createGeneration(runtime: Runtime, options: GenerationOptions, lasting: Lasting): Generation {
  const { config, credential, log } = options;
  const { http, checkAnswers } = config.gateway;
  const { agents, runAgent, runs, live, slots, loop, turns, store, metrics, quotas } = runtime;
  const { audit, started, condemned, lockout, bodies } = lasting;
  lockout.limit(config.gateway.auth.limit);

  const sessions = { store, turns, agents, audit };
  const runParts = { store: store.runs, live, runs, agents, audit };
  const { chatCompletions } = http.endpoints;
  const handlers: Handlers = {
    createChatCompletion: createChatCompletion({
      agents,
      runAgent,
      runs,
      media: createMediaGate(chatCompletions.media),
      strict: chatCompletions.strict,
      sessions: chatCompletions.sessions,
      detach: chatCompletions.detach,
      canReadRuns: http.endpoints.runs.enabled,
    }),
    ...notServed,
    listModels: createListModels(agents, started),
    retrieveModel: createRetrieveModel(agents, started),
    listSessions: createListSessions(sessions),
    retrieveSession: createRetrieveSession(sessions),
    listSessionMessages: createListSessionMessages(sessions),
    resetSession: createResetSession(sessions),
    deleteSession: createDeleteSession(sessions),
    listRuns: createListRuns(runParts),
    retrieveRun: createRetrieveRun(runParts),
    listRunEvents: createListRunEvents(runParts),
    cancelRun: createCancelRun(runParts),
    getHealth,
    getReadiness: createGetReadiness(async () => {
      if (loop.isLate()) throw new GatewayError("overloaded", "The gateway is late with everything.");
      await store.check();
    }),
    getMetrics: createGetMetrics(metrics),
    getContract: createGetContract(toGeneratedFile("openapi.json")),
    getDocs: createGetDocs(toGeneratedFile("docs.html")),
  };
  const passages = new Passages(log, metrics, createAddressReader(config.gateway.trustedProxies), runtime.tracing);
  const app = createApp({
    handlers,
    authenticate: createAuthenticate(credential, listKeys(config, quotas.of)),
    signIn: createSignIn(config.gateway),
    origins: http,
    isEnabled: createSwitch(http.endpoints),
    checkAnswers,
    bodyBytesMax: http.bodyBytesMax,
    bodies,
    keepAlive: http.keepAlive,
    room: slots,
    diagnose: { createChatCompletion: diagnoseChatMistake },
    passages,
    condemned,
    audit,
    lockout,
    guessable: "secret" in credential && !isStrong(credential.secret),
    log,
    metrics,
  });
  return { ...options, runtime, passages, answer: app.callback() };
}

/** The switches of the configuration by the names that the contract's `x-endpoint` has. */
function createSwitch(endpoints: Config["gateway"]["http"]["endpoints"]): (endpoint: string) => boolean {
  const switches = new Map(Object.entries(endpoints).map(([name, { enabled }]) => [name, enabled]));
  return (endpoint) => switches.get(endpoint) ?? false;
}

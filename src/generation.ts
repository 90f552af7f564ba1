import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { createChatCompletion } from "./api/chat/chat-completion.ts";
import { diagnoseChatMistake, notServed } from "./api/chat/refusals.ts";
import { createGetMetrics, createGetReadiness, getHealth } from "./api/health.ts";
import { createGetManifest } from "./api/manifest.ts";
import { createListModels, createRetrieveModel } from "./api/models.ts";
import { createGetContract, createGetDocs, createGetDocsPage, createGetFile } from "./api/reference.ts";
import { createGetPage, createGetPageScript, createGetPageStyle } from "./api/page.ts";
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
import { type Config, type Handlers, toGeneratedFile, toPackageFile } from "./base/contract.ts";
import { GatewayError } from "./base/errors.ts";
import type { Log } from "./base/log.ts";
import { type Answer, createAnswer } from "./edge/app.ts";
import { createAuthenticate, createEntry } from "./edge/authenticate.ts";
import { assertBounded } from "./edge/body.ts";
import type { BodyBudget } from "./edge/body-budget.ts";
import type { Credential } from "./edge/credential.ts";
import { createAddressReader, createEncryptionReader } from "./edge/forwarded.ts";
import { findFramingFault } from "./edge/framing.ts";
import type { Lockout } from "./edge/lockout.ts";
import { listKeys } from "./edge/keys.ts";
import { createOriginCheck, type OriginRules } from "./edge/origin.ts";
import { Passages } from "./edge/passage.ts";
import { createSignIn } from "./edge/proxy-user.ts";
import { createMediaGate, type MediaGate } from "./run/media/media-gate.ts";
import type { Runtime } from "./runtime.ts";
import { createFace, type Doorway } from "./socket/face.ts";
import type { Followers } from "./socket/followers.ts";
import type { RunMarks } from "./socket/run-marks.ts";
import type { RunNames } from "./socket/run-names.ts";
import type { HandshakeFace, Sockets } from "./socket/sockets.ts";

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
  /** The same by the clock that nobody sets: `performance.now()`. */
  readonly startedAt: number;
  readonly condemned: WeakSet<Socket>;
  readonly lockout: Lockout;
  readonly bodies: BodyBudget;
  readonly sockets: LastingSockets;
}

/** What connections have in common that begin with one configuration and go on with another. */
export interface LastingSockets {
  readonly names: RunNames;
  readonly marks: RunMarks;
  readonly followers: Followers;
  readonly all: () => Sockets;
}

/** One configuration at work. A request is answered by the one that it began in, whatever has come since. */
export interface Generation extends GenerationOptions {
  readonly runtime: Runtime;
  readonly passages: Passages;
  /** What the sockets make of it. */
  readonly face: HandshakeFace;
  readonly answer: Answer;
  /** From now on its limits hold, for what goes on from before as well. */
  readonly enforce: () => void;
}

/** A handler for each operation of the contract and for each method of the socket, and the way to them. */
export function createGeneration(runtime: Runtime, options: GenerationOptions, lasting: Lasting): Generation {
  const { config, credential, log } = options;
  const { http, checkAnswers, trustedProxies } = config.gateway;
  const { metrics, quotas } = runtime;
  const { audit, condemned, lockout, bodies, sockets } = lasting;

  const media = createMediaGate(http.endpoints.chatCompletions.media);
  const toAddress = createAddressReader(trustedProxies, (address) => {
    const remedy = "If it is your proxy, name it in gateway.trustedProxies; until then all of its clients count as one";
    log.warn({ address, remedy }, "x-forwarded-for is not believed");
  });
  const origins: OriginRules = { ...http, isEncrypted: createEncryptionReader(trustedProxies) };
  const passages = new Passages({
    log,
    times: metrics.requests,
    toAddress,
    loop: runtime.loop,
    tracing: runtime.tracing,
  });
  const limitKeys = () => listKeys(config, quotas.of);
  const entryParts = {
    authenticate: createAuthenticate(credential, limitKeys()),
    signIn: createSignIn(config.gateway),
    audit,
    lockout,
    guessable: "secret" in credential && !isStrong(credential.secret),
    log,
    metrics,
  };
  const entry = createEntry(entryParts);
  const answer = createAnswer({
    entry,
    signIn: entryParts.signIn,
    log,
    metrics,
    handlers: createHandlers(runtime, options, lasting, media),
    origins,
    isEnabled: createSwitch(http.endpoints),
    checkAnswers,
    bodyBytesMax: http.bodyBytesMax,
    bodies,
    keepAlive: http.keepAlive,
    room: runtime.slots,
    loop: runtime.loop,
    diagnose: { createChatCompletion: diagnoseChatMistake },
    passages,
    condemned,
    explainHandshake: (request) => sockets.all().explain(request),
  });
  const doorway: Doorway = {
    ...entryParts,
    entry,
    findRequestFault: createRequestCheck(origins, condemned),
    toAddress,
    assertBounded,
  };
  const face = createFace({
    ...runtime,
    ...sockets,
    gateway: config.gateway,
    media,
    startedAt: lasting.startedAt,
    doorway,
    audit,
    mode: checkAnswers,
    log,
  });
  const enforce = (): void => {
    runtime.enforce();
    lockout.limit(config.gateway.auth.limit);
    limitKeys();
  };
  return { ...options, runtime, passages, face, answer, enforce };
}

function createHandlers(
  { agents, runAgent, runs, live, loop, turns, store, metrics }: Runtime,
  { config }: GenerationOptions,
  { audit, started, sockets: { followers } }: Lasting,
  media: MediaGate,
): Handlers {
  const { chatCompletions, runs: runsEndpoint } = config.gateway.http.endpoints;
  const { strict, sessions: policy, detach } = chatCompletions;
  const sessions = { store, turns, agents, audit, onGone: followers.tellGone };
  const page = toPackageFile("page/");
  const runParts = { store: store.runs, live, runs, agents, audit };
  return {
    createChatCompletion: createChatCompletion({
      agents,
      runAgent,
      runs,
      media,
      strict,
      sessions: policy,
      detach,
      canReadRuns: runsEndpoint.enabled,
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
    getManifest: createGetManifest(config),
    getContract: createGetContract(toGeneratedFile("openapi.json")),
    getDocs: createGetDocs(toGeneratedFile("reference/index.html")),
    getDocsPage: createGetDocsPage(toGeneratedFile("reference/docs/")),
    getDocsScript: createGetFile(toPackageFile("reference/scalar.js")),
    getDocsMarkdown: createGetFile(toGeneratedFile("reference/docs.md")),
    getLlms: createGetFile(toGeneratedFile("reference/llms.txt")),
    getPage: createGetPage(page),
    getIcon: createGetFile(toPackageFile("page/icon.svg")),
    getPageStyle: createGetPageStyle(page),
    getPageScript: createGetPageScript(page),
  };
}

/** What is asked of every request before anything else, for one that becomes no answer. */
function createRequestCheck(
  origins: OriginRules,
  condemned: WeakSet<Socket>,
): (request: IncomingMessage) => GatewayError | undefined {
  const checkOrigin = createOriginCheck(origins);
  return (request) => {
    if (condemned.has(request.socket)) return new GatewayError("invalid_http", "What came before it was ambiguous.");
    const fault = findFramingFault(request);
    if (fault !== undefined) return fault;
    try {
      checkOrigin(request);
      return undefined;
    } catch (cause) {
      return GatewayError.from(cause);
    }
  };
}

/** The switches of the configuration by the names that the contract's `x-endpoint` has. */
function createSwitch(endpoints: Config["gateway"]["http"]["endpoints"]): (endpoint: string) => boolean {
  const switches = new Map(Object.entries(endpoints).map(([name, { enabled }]) => [name, enabled]));
  return (endpoint) => switches.get(endpoint) ?? false;
}

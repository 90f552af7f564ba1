import type { SessionPolicy } from "./chat-client.ts";
import { type Begun, Chunks, createChunkJson, Opening, toFacts, toIdleChunk } from "./chunks.ts";
import { toCompletion } from "./completion.ts";
import { type AnswerHead, createHead, toInclude } from "./head.ts";
import { answerLogged } from "./logged-completion.ts";
import { toForm } from "./answer-form.ts";
import { assertConsistent, assertSupported, listIgnored, toIgnoredHeader, toSettings, toTools } from "./request.ts";
import { createToRoute, type Route } from "./route.ts";
import type { Call, ChatCompletionChunk, EventStream, Handler, Message, Reply } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { openFlow } from "../../base/listener.ts";
import type { Principal } from "../../base/principal.ts";
import { type Agents, toTarget } from "../../run/agents.ts";
import { hasMedia } from "../../run/demands.ts";
import type { MediaGate } from "../../run/media/media-gate.ts";
import { type Attempt, toDigest } from "../../run/repeated.ts";
import { createRunId } from "../../run/live-runs.ts";
import type { RunAnswer } from "../../run/run-event.ts";
import type { RunLog } from "../../run/run-log.ts";
import type { RunAgent, RunRequest } from "../../run/run-request.ts";
import { toHeaderText } from "../../session/key.ts";

export interface ChatParts {
  readonly agents: Agents;
  readonly runAgent: RunAgent;
  readonly media: MediaGate;
  /** Refuse fields that would be ignored. */
  readonly strict: boolean;
  readonly sessions: SessionPolicy;
  readonly runs: RunLog;
  /** Runs go on without their client, where that does not say otherwise. */
  readonly detach: boolean;
  /** The endpoint of runs is on. */
  readonly canReadRuns: boolean;
}

/** `POST /v1/chat/completions`: a request becomes a run, and its events one answer or a stream of chunks. */
export function createChatCompletion(parts: ChatParts): Handler<"createChatCompletion"> {
  const { agents: all, runAgent, runs, media, strict, sessions, detach, canReadRuns } = parts;
  const toRoute = createToRoute(sessions);
  // Most conversations are words, which have nothing to be let in.
  const admit = async (messages: readonly Message[], until: AbortSignal): Promise<readonly Message[]> =>
    messages.some(hasMedia) ? media.admit(messages, until) : messages;
  return async (call): Promise<Reply<"createChatCompletion">> => {
    const { body, parameters, header, principal, signal, flow } = call;
    const agents = all.of(principal);
    assertSupported(body);
    assertConsistent(body);
    const target = toTarget(body.model, parameters["x-openclaw-agent-id"], agents);
    const route = toRoute({ agents, target, sessionKey: parameters["x-openclaw-session-key"], header, body });
    call.tell({ agent: route.agent.id, ...(route.session.kept ? { session: route.session.key } : {}) });
    const ignored = listIgnored(body, route.agent.reach, strict);
    // Not refused where `strict` is: the configuration ignores it for clients that cannot leave it out.
    if (body.user && sessions.user === "ignore") ignored.push("user");
    const include = toInclude(parameters["x-clawgate-include"], route.agent.include);
    const head = createHead(body, include, !route.session.kept);
    const detached = isDetached(call, detach, canReadRuns);
    if (detached || parameters["idempotency-key"] !== undefined) {
      const prepare = async (until: AbortSignal): Promise<RunRequest> =>
        toRunRequest(call, await admit(body.messages, until), route);
      const toHeaders = (begun: Begun, runId: string) => toReplyHeaders(route, begun, runId, ignored, principal);
      return answerLogged({ call, route, head, detached, runs, runAgent, prepare, toHeaders });
    }
    const runId = createRunId();
    const own = { runId, cancel: call.cancel, toForm: () => toForm(head) };
    const request = toRunRequest(call, await admit(body.messages, signal), route, own);
    if (body.stream !== true) {
      const answer = await runAgent(request, { signal, flow: openFlow, emit: () => undefined });
      call.tell(toFacts(answer));
      return {
        status: 200,
        headers: toReplyHeaders(route, answer, runId, ignored, principal),
        body: toCompletion(answer, head),
      };
    }
    const opening = new Opening();
    const run = runAgent(request, { signal, flow, emit: opening.emit });
    const begun = await opening.decided(run);
    call.tell({ model: begun.model });
    return {
      status: 200,
      headers: toReplyHeaders(route, begun, runId, ignored, principal),
      stream: toStream(call, run, opening, head),
    };
  };
}

/** Throws `unsupported_value` where a run would go on that nobody could find again. */
function isDetached({ parameters }: Call<"createChatCompletion">, standard: boolean, canReadRuns: boolean): boolean {
  const asked = parameters["x-openclaw-detach"];
  if (asked === undefined) return standard;
  if (asked === "true" && !canReadRuns)
    throw new GatewayError(
      "unsupported_value",
      "Unsupported value for 'x-openclaw-detach': 'true'. Nobody could read the run again: gateway.http.endpoints.runs.enabled is false.",
      { param: "x-openclaw-detach" },
    );
  return asked === "true";
}

function toStream(
  { tell }: Call<"createChatCompletion">,
  run: Promise<RunAnswer>,
  opening: Opening,
  head: AnswerHead,
): EventStream<ChatCompletionChunk> {
  return {
    async run({ emit }) {
      const chunks = new Chunks(head, emit);
      chunks.begin();
      opening.passTo(chunks.add);
      const answer = await run;
      tell(toFacts(answer));
      chunks.end(answer);
    },
    toJson: createChunkJson(head),
    idleEvent: toIdleChunk(head),
  };
}

function toRunRequest(
  call: Call<"createChatCompletion">,
  messages: readonly Message[],
  route: Route,
  own?: Pick<RunRequest, "runId" | "cancel" | "toForm">,
): RunRequest {
  const { body, requestId, address, principal, trace } = call;
  const asked = { messages, tools: toTools(body), settings: toSettings(body, route.agent.reach) };
  const request = { ...route, ...asked, ...own, principal, requestId, address, trace };
  // A call with a key is known by that.
  const isAttempt = route.session.kept && call.parameters["idempotency-key"] === undefined;
  return isAttempt ? { ...request, attempt: toAttempt(call) } : request;
}

/** SDKs count how often they have sent a call; whether it was sent before is all that counts here. */
function toAttempt({ body, parameters, principal }: Call<"createChatCompletion">): Attempt {
  return {
    digest: toDigest([principal.name, body]),
    again: /^0*[1-9]\d*$/.test(parameters["x-stainless-retry-count"] ?? ""),
  };
}

function toReplyHeaders(
  { agent, session }: Route,
  { model, replayed }: Begun,
  runId: string,
  ignored: readonly string[],
  { quota }: Principal,
) {
  const ignoredText = toIgnoredHeader(ignored);
  return {
    "x-openclaw-agent-id": agent.id,
    "x-openclaw-session-key": toHeaderText(session.key),
    "x-clawgate-model": toHeaderName(model),
    "x-openclaw-run-id": runId,
    ...(replayed === undefined ? {} : { "x-clawgate-replayed": "true" as const }),
    ...(ignoredText === undefined ? {} : { "x-clawgate-ignored": ignoredText }),
    ...quota?.toHeaders(),
  };
}

/**
 * A name of the configuration as the text of a response header, which has room for visible ASCII alone: each other character
 * is percent-encoded as UTF-8.
 */
function toHeaderName(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : name.toWellFormed().replaceAll(/[^\x20-\x7e]/gu, encodeURIComponent);
}

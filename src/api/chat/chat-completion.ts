import type { SessionPolicy } from "./chat-client.ts";
import { Chunks, createChunkJson, toIdleChunk } from "./chunks.ts";
import { toCompletion } from "./completion.ts";
import { type AnswerHead, createHead, toInclude } from "./head.ts";
import { type Begun, Opening } from "./opening.ts";
import { assertConsistent, checkSupport, toIgnoredHeader, toSettings, toTools } from "./request.ts";
import { createToRoute, type Route } from "./route.ts";
import type { Call, ChatCompletionChunk, EventStream, Handler, Message, Reply } from "../../base/contract.ts";
import { openFlow } from "../../base/listener.ts";
import type { Principal } from "../../base/principal.ts";
import { type Agents, toTarget } from "../../run/agents.ts";
import type { MediaGate } from "../../run/media/media-gate.ts";
import { type Attempt, toDigest } from "../../run/repeated.ts";
import type { RunAnswer } from "../../run/run-event.ts";
import type { RunAgent, RunRequest } from "../../run/run.ts";
import { toHeaderText } from "../../session/key.ts";

export interface ChatParts {
  readonly agents: Agents;
  readonly runAgent: RunAgent;
  readonly media: MediaGate;
  /** Refuse fields that would be ignored. */
  readonly strict: boolean;
  readonly sessions: SessionPolicy;
}

/** `POST /v1/chat/completions`: a request becomes a run, and its events one answer or a stream of chunks. */
export function createChatCompletion(parts: ChatParts): Handler<"createChatCompletion"> {
  const { agents: all, runAgent, media, strict, sessions } = parts;
  const toRoute = createToRoute(sessions);
  return async (call): Promise<Reply<"createChatCompletion">> => {
    const { body, parameters, header, principal, signal, flow } = call;
    const agents = all.of(principal);
    const ignored = checkSupport(body, strict);
    // Not refused where `strict` is: it is no field of the body, and those who build on SDKs may not be able to leave it out.
    if (parameters["idempotency-key"] !== undefined) ignored.push("idempotency-key");
    // Not refused where `strict` is: the configuration ignores it for clients that cannot leave it out.
    if (body.user && sessions.user === "ignore") ignored.push("user");
    assertConsistent(body);
    const target = toTarget(body.model, parameters["x-openclaw-agent-id"], agents);
    const route = toRoute({ agents, target, sessionKey: parameters["x-openclaw-session-key"], header, body });
    const include = toInclude(parameters["x-clawgate-include"], route.agent.include);
    const messages = await media.admit(body.messages, signal);

    const request = toRunRequest(call, messages, route);
    const head = createHead(body, include, !route.session.kept);
    if (body.stream !== true) {
      const answer = await runAgent(request, { signal, flow: openFlow, emit: () => undefined });
      return {
        status: 200,
        headers: toHeaders(route, answer, ignored, principal),
        body: toCompletion(answer, head),
      };
    }
    const opening = new Opening();
    const run = runAgent(request, { signal, flow, emit: opening.emit });
    const begun = await opening.decided(run);
    return { status: 200, headers: toHeaders(route, begun, ignored, principal), stream: toStream(run, opening, head) };
  };
}

function toStream(run: Promise<RunAnswer>, opening: Opening, head: AnswerHead): EventStream<ChatCompletionChunk> {
  return {
    async run({ emit }) {
      const chunks = new Chunks(head, emit);
      chunks.begin();
      opening.passTo(chunks.add);
      chunks.end(await run);
    },
    toJson: createChunkJson(head),
    idleEvent: toIdleChunk(head),
  };
}

function toRunRequest(call: Call<"createChatCompletion">, messages: readonly Message[], route: Route): RunRequest {
  const { body, requestId, address, principal, trace } = call;
  const asked = { messages, tools: toTools(body), settings: toSettings(body) };
  const request = { ...route, ...asked, principal, requestId, address, trace };
  return route.session.kept ? { ...request, attempt: toAttempt(call) } : request;
}

/** SDKs count how often they have sent a call; whether it was sent before is all that counts here. */
function toAttempt({ body, parameters, principal }: Call<"createChatCompletion">): Attempt {
  return {
    digest: toDigest([principal.name, body]),
    again: /^0*[1-9]\d*$/.test(parameters["x-stainless-retry-count"] ?? ""),
  };
}

function toHeaders(
  { agent, session }: Route,
  { model, replayed }: Begun,
  ignored: readonly string[],
  { quota }: Principal,
) {
  const ignoredText = toIgnoredHeader(ignored);
  return {
    "x-openclaw-agent-id": agent.id,
    "x-openclaw-session-key": toHeaderText(session.key),
    "x-clawgate-model": model,
    ...(replayed === undefined ? {} : { "x-clawgate-replayed": "true" as const }),
    ...(ignoredText === undefined ? {} : { "x-clawgate-ignored": ignoredText }),
    ...quota?.toHeaders(),
  };
}

import type { Agents } from "../../run/agents.ts";
import type { RunAgent, RunRequest } from "../../run/run.ts";
import { toTarget } from "../../run/target.ts";
import type { ChatCompletionRequest, Handler, Message, Reply } from "../../base/contract.ts";
import type { MediaGate } from "../../run/media/media-gate.ts";
import { toHeaderText } from "../../session/key.ts";
import { assertConsistent } from "./consistency.ts";
import { createChunkJson } from "./chunk-json.ts";
import { toChunks, toIdleChunk } from "./chunks.ts";
import type { SessionPolicy } from "./client-presets.ts";
import { toCompletion } from "./completion.ts";
import { createHead } from "./head.ts";
import { toInclude } from "./include.ts";
import { openRun } from "./open-run.ts";
import { toSettings, toTools } from "./settings.ts";
import { createToRoute, type Route } from "./route.ts";
import { checkSupport, toIgnoredHeader } from "./support.ts";

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
  const { agents, runAgent, media, strict, sessions } = parts;
  const toRoute = createToRoute(agents, sessions);
  return async ({ body, parameters, header, signal }): Promise<Reply<"createChatCompletion">> => {
    const ignored = checkSupport(body, strict);
    // Not refused where `strict` is: the configuration ignores it for clients that cannot leave it out.
    if (body.user && sessions.user === "ignore") ignored.push("user");
    assertConsistent(body);
    const target = toTarget(body.model, parameters["x-openclaw-agent-id"], agents);
    const route = toRoute({ target, sessionKey: parameters["x-openclaw-session-key"], header, body });
    const include = toInclude(parameters["x-clawgate-include"], route.agent.include);
    const messages = await media.admit(body.messages, signal);

    const events = runAgent(toRunRequest(body, messages, route), signal);
    const head = createHead(body, include);
    if (body.stream !== true) {
      const whole = await toCompletion(events, head);
      return { status: 200, headers: toHeaders(route, whole.model, ignored), body: whole.body };
    }
    const run = await openRun(events);
    return {
      status: 200,
      headers: toHeaders(route, run.model, ignored),
      stream: { events: toChunks(run.events, head), toJson: createChunkJson(head), idleEvent: toIdleChunk(head) },
    };
  };
}

function toRunRequest(body: ChatCompletionRequest, messages: readonly Message[], route: Route): RunRequest {
  return { ...route, messages, tools: toTools(body), settings: toSettings(body) };
}

function toHeaders({ agent, session }: Route, model: string, ignored: readonly string[]) {
  const ignoredText = toIgnoredHeader(ignored);
  return {
    "x-openclaw-agent-id": agent.id,
    "x-openclaw-session-key": toHeaderText(session.key),
    "x-clawgate-model": model,
    ...(ignoredText === undefined ? {} : { "x-clawgate-ignored": ignoredText }),
  };
}

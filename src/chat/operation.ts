import type { Agents } from "../agents/agents.ts";
import type { RunAgent, RunRequest } from "../agents/run.ts";
import { toTarget } from "../agents/target.ts";
import type { ChatCompletionRequest, Handler, Reply } from "../contract.ts";
import { toHeaderText } from "../sessions/key.ts";
import { assertConsistent } from "./check.ts";
import { createChunkJson } from "./chunk-json.ts";
import { toChunks, toIdleChunk } from "./chunks.ts";
import { toCompletion } from "./completion.ts";
import { createHead } from "./head.ts";
import { openRun } from "./open-run.ts";
import { toSettings, toTools } from "./request.ts";
import { type Route, toRoute } from "./session.ts";
import { checkSupport, toIgnoredHeader } from "./support.ts";

export interface ChatParts {
  readonly agents: Agents;
  readonly runAgent: RunAgent;
  /** Refuse fields that would be ignored. */
  readonly strict: boolean;
}

/** `POST /v1/chat/completions`: a request becomes a run, and its events one answer or a stream of chunks. */
export function createChatCompletion({ agents, runAgent, strict }: ChatParts): Handler<"createChatCompletion"> {
  return async ({ body, parameters, signal }): Promise<Reply<"createChatCompletion">> => {
    const ignored = checkSupport(body, strict);
    assertConsistent(body);
    const target = toTarget(body.model, parameters["x-openclaw-agent-id"], agents);
    const route = toRoute(target, parameters["x-openclaw-session-key"], body.user, agents);

    const events = runAgent(toRunRequest(body, route), signal);
    const head = createHead(body);
    const headers = toHeaders(route, ignored);
    if (body.stream !== true) return { status: 200, headers, body: await toCompletion(events, head) };
    const chunks = toChunks(await openRun(events), head);
    return {
      status: 200,
      headers,
      stream: { events: chunks, toJson: createChunkJson(head), idleEvent: toIdleChunk(head) },
    };
  };
}

function toRunRequest(body: ChatCompletionRequest, route: Route): RunRequest {
  return { ...route, messages: body.messages, tools: toTools(body), settings: toSettings(body) };
}

function toHeaders({ agent, session }: Route, ignored: readonly string[]) {
  const ignoredText = toIgnoredHeader(ignored);
  return {
    "x-openclaw-agent-id": agent.id,
    "x-openclaw-session-key": toHeaderText(session.key),
    "x-clawgate-model": agent.model,
    ...(ignoredText === undefined ? {} : { "x-clawgate-ignored": ignoredText }),
  };
}

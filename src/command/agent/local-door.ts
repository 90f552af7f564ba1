import type { AgentDoor, Asked, ListedSession, RunListener } from "./agent-door.ts";
import { createQuietLog } from "../terminal.ts";
import type { ReadyConfig } from "../common.ts";
import { GatewayError } from "../../base/errors.ts";
import { openFlow } from "../../base/listener.ts";
import { withoutExtra } from "../../base/model-state.ts";
import { operator } from "../../base/principal.ts";
import { toTarget } from "../../run/agents.ts";
import { createRunId } from "../../run/live-runs.ts";
import type { RunEvent } from "../../run/run-event.ts";
import type { RunRequest } from "../../run/run-request.ts";
import { createRuntime, type Runtime } from "../../runtime.ts";
import { parseOperatorKey, toHeaderKey } from "../../session/key.ts";
import { toChatMessage } from "../../socket/chat-message.ts";

/** Sessions are listed by when they began; so many of them are looked at to find those that were used last. */
const listedMax = 1000;
const charactersMax = 100_000;

/** Runs agents in this process, on the sessions of the configuration: the code path of the HTTP endpoint. */
export async function openLocalDoor(loaded: ReadyConfig): Promise<AgentDoor> {
  const runtime = await createRuntime({ ...loaded, log: createQuietLog() });
  const { agents, store } = runtime;
  return {
    run: (asked, listener) => run(runtime, asked, listener),
    listAgents: () =>
      Promise.resolve(
        agents.list.map((agent) => ({
          id: agent.id,
          model: agent.models[0].name,
          isDefault: agent === agents.default,
        })),
      ),
    async listSessions(agentId) {
      const { items = [] } = (await store.list({ agentId, limit: listedMax })) ?? {};
      return items
        .map(({ key, updatedAt }): ListedSession => ({ key, updatedAt }))
        .toSorted((one, other) => other.updatedAt - one.updatedAt);
    },
    async readEnd(session, limit) {
      const { key } = nameSession(runtime, session);
      const page = await store.history(key, { after: 0, limit, includeSuperseded: false, fromEnd: true });
      return (page?.items ?? []).map((item) => toChatMessage(item, charactersMax));
    },
    close: () => runtime.stop(),
  };
}

async function run(runtime: Runtime, asked: Asked, listener: RunListener): ReturnType<AgentDoor["run"]> {
  const { agent, key } = nameSession(runtime, asked);
  const runId = createRunId();
  const request: RunRequest = {
    principal: operator,
    runId,
    agent,
    session: { key, kept: true, toldWhole: false },
    messages: [{ role: "user", content: asked.message }],
    tools: [],
    settings: {},
  };
  listener.onBegin({ runId, agentId: agent.id, sessionKey: key });
  const emit = (event: RunEvent): void => tell(event, listener);
  const answer = await runtime.runAgent(request, { signal: listener.signal, flow: openFlow, emit });
  const { model, message, finishReason, usage } = answer;
  const text = typeof message.content === "string" ? message.content : (message.refusal ?? "");
  return { model, text, toolCalls: (message.tool_calls ?? []).map(withoutExtra), finishReason, usage };
}

type Named = Pick<RunRequest, "agent"> & { readonly key: string };

function nameSession({ agents }: Runtime, { agentId: id, sessionKey }: Pick<Asked, "agentId" | "sessionKey">): Named {
  const target = toTarget("openclaw", id, agents);
  const { agentId, key } = parseOperatorKey(sessionKey);
  if (agentId !== undefined && target.explicit && target.agent.id !== agentId) {
    throw new GatewayError(
      "agent_conflict",
      `--session-key belongs to the agent '${agentId}', but --agent is '${target.agent.id}'.`,
    );
  }
  const { agent } = agentId === undefined ? target : toTarget("openclaw", agentId, agents);
  return { agent, key: toHeaderKey(agent.id, key) };
}

function tell(event: RunEvent, listener: RunListener): void {
  switch (event.type) {
    case "text-delta":
    case "refusal-delta":
      return listener.onText(event.text);
    case "tool-call-start":
      return listener.onNote(`calls the tool ${event.name}`);
    case "tool-start":
      return listener.onNote(`runs the tool ${event.name}`);
    case "tool-end":
      if (event.failed) listener.onNote(`the tool ${event.name} failed`);
      return;
    case "run-start":
    case "model-start":
    case "reasoning-delta":
    case "tool-call-delta":
      return;
  }
}

import { Command } from "commander";
import { GatewayError } from "../base/errors.ts";
import { withoutExtra } from "../base/model-state.ts";
import { openFlow } from "../base/listener.ts";
import { operator } from "../base/principal.ts";
import { addConfigOption, type CommonOptions, loadWithState, noteWarnings, prepare } from "./common.ts";
import { createQuietLog, type Terminal } from "./terminal.ts";
import { toTarget } from "../run/agents.ts";
import type { RunAnswer, RunEvent } from "../run/run-event.ts";
import type { RunAgent, RunRequest } from "../run/run-request.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { parseOperatorKey, toHeaderKey } from "../session/key.ts";

interface AgentOptions extends CommonOptions {
  readonly message: string;
  readonly agent?: string;
  readonly sessionKey: string;
  readonly json?: boolean;
}

export function createAgentCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("agent"))
    .description("run an agent once, through the same code path and sessions as the HTTP endpoint")
    .requiredOption("-m, --message <text>", "what to say; `-` reads it from standard input")
    .option("--agent <id>", "which agent; the default agent without it")
    .option("--session-key <key>", "which session: a key of this agent, or a full key `agent:<id>:…`", "main")
    .option("--json", "print one JSON object instead of the text")
    .addHelpText(
      "after",
      `
The text streams to standard output. Tool calls and failures go to standard error; a failed run ends with status 1.

Examples:
  $ clawgate agent -m "My name is Ada."
  $ clawgate agent -m "What is my name?"
  $ clawgate agent --session-key agent:main:openai-user:ada -m "Go on where my SDK client left off."
  $ git diff | clawgate agent --agent beta --json -m -`,
    )
    .action(async (options: AgentOptions) => {
      const loaded = await prepare(terminal, loadWithState(terminal, options));
      noteWarnings(terminal, loaded);
      const runtime = await createRuntime({ ...loaded, log: createQuietLog() });
      try {
        const message = options.message === "-" ? await terminal.readInput() : options.message;
        const request = toRunRequest(runtime, options, message);
        await showRun(runtime.runAgent, request, options.json === true, terminal);
      } catch (error) {
        if (options.json !== true || !(error instanceof GatewayError)) throw error;
        terminal.print(JSON.stringify({ status: "error", ...error.toBody() }));
        terminal.fail(1);
      } finally {
        await runtime.stop();
      }
    });
}

function toRunRequest({ agents }: Runtime, { agent: id, sessionKey }: AgentOptions, content: string): RunRequest {
  const target = toTarget("openclaw", id, agents);
  const { agentId, key } = parseOperatorKey(sessionKey);
  if (agentId !== undefined && target.explicit && target.agent.id !== agentId) {
    throw new GatewayError(
      "agent_conflict",
      `--session-key belongs to the agent '${agentId}', but --agent is '${target.agent.id}'.`,
    );
  }
  const { agent } = agentId === undefined ? target : toTarget("openclaw", agentId, agents);
  return {
    principal: operator,
    agent,
    session: { key: toHeaderKey(agent.id, key), kept: true, toldWhole: false },
    messages: [{ role: "user", content }],
    tools: [],
    settings: {},
  };
}

async function showRun(runAgent: RunAgent, request: RunRequest, json: boolean, terminal: Terminal): Promise<void> {
  if (terminal.interactive && !json)
    terminal.note(`${request.agent.id} (${request.agent.models[0].name}), session ${request.session.key}`);
  let runId = "";
  const emit = (event: RunEvent): void => {
    if (event.type === "run-start") ({ runId } = event);
    else if (!json) showEvent(event, terminal);
  };
  try {
    const answer = await runAgent(request, { signal: terminal.ending, flow: openFlow, emit });
    if (json) terminal.print(JSON.stringify(toResult(runId, request, answer)));
    else terminal.write("\n");
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (json) terminal.print(JSON.stringify({ runId, status: "error", ...error.toBody() }));
    else terminal.note(`${error.code}: ${error.message}`);
    terminal.fail(1);
  }
}

function showEvent(event: RunEvent, terminal: Terminal): void {
  switch (event.type) {
    case "text-delta":
    case "refusal-delta":
      return terminal.write(event.text);
    case "tool-call-start":
      return terminal.note(`calls the tool ${event.name}`);
    case "tool-start":
      return terminal.note(`runs the tool ${event.name}`);
    case "tool-end":
      if (event.failed) terminal.note(`the tool ${event.name} failed`);
      return;
    case "run-start":
    case "model-start":
    case "reasoning-delta":
    case "tool-call-delta":
      return;
  }
}

function toResult(runId: string, { agent, session }: RunRequest, { model, message, finishReason, usage }: RunAnswer) {
  return {
    runId,
    status: "ok",
    agent: agent.id,
    model,
    sessionKey: session.key,
    text: message.content ?? message.refusal ?? "",
    ...(message.tool_calls === undefined ? {} : { toolCalls: message.tool_calls.map(withoutExtra) }),
    finishReason,
    usage,
  };
}

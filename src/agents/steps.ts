import type { Message, Tool, ToolCall } from "../contract.ts";
import { GatewayError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ModelSettings } from "../providers/provider.ts";
import type { StoredMessage } from "../sessions/store.ts";
import type { ToolSet } from "../tools/tool-set.ts";
import type { Agent } from "./agents.ts";
import { createAnswerBuilder, type ModelAnswer, toMessage } from "./answer.ts";
import type { RunAnswer, RunEvent } from "./events.ts";
import { callModel } from "./model-call.ts";
import type { Need } from "./needs.ts";
import { runServerCalls, toServerCall } from "./server-calls.ts";
import { createChoiceGuard, narrowOffer, toToolName } from "./tool-choice.ts";
import { addUsage, noUsage } from "./usage.ts";

/** The part of a run between reading the transcript and writing it. */
export interface StepsRequest {
  readonly agent: Agent;
  readonly instructions: readonly Message[];
  readonly history: readonly StoredMessage[];
  /** Of the client. */
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
  readonly needs: readonly Need[];
  /** Of the agent. */
  readonly toolSet: ToolSet | undefined;
}

export interface StepsResult {
  readonly answer: RunAnswer;
  /** What the transcript gains: the model's messages and the results of tools inside the gateway. */
  readonly append: readonly StoredMessage[];
}

/** Between what the model says before a tool of the gateway runs and what it says after. */
const separator = "\n\n";

/**
 * Calls the model, runs the tools of the gateway that it calls, and calls it again with their results, until it answers
 * or calls tools of the client. Throws `GatewayError`, or the signal's reason.
 */
export async function* runSteps(
  request: StepsRequest,
  signal: AbortSignal,
  log: Log,
): AsyncGenerator<RunEvent, StepsResult> {
  const { agent, toolSet } = request;
  const own = new Set(toolSet?.tools.map(toToolName));
  const append: StoredMessage[] = [];
  let settings = request.settings;
  let draft: Draft = { text: "", refusal: "", reasoning: "", logprobs: undefined, usage: noUsage };
  for (let step = 1; ; step += 1) {
    const answer = yield* runStep(
      { ...request, settings },
      { append, own, needsSeparator: draft.text !== "" },
      signal,
      log,
    );
    draft = extend(draft, answer);
    const calls = answer.message.tool_calls ?? [];
    append.push(toStored(answer));
    const serverCalls = calls.filter((call) => own.has(toCallName(call)));
    if (serverCalls.length === 0 || toolSet === undefined) return { answer: toRunAnswer(draft, answer, calls), append };
    try {
      append.push(...(yield* runServerCalls(serverCalls.map(toServerCall), toolSet, signal)));
      const clientCalls = calls.filter((call) => !own.has(toCallName(call)));
      if (clientCalls.length > 0) return { answer: toRunAnswer(draft, answer, clientCalls), append };
      if (step === agent.stepsMax) throw toEndless(agent.stepsMax);
    } catch (cause) {
      throw toEffective(cause);
    }
    // A demand to call a tool is met by now; kept up, the model could never answer.
    if (settings.tool_choice !== "none") settings = { ...settings, tool_choice: "auto" };
  }
}

interface Draft {
  readonly text: string;
  readonly refusal: string;
  readonly reasoning: string;
  readonly logprobs: RunAnswer["logprobs"];
  readonly usage: RunAnswer["usage"];
}

interface StepPlace {
  readonly append: readonly StoredMessage[];
  /** The names of the agent's own tools. */
  readonly own: ReadonlySet<string>;
  readonly needsSeparator: boolean;
}

/** One model call. Calls of the agent's own tools are not shown as calls. */
async function* runStep(
  request: StepsRequest,
  { append, own, needsSeparator }: StepPlace,
  signal: AbortSignal,
  log: Log,
): AsyncGenerator<RunEvent, ModelAnswer> {
  const { agent, instructions, history, toolSet, needs } = request;
  const offer = narrowOffer({ tools: request.tools, settings: request.settings });
  const tools = [...offer.tools, ...(toolSet?.tools ?? [])];
  const guard = createChoiceGuard({ tools: request.tools, settings: request.settings });
  const builder = createAnswerBuilder();
  const shown = new Map<number, number>();
  const dropped = new Set<number>();
  let separated = !needsSeparator;
  const call = {
    agent,
    request: { agentId: agent.id, messages: [...instructions, ...history, ...append], tools, settings: offer.settings },
    needs,
  };
  try {
    for await (const given of callModel(call, signal, log)) {
      if (given.type === "model-start") {
        yield given;
        continue;
      }
      let event = given;
      if (event.type === "text-delta" && !separated) {
        event = { ...event, text: separator + event.text };
        separated = true;
      }
      if (event.type === "tool-call-start" && !guard.admits(event.name)) dropped.add(event.index);
      if ("index" in event && dropped.has(event.index)) continue;
      builder.add(event);
      if (event.type === "end") continue;
      if (event.type === "tool-call-start") {
        if (own.has(event.name)) continue;
        shown.set(event.index, shown.size);
      }
      if (!("index" in event)) yield event;
      else if (shown.has(event.index)) yield { ...event, index: shown.get(event.index) ?? 0 };
    }
    const answer = builder.finish();
    guard.finish(answer.finishReason);
    return answer;
  } catch (cause) {
    throw append.length === 0 ? cause : toEffective(cause);
  }
}

function extend(draft: Draft, { message, reasoning, logprobs, usage }: ModelAnswer): Draft {
  return {
    text: draft.text + (typeof message.content === "string" ? message.content : ""),
    refusal: draft.refusal + (message.refusal ?? ""),
    reasoning: draft.reasoning + reasoning,
    logprobs: logprobs === undefined ? draft.logprobs : [...(draft.logprobs ?? []), ...logprobs],
    usage: addUsage(draft.usage, usage),
  };
}

function toRunAnswer(draft: Draft, { finishReason }: ModelAnswer, calls: readonly ToolCall[]): RunAnswer {
  const { text, refusal, reasoning, logprobs, usage } = draft;
  return { message: toMessage(text, refusal, calls), reasoning, logprobs, finishReason, usage };
}

function toCallName(call: ToolCall): string {
  return call.type === "function" ? call.function.name : call.custom.name;
}

/** What SDKs replay of an answer, and no more. */
function toStored({ message: { refusal, ...message } }: ModelAnswer): StoredMessage {
  return refusal === null || refusal === undefined ? message : { ...message, refusal };
}

function toEndless(stepsMax: number): GatewayError {
  return new GatewayError("upstream_error", `The agent called tools ${stepsMax} times in a row and came to no end.`);
}

/** A tool has run: to repeat the call might do its effects twice. */
function toEffective(cause: unknown): unknown {
  if (!(cause instanceof GatewayError)) return cause;
  const { code, message, param, retryAfterSeconds, headers } = cause;
  return new GatewayError(code, message, {
    cause,
    retry: false,
    headers,
    ...(param === null ? {} : { param }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

import type { ToolCall } from "../base/contract.ts";
import { GatewayError, withoutRetry } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { Log } from "../base/log.ts";
import type { Pace } from "../base/run-tally.ts";
import { toNamedCall, toToolName } from "../base/tool-call.ts";
import { JsonScan } from "../model/json-scan.ts";
import { addUsage, type ModelAnswer, noUsage, toMessage } from "./answer.ts";
import { relaxDemand } from "./demands.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import { runServerCalls } from "./server-calls.ts";
import { runStep, type StepAnswer, type StepPlace, type StepRequest } from "./step.ts";
import type { StoredMessage } from "../session/store.ts";

export interface StepsResult {
  readonly answer: RunAnswer;
  /** What the transcript gains: the model's messages and the results of tools inside the gateway. */
  readonly append: readonly StoredMessage[];
  readonly pace: Pace;
}

/**
 * Calls the model, runs the tools of the gateway that it calls, and calls it again with their results, until it answers
 * or calls tools of the client. Throws `GatewayError`, or the signal's reason.
 */
export async function runSteps(request: StepRequest, to: Listener<RunEvent>, log: Log): Promise<StepsResult> {
  const { agent, toolSet } = request;
  const clients = toolSet && new Set(request.tools.map(toToolName));
  const isOwn = (name: string): boolean => toolSet?.owns(name) === true && clients?.has(name) !== true;
  const append: StoredMessage[] = [];
  let settings = request.settings;
  let draft: Draft = {
    model: undefined,
    text: "",
    refusal: "",
    reasoning: "",
    logprobs: undefined,
    usage: noUsage,
    pace: noPace,
  };
  for (let step = 1; ; step += 1) {
    const place = { append, isOwn, needsSeparator: draft.text !== "" };
    const answer = withoutCutCalls(await runStep({ ...request, settings }, place, to, log), isOwn);
    draft = extend(draft, answer);
    const calls = answer.message.tool_calls ?? [];
    append.push(toStored(answer));
    const serverCalls = calls.filter((call) => isOwn(toNamedCall(call).name));
    if (serverCalls.length === 0 || toolSet === undefined)
      return { answer: toRunAnswer(draft, answer, calls), append, pace: draft.pace };
    const clientCalls = calls.filter((call) => !isOwn(toNamedCall(call).name));
    const isOver = clientCalls.length > 0;
    // Nobody would read what the tools give.
    if (!isOver && step === agent.stepsMax) throw toEndless(agent.stepsMax, step > 1);
    try {
      append.push(...(await runServerCalls(serverCalls.map(toNamedCall), toolSet, to, agent.mediaLimits)));
    } catch (cause) {
      throw withoutRetry(cause);
    }
    if (isOver) return { answer: toRunAnswer(draft, answer, clientCalls), append, pace: draft.pace };
    settings = relaxDemand(settings);
  }
}

interface Draft {
  readonly model: string | undefined;
  readonly text: string;
  readonly refusal: string;
  readonly reasoning: string;
  readonly logprobs: RunAnswer["logprobs"];
  readonly usage: RunAnswer["usage"];
  readonly pace: Pace;
}

export const noPace: Pace = { firstAt: undefined, saidMs: 0, laterTokens: 0 };

function extend(draft: Draft, { model, message, reasoning, logprobs, usage, firstAt, saidMs }: StepAnswer): Draft {
  const { pace } = draft;
  return {
    model: draft.model ?? model,
    text: draft.text + (typeof message.content === "string" ? message.content : ""),
    refusal: draft.refusal + (message.refusal ?? ""),
    reasoning: draft.reasoning + reasoning,
    logprobs: logprobs === undefined ? draft.logprobs : [...(draft.logprobs ?? []), ...logprobs],
    usage: addUsage(draft.usage, usage),
    pace: {
      firstAt: pace.firstAt ?? firstAt,
      saidMs: pace.saidMs + saidMs,
      laterTokens: pace.laterTokens + Math.max(usage.completion_tokens - 1, 0),
    },
  };
}

function toRunAnswer(draft: Draft, { message, finishReason }: ModelAnswer, calls: readonly ToolCall[]): RunAnswer {
  const { model = "", text, refusal, reasoning, logprobs, usage } = draft;
  const { tool_calls: _, ...said } = message;
  return { model, message: { ...said, ...toMessage(text, refusal, calls) }, reasoning, logprobs, finishReason, usage };
}

/** What SDKs replay of an answer, and no more. */
function toStored({ message: { refusal, ...message } }: ModelAnswer): StoredMessage {
  return refusal === null || refusal === undefined ? message : { ...message, refusal };
}

/**
 * A call in an answer that was cut short may be half a call: then nobody sees it. One of the agent's own is not run in
 * any case, and without a result nobody may see it either.
 */
function withoutCutCalls(answer: StepAnswer, isOwn: StepPlace["isOwn"]): StepAnswer {
  const { message, finishReason } = answer;
  if (finishReason !== "length" && finishReason !== "content_filter") return answer;
  const calls = message.tool_calls?.filter((call) => !isOwn(toNamedCall(call).name) && isWhole(call)) ?? [];
  const text = typeof message.content === "string" ? message.content : "";
  const { tool_calls: _, ...said } = message;
  return { ...answer, message: { ...said, ...toMessage(text, message.refusal ?? "", calls) } };
}

/** Of longer arguments only the brackets are counted. */
const parsedUnitsMax = 100_000;

function isClosed(text: string): boolean {
  const scan = new JsonScan();
  scan.add(text);
  return scan.progress === "whole";
}

/** Of a custom tool's free text nobody can tell. */
function isWhole(call: ToolCall): boolean {
  if (call.type !== "function") return true;
  const { arguments: text } = call.function;
  if (text.length > parsedUnitsMax) return isClosed(text);
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That is what was asked.
    return false;
  }
}

function toEndless(stepsMax: number, hasEffects: boolean): GatewayError {
  const times = stepsMax === 1 ? "a tool" : `tools ${stepsMax} times in a row`;
  const message = `The agent called ${times} and came to no end.`;
  return new GatewayError("upstream_error", message, hasEffects ? { retry: false } : {});
}

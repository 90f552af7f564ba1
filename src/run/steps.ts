import type { ToolCall } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { StoredMessage } from "../session/store.ts";
import { type ModelAnswer, toMessage } from "./answer.ts";
import { toEffective } from "./effective.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import { runServerCalls, toServerCall } from "./server-calls.ts";
import { runStep, type StepAnswer, type StepPlace, type StepRequest } from "./step.ts";
import { relaxDemand, toToolName } from "./tool-choice.ts";
import { addUsage, noUsage } from "./usage.ts";

export interface StepsResult {
  readonly answer: RunAnswer;
  /** What the transcript gains: the model's messages and the results of tools inside the gateway. */
  readonly append: readonly StoredMessage[];
}

/**
 * Calls the model, runs the tools of the gateway that it calls, and calls it again with their results, until it answers
 * or calls tools of the client. Throws `GatewayError`, or the signal's reason.
 */
export async function* runSteps(
  request: StepRequest,
  signal: AbortSignal,
  log: Log,
): AsyncGenerator<RunEvent, StepsResult> {
  const { agent, toolSet } = request;
  const clients = new Set(request.tools.map(toToolName));
  const isOwn = (name: string): boolean => toolSet?.owns(name) === true && !clients.has(name);
  const append: StoredMessage[] = [];
  let settings = request.settings;
  let draft: Draft = { model: undefined, text: "", refusal: "", reasoning: "", logprobs: undefined, usage: noUsage };
  for (let step = 1; ; step += 1) {
    const place = { append, isOwn, needsSeparator: draft.text !== "" };
    const answer = withoutCutCalls(yield* runStep({ ...request, settings }, place, signal, log), isOwn);
    draft = extend(draft, answer);
    const calls = answer.message.tool_calls ?? [];
    append.push(toStored(answer));
    const serverCalls = calls.filter((call) => isOwn(toCallName(call)));
    if (serverCalls.length === 0 || toolSet === undefined) return { answer: toRunAnswer(draft, answer, calls), append };
    const clientCalls = calls.filter((call) => !isOwn(toCallName(call)));
    const isOver = clientCalls.length > 0;
    // Nobody would read what the tools give.
    if (!isOver && step === agent.stepsMax) throw toEndless(agent.stepsMax, step > 1);
    try {
      append.push(...(yield* runServerCalls(serverCalls.map(toServerCall), toolSet, signal)));
    } catch (cause) {
      throw toEffective(cause);
    }
    if (isOver) return { answer: toRunAnswer(draft, answer, clientCalls), append };
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
}

function extend(draft: Draft, { model, message, reasoning, logprobs, usage }: StepAnswer): Draft {
  return {
    model: draft.model ?? model,
    text: draft.text + (typeof message.content === "string" ? message.content : ""),
    refusal: draft.refusal + (message.refusal ?? ""),
    reasoning: draft.reasoning + reasoning,
    logprobs: logprobs === undefined ? draft.logprobs : [...(draft.logprobs ?? []), ...logprobs],
    usage: addUsage(draft.usage, usage),
  };
}

function toRunAnswer(draft: Draft, { finishReason }: ModelAnswer, calls: readonly ToolCall[]): RunAnswer {
  const { model = "", text, refusal, reasoning, logprobs, usage } = draft;
  return { model, message: toMessage(text, refusal, calls), reasoning, logprobs, finishReason, usage };
}

function toCallName(call: ToolCall): string {
  return call.type === "function" ? call.function.name : call.custom.name;
}

/** What SDKs replay of an answer, and no more. */
function toStored({ message: { refusal, ...message } }: ModelAnswer): StoredMessage {
  return refusal === null || refusal === undefined ? message : { ...message, refusal };
}

/** A call in an answer that was cut short may be half a call: it is not run, and without a result nobody may see it. */
function withoutCutCalls(answer: StepAnswer, isOwn: StepPlace["isOwn"]): StepAnswer {
  const { message, finishReason } = answer;
  if (finishReason !== "length" && finishReason !== "content_filter") return answer;
  const calls = message.tool_calls?.filter((call) => !isOwn(toCallName(call))) ?? [];
  const text = typeof message.content === "string" ? message.content : "";
  return { ...answer, message: toMessage(text, message.refusal ?? "", calls) };
}

function toEndless(stepsMax: number, hasEffects: boolean): GatewayError {
  const times = stepsMax === 1 ? "a tool" : `tools ${stepsMax} times in a row`;
  const message = `The agent called ${times} and came to no end.`;
  return new GatewayError("upstream_error", message, hasEffects ? { retry: false } : {});
}

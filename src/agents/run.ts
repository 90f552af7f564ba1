import { randomUUID } from "node:crypto";
import type { AssistantMessage, Message, Tool } from "../contract.ts";
import { GatewayError } from "../errors.ts";
import type { RunMetrics } from "../metrics.ts";
import type { ModelRequest, ModelSettings } from "../providers/provider.ts";
import { reconcile, separateInstructions } from "../sessions/reconcile.ts";
import type { Agent } from "./agents.ts";
import { createAnswerBuilder } from "./answer.ts";
import type { RunEvent } from "./events.ts";
import { assertToolResultsBound } from "./tool-results.ts";
import type { OpenTurn, Turns } from "./turns.ts";

/** Everything that a run needs to know; where it came from (HTTP, a socket, a terminal) is not part of it. */
export interface RunRequest {
  readonly agent: Agent;
  /** `kept` is false for a stateless call: nothing of it is read or written. */
  readonly session: { readonly key: string; readonly kept: boolean };
  /** As the client sent them, instructions included: what is new, or the whole history. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
}

/**
 * The one way to run an agent. It reports failure as its last event and never throws. When `signal` aborts, or the
 * reader stops reading, the model is stopped and the turn is not kept.
 */
export type RunAgent = (request: RunRequest, signal: AbortSignal) => AsyncIterable<RunEvent>;

export interface RunParts {
  readonly turns: Turns;
  readonly metrics: RunMetrics;
}

export function createRunAgent({ turns, metrics }: RunParts): RunAgent {
  return async function* runAgent(request, signal) {
    const observed = metrics.startRun(request.agent.id, request.agent.model);
    let turn: OpenTurn | undefined;
    let last: RunEvent;
    try {
      yield { type: "run-start", runId: `run_${randomUUID()}` };
      turn = request.session.kept ? await turns.open(request.session.key, signal) : undefined;
      const { instructions, conversation } = separateInstructions(request.messages);
      const stored = turn?.messages ?? [];
      const { keep, fresh } = reconcile(stored, conversation);
      const history = [...stored.slice(0, keep), ...fresh];
      assertToolResultsBound(history, request.messages);

      const answer = createAnswerBuilder();
      const model = toModelRequest(request, instructions, history);
      for await (const event of request.agent.provider.stream(model, { signal })) {
        answer.add(event);
        if (event.type === "start") yield { type: "model-start" };
        else if (event.type !== "end") yield event;
      }
      const { message, finishReason, usage } = answer.finish();
      // A client that left while the last words came would find a turn that it never saw.
      signal.throwIfAborted();
      await turn?.commit({ keep, append: [...fresh, toStored(message)] });
      observed.end(usage);
      last = { type: "run-end", message, finishReason, usage };
    } catch (cause) {
      const error = toRunError(cause, signal);
      observed.fail(error);
      last = { type: "run-error", error };
    } finally {
      // Also reached when the reader stops reading.
      observed.close();
      await turn?.release();
    }
    // Only now: a reader that has seen the end may never ask again, and must not hold the session by that.
    yield last;
  };
}

function toModelRequest(
  request: RunRequest,
  instructions: readonly Message[],
  history: readonly Message[],
): ModelRequest {
  const { agent, tools, settings } = request;
  const own = agent.instructions.map((content): Message => ({ role: "system", content }));
  return {
    model: agent.modelName,
    agentId: agent.id,
    messages: [...own, ...instructions, ...history],
    tools,
    settings,
  };
}

/** What SDKs replay of an answer, and no more. */
function toStored({ refusal, ...message }: AssistantMessage): AssistantMessage {
  return refusal === null || refusal === undefined ? message : { ...message, refusal };
}

function toRunError(cause: unknown, signal: AbortSignal): GatewayError {
  if (!signal.aborted) return GatewayError.from(cause);
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError("cancelled", "The client left before the run ended.");
}

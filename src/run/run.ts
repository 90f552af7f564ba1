import { randomUUID } from "node:crypto";
import type { Message, Tool } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { RunMetrics } from "../base/metrics.ts";
import type { ModelSettings } from "../model/model.ts";
import { reconcile, separateInstructions } from "../session/reconcile.ts";
import { isServerResult, type Turn } from "../session/store.ts";
import type { ToolServers, ToolSet } from "../tool/tool-set.ts";
import type { Agent } from "./agents.ts";
import { toEffective } from "./effective.ts";
import type { RunEvent } from "./run-event.ts";
import { toNeeds } from "./needs.ts";
import { runSteps } from "./steps.ts";
import { toToolName } from "./tool-choice.ts";
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
  readonly toolServers: ToolServers;
  readonly metrics: RunMetrics;
  readonly log: Log;
}

export function createRunAgent({ turns, toolServers, metrics, log }: RunParts): RunAgent {
  return async function* runAgent(request, signal) {
    const { agent, session, tools, settings } = request;
    const observed = metrics.startRun(agent.id, agent.models[0].name);
    let turn: OpenTurn | undefined;
    let last: RunEvent;
    try {
      yield { type: "run-start", runId: `run_${randomUUID()}` };
      turn = session.kept ? await turns.open(session.key, signal) : undefined;
      const { instructions, conversation } = separateInstructions(request.messages);
      const stored = turn?.messages ?? [];
      const { keep, fresh } = reconcile(stored, conversation);
      const history = [...stored.slice(0, keep), ...fresh];
      assertToolResultsBound(history, request.messages);
      const toolSet = await openToolSet(agent, toolServers, signal);
      assertNamesFree(tools, toolSet);

      const { answer, append } = yield* runSteps(
        {
          agent,
          instructions: [...toOwnInstructions(agent), ...instructions],
          history,
          tools,
          settings,
          needs: toNeeds({ sent: request.messages, history, tools, settings }),
          toolSet,
        },
        signal,
        log,
      );
      // A client that left while the last words came would find a turn that it never saw.
      signal.throwIfAborted();
      await commit(turn, { keep, append: [...fresh, ...append] }, append.some(isServerResult));
      observed.end(answer.usage, answer.model);
      last = { type: "run-end", ...answer };
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

async function commit(open: OpenTurn | undefined, turn: Turn, hasEffects: boolean): Promise<void> {
  try {
    await open?.commit(turn);
  } catch (cause) {
    throw hasEffects ? toEffective(cause) : cause;
  }
}

function toOwnInstructions({ instructions }: Agent): Message[] {
  return instructions.map((content) => ({ role: "system", content }));
}

async function openToolSet(agent: Agent, servers: ToolServers, signal: AbortSignal): Promise<ToolSet | undefined> {
  return Object.keys(agent.tools).length === 0 ? undefined : servers.open(agent.tools, signal);
}

/** Two tools of one name could not be told apart. */
function assertNamesFree(tools: readonly Tool[], toolSet: ToolSet | undefined): void {
  const taken = new Set(toolSet?.tools.map(toToolName));
  const index = tools.findIndex((tool) => taken.has(toToolName(tool)));
  const tool = tools[index];
  if (tool === undefined) return;
  const param = `tools[${index}].${tool.type}.name`;
  const message = `Invalid value for '${param}': the agent has a tool '${toToolName(tool)}' of its own.`;
  throw new GatewayError("invalid_value", message, { param });
}

function toRunError(cause: unknown, signal: AbortSignal): GatewayError {
  if (!signal.aborted) return GatewayError.from(cause);
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError("cancelled", "The client left before the run ended.");
}

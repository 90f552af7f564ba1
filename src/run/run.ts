import type { Audit } from "../base/audit/audit.ts";
import type { Message, Tool } from "../base/contract.ts";
import { GatewayError, invalidValue, withoutRetry } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { ChildOptions, Log, Write } from "../base/log.ts";
import type { ObservedRun, RunMetrics } from "../base/run-tally.ts";
import type { Quota } from "../base/principal.ts";
import type { Tracing } from "../base/telemetry/tracing.ts";
import { toToolName } from "../base/tool-call.ts";
import { accountFor, type ToolRecord } from "./account-for.ts";
import type { Agent } from "./agents.ts";
import { noUsage } from "./answer.ts";
import type { Place } from "./fair-queue.ts";
import { assertToolResultsBound, toNeeds } from "./demands.ts";
import { createRunId, type LiveRun, type LiveRuns, type RunOutcome } from "./live-runs.ts";
import { repeatAnswer, toReceipt } from "./repeated.ts";
import type { RunEvent } from "./run-event.ts";
import type { JoinedRun, RunAgent, RunRequest } from "./run-request.ts";
import { setAnswer, startRunSpan, traceTools } from "./run-span.ts";
import type { Slots } from "./slots.ts";
import type { StepRequest } from "./step.ts";
import { noPace, runSteps } from "./steps.ts";
import type { OpenTurn, Turns } from "./turns.ts";
import { toStoredKey } from "../session/key.ts";
import { reconcile, separateInstructions } from "../session/reconcile.ts";
import type { StoredMessage, Turn } from "../session/store.ts";
import type { ToolServers, ToolSet } from "../tool/tool-set.ts";

export interface RunParts {
  readonly live: LiveRuns;
  readonly slots: Slots;
  readonly turns: Turns;
  readonly toolServers: ToolServers;
  /** Logs a run that has only begun, for another gateway that tells somebody of its session. */
  readonly join: (live: LiveRun, request: RunRequest) => Promise<JoinedRun | undefined>;
  readonly metrics: RunMetrics;
  readonly log: Log;
  readonly audit: Audit;
  readonly tracing?: Tracing | undefined;
}

export function createRunAgent({
  live: liveRuns,
  slots,
  turns,
  toolServers,
  join,
  metrics,
  log: rootLog,
  audit,
  tracing,
}: RunParts): RunAgent {
  return async (request, to) => {
    const { principal, agent, session, tools, settings, attempt, requestId, logged, runId = createRunId() } = request;
    const { signal } = to;
    const { quota } = principal;
    const log = new LateLog(rootLog, { requestId, runId, ...principal.logFields, agent: agent.id });
    // Before anything else: a refused call leaves no trace of a run.
    slots.assertRoom(principal.name);
    const endCounted = quota?.beginRun();
    const observed = metrics.startRun(agent.id, agent.models[0].name, principal.name);
    const span = tracing && startRunSpan(tracing, request, runId);
    const live = logged?.live ?? liveRuns.open(runId, request);
    const heard = hear(to, live);
    const { emit } = heard;
    let outcome: RunOutcome | undefined;
    let turn: OpenTurn | undefined;
    let hasSlot = false;
    try {
      emit({ type: "run-start", runId });
      turn = session.kept ? await turns.open(toStoredKey(session.key, principal), signal, { log, attempt }) : undefined;
      if (turn?.receipt !== undefined) {
        const answer = repeatAnswer(turn.receipt, emit);
        observed.end(noUsage, answer.model, noPace);
        outcome = { answer };
        return answer;
      }
      const joined = turn?.isObserved && logged === undefined ? await join(live, request) : undefined;
      // Whoever waits for a session takes no slot from others.
      hasSlot = slots.take() || (await slots.wait(toPlace(request), signal));
      const { instructions, conversation } = separateInstructions(request.messages);
      const stored = turn?.messages ?? [];
      const { keep, fresh } = reconcile(stored, conversation, session.toldWhole);
      const history = [...stored.slice(0, keep), ...fresh];
      assertToolResultsBound(history, request.messages);
      const opened = await openToolSet(agent, toolServers, signal);
      const accounted = opened && accountFor(opened, audit, toToolRecord(request, runId));
      const toolSet = accounted && span ? traceTools(accounted, tracing, span.context) : accounted;
      assertNamesFree(tools, toolSet);
      const steps: StepRequest = {
        agent,
        instructions: [...toOwnInstructions(agent), ...instructions],
        history,
        tools,
        settings,
        needs: toNeeds({ sent: request.messages, history, tools, settings }),
        toolSet,
        onSpent: quota === undefined ? observed.spend : toSpend(observed, quota),
        onUsed: quota && ((tokens) => quota.spend(tokens)),
        requestId,
        trace: span?.context,
      };
      const ends = [
        signal,
        ...(turn === undefined ? [] : [turn.lost]),
        ...(joined === undefined ? [] : [joined.signal]),
      ];
      const until = ends.length === 1 ? signal : AbortSignal.any(ends);
      const { answer, append, pace } = await runSteps(steps, { ...heard, signal: until }, log);
      // A client that left while the last words came would find a turn that it never saw.
      signal.throwIfAborted();
      joined?.signal.throwIfAborted();
      const receipt = attempt === undefined ? {} : { receipt: toReceipt(attempt, answer) };
      const run = turn && (logged ?? joined)?.toEnd(answer);
      await commit(turn, { keep, append: [...fresh, ...append], ...receipt, run }, append.some(isToolResult));
      observed.end(answer.usage, answer.model, pace);
      if (span !== undefined) setAnswer(span, answer);
      outcome = { answer };
      return answer;
    } catch (cause) {
      const error = toRunError(cause, signal);
      observed.fail(error);
      outcome = { error };
      throw error;
    } finally {
      observed.close();
      if (hasSlot) slots.leave();
      span?.end(outcome?.error?.code);
      endCounted?.();
      await turn?.release();
      if (logged === undefined && outcome !== undefined) liveRuns.close(live, outcome);
    }
  };
}

/** The client first, then whoever else watches. */
function hear({ signal, flow, emit }: Listener<RunEvent>, live: LiveRun): Listener<RunEvent> {
  return {
    signal,
    flow,
    emit(event) {
      emit(event);
      live.say(event);
    },
  };
}

/** Sessions of a principal take turns; of calls without one, those from one address are one more that does. */
function toPlace({ principal, session, address = "" }: RunRequest): Place {
  return { principal: principal.name, line: session.kept ? session.key : address };
}

function toToolRecord({ principal, agent, session, requestId }: RunRequest, runId: string): ToolRecord {
  const key = principal.name;
  return { runId, agent: agent.id, requestId, key, ...(session.kept ? { session: session.key } : {}) };
}

function toSpend(observed: ObservedRun, quota: Quota): ObservedRun["spend"] {
  return (tokens, model) => {
    observed.spend(tokens, model);
    quota.spend(tokens.total_tokens ?? (tokens.prompt_tokens ?? 0) + (tokens.completion_tokens ?? 0));
  };
}

/** What a run appends is the model's and its own tools'; a client's results came with the request. */
function isToolResult({ role }: StoredMessage): boolean {
  return role === "tool";
}

async function commit(open: OpenTurn | undefined, turn: Turn, hasEffects: boolean): Promise<void> {
  try {
    await open?.commit(turn);
  } catch (cause) {
    throw hasEffects ? withoutRetry(cause) : cause;
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
  throw invalidValue(param, `the agent has a tool '${toToolName(tool)}' of its own`);
}

function toRunError(cause: unknown, signal: AbortSignal): GatewayError {
  if (!signal.aborted) return GatewayError.from(cause);
  if (signal.reason instanceof GatewayError) return signal.reason;
  return new GatewayError("cancelled", "The client left before the run ended.");
}

/**
 * Every line of a run names it; what a run logs, it logs through this. Most runs have nothing to say, and a child costs as
 * much as a line, so it is made with the first.
 */
class LateLog implements Log {
  readonly #parent: Log;
  readonly #fields: object;
  #made: Log | undefined;

  constructor(parent: Log, fields: object) {
    this.#parent = parent;
    this.#fields = fields;
  }

  get debug(): Write {
    return this.#bind("debug");
  }

  get info(): Write {
    return this.#bind("info");
  }

  get warn(): Write {
    return this.#bind("warn");
  }

  get error(): Write {
    return this.#bind("error");
  }

  isLevelEnabled(level: string): boolean {
    return this.#parent.isLevelEnabled(level);
  }

  child(fields: object, options?: ChildOptions): Log {
    return this.#child.child(fields, options);
  }

  get #child(): Log {
    return (this.#made ??= this.#parent.child(this.#fields));
  }

  #bind(level: "debug" | "info" | "warn" | "error"): Write {
    const child = this.#child;
    return child[level].bind(child);
  }
}

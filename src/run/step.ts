import type { FinishReason, Message, Tool } from "../base/contract.ts";
import { GatewayError, withoutRetry } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { Log } from "../base/log.ts";
import type { ModelSettings } from "../base/settings.ts";
import type { TraceContext } from "../base/telemetry/tracing.ts";
import type { ModelDelta } from "../model/model.ts";
import type { Agent } from "./agents.ts";
import { AnswerBuilder, type ModelAnswer } from "./answer.ts";
import { type ChoiceGuard, createChoiceGuard, isToolTalk, narrowOffer, type Need, withOwnTools } from "./demands.ts";
import { type CallEnd, type CallEvent, callModel, type ModelCall } from "./model-call.ts";
import { pairResults } from "./pair-results.ts";
import type { RunEvent } from "./run-event.ts";
import type { StoredMessage } from "../session/store.ts";
import type { ToolSet } from "../tool/tool-set.ts";

/** The part of a run between reading the transcript and writing it. */
export interface StepRequest {
  readonly agent: Agent;
  readonly instructions: readonly Message[];
  readonly history: readonly StoredMessage[];
  /** Of the client. */
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
  readonly needs: readonly Need[];
  /** Of the agent. */
  readonly toolSet: ToolSet | undefined;
  readonly onSpent: ModelCall["onSpent"];
  readonly requestId?: string | undefined;
  readonly trace?: TraceContext | undefined;
  /** Told the tokens of each model call, however it ends: those of one that was cut are estimated. */
  readonly onUsed?: ((tokens: number) => void) | undefined;
}

export interface StepPlace {
  /** What the steps before have added to the conversation. */
  readonly append: readonly StoredMessage[];
  /** Whether a tool of this name is the agent's own. */
  readonly isOwn: (name: string) => boolean;
  /** Something was said before the tools ran. */
  readonly needsSeparator: boolean;
}

export interface StepAnswer extends ModelAnswer {
  /** The model that answered, as `provider/model`. */
  readonly model: string;
  /** When it began to say something; undefined if it has said nothing. */
  readonly firstAt: number | undefined;
  /** From then on to its end. */
  readonly saidMs: number;
}

/** Between what the model says before a tool of the gateway runs and what it says after. */
const separator = "\n\n";

/** One model call. Calls of the agent's own tools are not shown as calls. */
export async function runStep(
  request: StepRequest,
  place: StepPlace,
  { signal, flow, emit }: Listener<RunEvent>,
  log: Log,
): Promise<StepAnswer> {
  const { agent, instructions, history, toolSet, needs, onSpent, onUsed, requestId, trace } = request;
  const { append } = place;
  const said = [...history, ...append];
  const messages = [...instructions, ...(said.some(isToolTalk) ? pairResults(said) : said)];
  const offer = withOwnTools(narrowOffer(request), toolSet?.tools ?? []);
  const call = { agent, request: { agentId: agent.id, messages, ...offer, requestId, trace }, needs, onSpent };
  const guard = createChoiceGuard(request);
  const step = new Step(place, guard, emit);
  let end: CallEnd | undefined;
  try {
    end = await callModel(call, { signal, flow, emit: step.onEvent }, log);
    assertDemandMet(guard, end.finishReason, history);
    const answer = await step.builder.finish(end, call.request);
    const { message } = answer;
    onUsed?.(answer.usage.total_tokens);
    const { firstAt } = step;
    return {
      firstAt,
      saidMs: firstAt === undefined ? 0 : performance.now() - firstAt,
      ...answer,
      message: end.state === undefined ? message : { ...message, stateOf: end.model },
      model: end.model,
    };
  } catch (cause) {
    if (onUsed !== undefined && !isTold(cause, signal))
      onUsed(await step.builder.estimate(call.request, end?.usage, signal.aborted));
    throw append.length === 0 ? cause : withoutRetry(cause);
  }
}

/** What a call has cost that failed may stand in its error, and was told with it. */
function isTold(cause: unknown, { aborted }: AbortSignal): boolean {
  return !aborted && cause instanceof GatewayError && cause.spent !== undefined;
}

/** Words may follow the results of tools whatever is demanded: a client's loop over tools could else never end. */
function assertDemandMet(guard: ChoiceGuard, reason: FinishReason, history: readonly StoredMessage[]): void {
  const last = history.at(-1)?.role;
  if (last !== "tool" && last !== "function") guard.finish(reason);
}

/** What becomes of the events of one model call: what the transcript keeps of them, and what the client sees. */
class Step {
  readonly builder = new AnswerBuilder();
  firstAt: number | undefined;
  readonly #isOwn: StepPlace["isOwn"];
  readonly #guard: ChoiceGuard;
  readonly #emit: (event: RunEvent) => void;
  /** Of the model's index of each client's call, the one that the client sees. */
  #shown: Map<number, number> | undefined;
  #dropped: Set<number> | undefined;
  #separated: boolean;

  constructor({ isOwn, needsSeparator }: StepPlace, guard: ChoiceGuard, emit: (event: RunEvent) => void) {
    this.#isOwn = isOwn;
    this.#separated = !needsSeparator;
    this.#guard = guard;
    this.#emit = emit;
  }

  readonly onEvent = (event: CallEvent): void => {
    switch (event.type) {
      case "text-delta":
        return this.#pass(this.#separated || event.text === "" ? event : this.#separate(event));
      case "reasoning-delta":
      case "refusal-delta":
        return this.#pass(event);
      case "tool-call-start":
        return this.#startCall(event);
      case "tool-call-delta":
        return this.#extendCall(event);
      case "model-start":
        return this.#emit(event);
    }
  };

  #pass(event: ModelDelta): void {
    this.firstAt ??= performance.now();
    this.builder.add(event);
    this.#emit(event);
  }

  #separate<E extends { readonly text: string }>(event: E): E {
    this.#separated = true;
    return { ...event, text: separator + event.text };
  }

  #startCall(event: Extract<ModelDelta, { type: "tool-call-start" }>): void {
    if (!this.#guard.admits(event.name)) {
      (this.#dropped ??= new Set()).add(event.index);
      return;
    }
    this.firstAt ??= performance.now();
    this.builder.add(event);
    if (this.#isOwn(event.name)) return;
    const shown = (this.#shown ??= new Map());
    const index = shown.size;
    shown.set(event.index, index);
    this.#emit({ ...event, index });
  }

  #extendCall(event: Extract<ModelDelta, { type: "tool-call-delta" }>): void {
    if (this.#dropped?.has(event.index) === true) return;
    this.builder.add(event);
    const index = this.#shown?.get(event.index);
    if (index !== undefined) this.#emit({ ...event, index });
  }
}

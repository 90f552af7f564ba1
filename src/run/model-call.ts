import { GatewayError, type SpentTokens } from "../base/errors.ts";
import type { Listener } from "../base/listener.ts";
import type { Log } from "../base/log.ts";
import { keepOwnState } from "../base/model-state.ts";
import type { ModelDelta, ModelEnd, ModelEvent, ModelRequest } from "../model/model.ts";
import { toRemedy } from "../model/remedy.ts";
import type { Agent, BoundModel } from "./agents.ts";
import { fitMedia } from "./media/result-media.ts";
import { findUnmet, type Need } from "./demands.ts";
import { streamStructured } from "./structured-output.ts";

/** What a model call gives: what the model says, and before it `model-start` with its name. */
export type CallEvent = ModelDelta | { readonly type: "model-start"; readonly model: string };

export interface ModelCall {
  readonly agent: Agent;
  readonly request: Omit<ModelRequest, "model">;
  readonly needs: readonly Need[];
  /** Told what a model that failed has cost, by its name. */
  readonly onSpent: (tokens: SpentTokens, model: string) => void;
}

export interface CallEnd extends ModelEnd {
  /** The model that answered, as `provider/model`. */
  readonly model: string;
}

/**
 * Calls the agent's models in turn until one answers. The next is tried only when nothing has been said: `model-start`
 * counts as that where it is given at once, so it is held back while there is another model to try. Rejects with what
 * the first one that was asked failed with, why the first one could not be asked if none was, what the listener threw,
 * or the signal's reason.
 */
export async function callModel(
  { agent, request, needs, onSpent }: ModelCall,
  to: Listener<CallEvent>,
  log: Log,
): Promise<CallEnd> {
  const { signal, flow } = to;
  // What the listener throws is its failure and not the model's, whatever a provider makes of it.
  const refused: { thrown?: { readonly cause: unknown } } = {};
  const tell = (event: CallEvent): void => {
    if (refused.thrown !== undefined) throw refused.thrown.cause;
    try {
      to.emit(event);
    } catch (cause) {
      refused.thrown = { cause };
      throw cause;
    }
  };
  let unable: GatewayError | undefined;
  let failure: GatewayError | undefined;
  for (const [index, bound] of agent.models.entries()) {
    const isLast = index === agent.models.length - 1;
    const refusal = findRefusal(bound, agent, request, needs);
    unable ??= refusal;
    if (refusal !== undefined) continue;
    let said = false;
    const begin = (): void => {
      if (said) return;
      said = true;
      tell({ type: "model-start", model: bound.name });
    };
    const emit = (event: ModelEvent): void => {
      if (event.type !== "start") {
        begin();
        tell(event);
      } else if (isLast) begin();
    };
    try {
      const end = await streamBound(bound, toOwnRequest(request, bound, agent, index === 0), { signal, flow, emit });
      begin();
      return { ...end, model: bound.name };
    } catch (cause) {
      signal.throwIfAborted();
      if (refused.thrown !== undefined) throw refused.thrown.cause;
      if (cause instanceof GatewayError && cause.spent !== undefined) onSpent(cause.spent, bound.name);
      logFailure(log, bound, cause, said || isLast);
      if (said) throw cause;
      failure ??= GatewayError.from(cause);
    }
  }
  throw failure ?? unable;
}

/** Says what the client is not told: which model failed, and why. A defect that ends the run is the caller's to log. */
function logFailure(log: Log, { name: model, model: own }: BoundModel, cause: unknown, isOver: boolean): void {
  const told = `model failed${isOver ? "" : "; the next one is tried"}`;
  if (cause instanceof GatewayError) {
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    const remedy = toRemedy(model.slice(0, -own.length - 1), cause);
    log.warn({ model, code: cause.code, cause: reason, ...(remedy === undefined ? {} : { remedy }) }, told);
  } else if (!isOver) {
    log.warn({ model, err: cause }, told);
  }
}

/** Why a model is not asked at all. */
function findRefusal(
  { capabilities }: BoundModel,
  { enforcesFormat }: Agent,
  { settings }: ModelCall["request"],
  needs: readonly Need[],
): GatewayError | undefined {
  const type = settings.response_format?.type ?? "text";
  if (type === "text" || enforcesFormat || capabilities.responseFormats.has(type))
    return findUnmet(needs, capabilities);
  const message = `Unsupported value for 'response_format': the agent's model cannot hold to '${type}'.`;
  return new GatewayError("unsupported_value", message, { param: "response_format" });
}

/** What other models must get back is not for this one, nor what it cannot see or hear. */
function toOwnRequest(
  request: ModelCall["request"],
  { name, capabilities }: BoundModel,
  { mediaLimits }: Agent,
  isFirst: boolean,
): ModelCall["request"] {
  const { messages } = request;
  // Most first calls of a conversation: nobody has answered yet.
  if (!messages.some(({ role }) => role === "assistant")) return request;
  const own = keepOwnState(messages, name, isFirst);
  return { ...request, messages: fitMedia(own, capabilities.input, mediaLimits) };
}

/** A form that the model cannot hold to is seen to here. */
function streamBound(
  { provider, model, capabilities }: BoundModel,
  given: ModelCall["request"],
  to: Listener<ModelEvent>,
): Promise<ModelEnd> {
  const request = { ...given, model };
  const format = given.settings.response_format;
  if (format === undefined || format.type === "text") return provider.stream(request, to);
  if (capabilities.responseFormats.has(format.type)) return provider.stream(request, to);
  return streamStructured(provider, request, format, to);
}

import { GatewayError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ModelEvent, ModelRequest } from "../providers/provider.ts";
import type { Agent, BoundModel } from "./agents.ts";
import { assertMet, type Need } from "./needs.ts";
import { streamStructured } from "./structured-output.ts";

/** What a model call gives: the model's own events, but `model-start` with its name instead of `start`. */
export type CallEvent =
  | Exclude<ModelEvent, { type: "start" }>
  | { readonly type: "model-start"; readonly model: string };

export interface ModelCall {
  readonly agent: Agent;
  readonly request: Omit<ModelRequest, "model">;
  readonly needs: readonly Need[];
}

/**
 * Calls the agent's models in turn until one answers. The next is tried only when nothing has been said: `model-start`
 * counts as that where it is given at once, so it is held back while there is another model to try. Throws what the
 * first one failed with, or the signal's reason.
 */
export async function* callModel(
  { agent, request, needs }: ModelCall,
  signal: AbortSignal,
  log: Log,
): AsyncGenerator<CallEvent, undefined> {
  let failure: GatewayError | undefined;
  for (const [index, bound] of agent.models.entries()) {
    const isLast = index === agent.models.length - 1;
    let said = false;
    try {
      assertMet(needs, bound.provider.toCapabilities(bound.model));
      for await (const event of streamBound(bound, agent, request, signal)) {
        if (event.type === "start" && !isLast) continue;
        if (!said) yield { type: "model-start", model: bound.name };
        said = true;
        if (event.type !== "start") yield event;
      }
      return;
    } catch (cause) {
      signal.throwIfAborted();
      if (said) throw cause;
      failure ??= GatewayError.from(cause);
      if (isLast) throw failure;
      log.warn({ agent: agent.id, model: bound.name, err: cause }, "model failed; the next one is tried");
    }
  }
}

/** A form that the model cannot hold to is seen to here, if the agent is configured so. */
function streamBound(
  { provider, model }: BoundModel,
  { enforcesFormat }: Agent,
  given: Omit<ModelRequest, "model">,
  signal: AbortSignal,
): AsyncIterable<ModelEvent> {
  const request = { ...given, model };
  const format = given.settings.response_format;
  if (format === undefined || format.type === "text") return provider.stream(request, { signal });
  if (provider.toCapabilities(model).responseFormats.has(format.type)) return provider.stream(request, { signal });
  if (enforcesFormat) return streamStructured(provider, request, format, signal);
  throw new GatewayError(
    "unsupported_value",
    `Unsupported value for 'response_format': the agent's model cannot hold to '${format.type}'.`,
    { param: "response_format" },
  );
}

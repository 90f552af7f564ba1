import type { AssistantMessage, FinishReason, Usage } from "../contract.ts";
import type { GatewayError } from "../errors.ts";
import type { ModelEvent } from "../providers/provider.ts";

/** What the model of a run does; `model-start` once it has accepted the call. */
export type ModelStep = Exclude<ModelEvent, { type: "start" | "end" }>;

/**
 * What happens in a run, in order. `run-start` comes first; `run-end` or `run-error` comes last, exactly once.
 * `run-end` is given only after the turn is on disk.
 */
export type RunEvent =
  | { readonly type: "run-start"; readonly runId: string }
  | { readonly type: "model-start" }
  | ModelStep
  | {
      readonly type: "run-end";
      readonly message: AssistantMessage;
      readonly finishReason: FinishReason;
      readonly usage: Usage;
    }
  | { readonly type: "run-error"; readonly error: GatewayError };

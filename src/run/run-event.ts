import type { AssistantMessage, FinishReason, TokenLogprob, Usage } from "../base/contract.ts";
import type { GatewayError } from "../base/errors.ts";
import type { ModelEvent } from "../model/model.ts";

/** What the model of a run says. Tool calls are the client's; they are counted from 0 over the whole run. */
export type ModelStep = Exclude<ModelEvent, { type: "start" | "end" }>;

/** What a run has said, as its client sees it. */
export interface RunAnswer {
  /** The model that answered first, as `provider/model`. */
  readonly model: string;
  /** The texts of all model calls, one after the other, and the calls of the client's tools. */
  readonly message: AssistantMessage;
  readonly reasoning: string;
  /** Undefined unless the request asked for them. */
  readonly logprobs: readonly TokenLogprob[] | undefined;
  readonly finishReason: FinishReason;
  /** Of all model calls together. */
  readonly usage: Usage;
}

/**
 * What happens in a run, in order. `run-start` comes first; `run-end` or `run-error` comes last, exactly once.
 * `run-end` is given only after the turn is on disk. `model-start` comes when a model has accepted the call; the first
 * one names the model that answers. Tools that run inside the gateway are seen as `tool-start` and `tool-end`.
 */
export type RunEvent =
  | { readonly type: "run-start"; readonly runId: string }
  | { readonly type: "model-start"; readonly model: string }
  | ModelStep
  | { readonly type: "tool-start"; readonly id: string; readonly name: string }
  | { readonly type: "tool-end"; readonly id: string; readonly name: string; readonly failed: boolean }
  | ({ readonly type: "run-end" } & RunAnswer)
  | { readonly type: "run-error"; readonly error: GatewayError };

import type { FinishReason, TokenLogprob, Usage } from "../base/contract.ts";
import type { OwnedMessage } from "../base/model-state.ts";
import type { ModelDelta } from "../model/model.ts";

/** What a run has said, as its client sees it. */
export interface RunAnswer {
  /** The model that answered first, as `provider/model`. */
  readonly model: string;
  /** The texts of all model calls, one after the other, and of the last one its state and the calls of the client's tools. */
  readonly message: OwnedMessage;
  readonly reasoning: string;
  /** Undefined unless the request asked for them. */
  readonly logprobs: readonly TokenLogprob[] | undefined;
  readonly finishReason: FinishReason;
  /** Of all model calls together. */
  readonly usage: Usage;
  /** No model was asked: the call had been answered before, and its client had not got the answer. */
  readonly replayed?: true;
}

/**
 * What happens in a run, in order. `run-start` comes first. `model-start` comes when a model has accepted the call; the
 * first one names the model that answers, now or when the call was answered before. Tool calls are the client's, counted from 0 over the whole run; tools that run
 * inside the gateway are seen as `tool-start` and `tool-end`. How a run ended is said by its promise alone.
 */
export type RunEvent =
  | { readonly type: "run-start"; readonly runId: string }
  | { readonly type: "model-start"; readonly model: string; readonly replayed?: true }
  | ModelDelta
  | { readonly type: "tool-start"; readonly id: string; readonly name: string }
  | { readonly type: "tool-end"; readonly id: string; readonly name: string; readonly failed: boolean };

import type { ChatCompletionRequest, FinishReason, Message, TokenLogprob, Tool, Usage } from "../base/contract.ts";

/** The fields of a chat completion request that a provider acts on, under the names they have on the wire. */
export type ModelSettings = Pick<
  ChatCompletionRequest,
  | "frequency_penalty"
  | "logit_bias"
  | "logprobs"
  | "max_completion_tokens"
  | "metadata"
  | "parallel_tool_calls"
  | "prediction"
  | "presence_penalty"
  | "prompt_cache_key"
  | "prompt_cache_options"
  | "prompt_cache_retention"
  | "reasoning_effort"
  | "response_format"
  | "safety_identifier"
  | "seed"
  | "service_tier"
  | "stop"
  | "temperature"
  | "tool_choice"
  | "top_logprobs"
  | "top_p"
  | "verbosity"
>;

/** One call of a model: the whole conversation it shall see, and nothing that it shall not. */
export interface ModelRequest {
  /** The name after the slash of `provider/model`. */
  readonly model: string;
  readonly agentId: string;
  /** System and developer messages first, then the conversation, in order. */
  readonly messages: readonly Message[];
  /** Function and custom tools; a legacy `functions` list has been turned into these. */
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
}

/**
 * What a model does, in order. `start` comes first, as soon as the model has accepted the call; `end` comes last,
 * exactly once. A tool call is announced by `tool-call-start` and its arguments follow before the next call starts.
 */
export type ModelEvent =
  | { readonly type: "start" }
  | {
      readonly type: "text-delta";
      readonly text: string;
      /** Of the tokens of this text, if the request asked for them. */
      readonly logprobs?: readonly TokenLogprob[];
    }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "refusal-delta"; readonly text: string }
  | {
      readonly type: "tool-call-start";
      /** Counted from 0 within this answer, without holes. */
      readonly index: number;
      readonly id: string;
      readonly kind: "function" | "custom";
      readonly name: string;
    }
  /** A piece of a function's JSON arguments, or of a custom tool's input. */
  | {
      readonly type: "tool-call-delta";
      readonly index: number;
      readonly kind: "function" | "custom";
      readonly text: string;
    }
  | { readonly type: "end"; readonly finishReason: FinishReason; readonly usage: Usage };

/** What user messages may hold besides text. */
export type InputKind = "image" | "audio" | "file";
export type ResponseFormatKind = "json_object" | "json_schema";

/** What a model can be asked for. Whatever is not here never reaches it. */
export interface Capabilities {
  readonly input: ReadonlySet<InputKind>;
  readonly tools: ReadonlySet<Tool["type"]>;
  /** The forms of `response_format` that the model itself holds to. */
  readonly responseFormats: ReadonlySet<ResponseFormatKind>;
  readonly logprobs: boolean;
}

/**
 * A model, behind one function.
 *
 * `stream` throws a `GatewayError` when the model refuses, fails or breaks off; a stream that ends without an `end`
 * event is a failure, never a short success. When `signal` aborts, it stops all work at once and throws the signal's
 * reason. Whoever stops reading early calls `return()`, and that too stops the work.
 */
export interface Provider {
  /** The models it has, if it knows them all; an agent with another one is then a configuration error. */
  readonly models?: readonly string[];
  toCapabilities(model: string): Capabilities;
  stream(request: ModelRequest, options: { readonly signal: AbortSignal }): AsyncIterable<ModelEvent>;
  /**
   * Looks whether it can be reached and has these models, without asking one of them anything. Resolves to what it found,
   * to follow the provider's name; throws a `GatewayError`.
   */
  examine?(models: readonly string[]): Promise<string>;
  /** Closes its connections. */
  stop?(): Promise<void>;
}

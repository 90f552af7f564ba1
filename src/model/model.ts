import type { FinishReason, Message, TokenLogprob, Tool, Usage } from "../base/contract.ts";
import type { Listener } from "../base/listener.ts";
import type { AnswerState, ExtraContent, StateField } from "../base/model-state.ts";
import type { ModelSettings } from "../base/settings.ts";
import type { TraceContext } from "../base/telemetry/tracing.ts";

/** One call of a model: the whole conversation it shall see, and nothing that it shall not. */
export interface ModelRequest {
  /** The name after the slash of `provider/model`. */
  readonly model: string;
  readonly agentId: string;
  /**
   * System and developer messages first, then the conversation, in order. What an answer carries is this model's own, as
   * `toStateOwner` says, or was told by the client.
   */
  readonly messages: readonly Message[];
  /** Function and custom tools; a legacy `functions` list has been turned into these. */
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
  /** Of the request that began the run: a provider over HTTP sends it as `x-request-id`, so that both logs have it. */
  readonly requestId?: string | undefined;
  /** The span that the call's is part of. */
  readonly trace?: TraceContext | undefined;
  /** A provider over HTTP sends them, unless the configuration has others of these names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a model does, in order. `start` comes first, as soon as the model has accepted the call. A tool call is announced
 * by `tool-call-start` and its arguments follow before the next call starts.
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
      /** What the model must get back with this call, where that is known at once; `ModelEnd` has all of it. */
      readonly extra?: ExtraContent;
    }
  /** A piece of a function's JSON arguments, or of a custom tool's input. */
  | {
      readonly type: "tool-call-delta";
      readonly index: number;
      readonly kind: "function" | "custom";
      readonly text: string;
    };

/** What a model says. */
export type ModelDelta = Exclude<ModelEvent, { type: "start" }>;

/** What was counted, each count by itself. */
export type CountedUsage = Readonly<Partial<Usage>>;

/** How an answer ended. */
export interface ModelEnd {
  readonly finishReason: FinishReason;
  /** The run estimates what nobody has counted. */
  readonly usage: CountedUsage | undefined;
  /** What the model must get back with this answer, besides what it has said; its reasoning is among the events. */
  readonly state?: AnswerState | undefined;
}

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
 * `stream` resolves when the model has said all of its answer. It rejects with a `GatewayError` when the model refuses,
 * fails or breaks off; nothing else ends it. When the signal aborts, it stops all work at once and rejects with the
 * signal's reason. While the flow is held it lets the model wait, and holds at most what was on its way.
 */
export interface Provider {
  /** The models it has, if it knows them all; an agent with another one is then a configuration error. */
  readonly models?: readonly string[];
  toCapabilities(model: string): Capabilities;
  /** Whether what parts of messages and tools say beyond the contract reaches the model as it came. */
  readonly relaysMore?: boolean;
  /** The fields of a request that are not the contract's, or have no effect there, and that the model is given. */
  readonly forwards?: ReadonlySet<string>;
  /** The fields of a model's reasoning that it does not get back from a client that does not say whose they are. */
  readonly drops?: ReadonlySet<StateField>;
  stream(request: ModelRequest, to: Listener<ModelEvent>): Promise<ModelEnd>;
  /**
   * Looks whether it can be reached and has these models, without asking one of them anything. Resolves to what it found,
   * to follow the provider's name; throws a `GatewayError`.
   */
  examine?(models: readonly string[]): Promise<string>;
  /** Closes its connections. */
  stop?(): Promise<void>;
}

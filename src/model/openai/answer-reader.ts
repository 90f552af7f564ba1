import type { FinishReason, TokenLogprob, Usage } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import type { AnswerState } from "../../base/model-state.ts";
import type { ModelEnd, ModelEvent } from "../model.ts";
import { type CallDelta, CallReader } from "./call-reader.ts";
import { StateReader } from "./state-reader.ts";
import { toLogprobs, toObjects, toUsage } from "./wire.ts";
import { toInBandFailure } from "../../outbound/failure.ts";

/** A chunk, or a whole answer, as servers send it. Nothing in it is certain. */
interface WireAnswer {
  readonly error?: unknown;
  readonly choices?: readonly (WireChoice | null)[] | null;
  readonly usage?: unknown;
}

interface WireChoice {
  readonly index?: unknown;
  readonly delta?: WireDelta | null;
  readonly message?: WireDelta | null;
  readonly finish_reason?: unknown;
  readonly logprobs?: unknown;
}

interface WireDelta {
  readonly content?: unknown;
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_details?: unknown;
  readonly extra_content?: unknown;
  readonly refusal?: unknown;
  readonly tool_calls?: unknown;
  readonly function_call?: CallDelta["function"];
}

/** Turns the chunks of one answer, or the one object that it is, into model events. */
export class AnswerReader {
  readonly #emit: (event: ModelEvent) => void;
  readonly #calls: CallReader;
  #finish: FinishReason | undefined;
  #usage: Usage | undefined;
  #reasoningField: AnswerState["reasoningField"];
  #state: StateReader | undefined;

  constructor(emit: (event: ModelEvent) => void) {
    this.#emit = emit;
    this.#calls = new CallReader(emit);
  }

  /** Throws `GatewayError` if the chunk is an error or makes no sense. */
  readonly read = (chunk: unknown): void => {
    const answer = toAnswer(chunk);
    this.#usage = toUsage(answer.usage) ?? this.#usage;
    const choice = answer.choices?.[0];
    // Other choices were not asked for; what comes after the end is no part of the answer.
    if (choice == null || this.#finish !== undefined || (choice.index ?? 0) !== 0) return;
    const delta = choice.delta ?? choice.message;
    if (delta != null) this.#readDelta(delta, toLogprobs(choice.logprobs));
    this.#finish = toFinishReason(choice.finish_reason);
  };

  /** Throws `upstream_error` if the server has not said that it is done. */
  end(): ModelEnd {
    if (this.#finish === undefined) throw new GatewayError("upstream_error", "The model's answer broke off.");
    this.#calls.end();
    return { finishReason: toReason(this.#finish, this.#calls.count), usage: this.#usage, state: this.#toState() };
  }

  #readDelta(delta: WireDelta, logprobs: readonly TokenLogprob[] | undefined): void {
    if (delta.reasoning_content != null || delta.reasoning != null) this.#readReasoning(delta);
    if (delta.reasoning_details != null || delta.extra_content != null) (this.#state ??= new StateReader()).read(delta);
    const text = toText(delta.content);
    // A token may be a part of a character: then it has no text yet.
    if (logprobs !== undefined && logprobs.length > 0) this.#emit({ type: "text-delta", text, logprobs });
    else if (text !== "") this.#emit({ type: "text-delta", text });
    const refusal = toText(delta.refusal);
    if (refusal !== "") this.#emit({ type: "refusal-delta", text: refusal });
    if (delta.tool_calls != null) for (const call of toObjects(delta.tool_calls)) this.#calls.read(call);
    if (delta.function_call != null) this.#calls.read({ index: 0, function: delta.function_call });
  }

  /** Where a server sends it under both names, it says the same twice. */
  #readReasoning({ reasoning_content: content, reasoning }: WireDelta): void {
    const field = content == null || (content === "" && reasoning != null) ? "reasoning" : "reasoning_content";
    const value = field === "reasoning" ? reasoning : content;
    const text = toText(value);
    if (text !== "") this.#emit({ type: "reasoning-delta", text });
    // An empty text says that the model has thought, and nothing; some servers want that back too.
    if (typeof value === "string" && (text !== "" || this.#reasoningField === undefined)) this.#reasoningField = field;
  }

  #toState(): AnswerState | undefined {
    const { extras } = this.#calls;
    if (this.#reasoningField === undefined && this.#state === undefined && extras === undefined) return undefined;
    return { reasoningField: this.#reasoningField, ...this.#state?.state, callExtras: extras };
  }
}

function toAnswer(piece: unknown): WireAnswer {
  if (typeof piece !== "object" || piece === null) {
    throw new GatewayError("upstream_error", "The model provider sent something that is no answer.");
  }
  const answer = piece as WireAnswer;
  if (answer.error != null) throw toInBandFailure(answer).error;
  return answer;
}

/** A text, or a list of parts with texts (Mistral). */
function toText(value: unknown): string {
  if (typeof value === "string") return value;
  // The usual case: a delta has one of its texts, and this runs for each of them with every token.
  if (value == null) return "";
  return toObjects(value)
    .map(({ text }: { readonly text?: unknown }) => (typeof text === "string" ? text : ""))
    .join("");
}

const finishReasons: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["model_length", "length"],
  ["tool_calls", "tool_calls"],
  ["function_call", "tool_calls"],
  ["tool_use", "tool_calls"],
  ["content_filter", "content_filter"],
]);

/**
 * A reason that is not known is an end like any other, except where it is a failure's. Some servers write an empty one
 * into every piece.
 */
function toFinishReason(reason: unknown): FinishReason | undefined {
  if (typeof reason !== "string" || reason === "") return undefined;
  if (reason === "error") throw new GatewayError("upstream_error", "The model provider failed.");
  return finishReasons.get(reason) ?? "stop";
}

/** Servers say `stop` after tool calls, and `tool_calls` without any. */
function toReason(finish: FinishReason, calls: number): FinishReason {
  if (calls > 0 && finish === "stop") return "tool_calls";
  return calls === 0 && finish === "tool_calls" ? "stop" : finish;
}

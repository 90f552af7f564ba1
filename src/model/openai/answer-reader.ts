import { GatewayError } from "../../base/errors.ts";
import type { AnswerState } from "../../base/model-state.ts";
import { toInBandFailure } from "../../outbound/failure.ts";
import { type Ending, settle, toEnding } from "../finish.ts";
import type { CountedUsage, ModelEnd, ModelEvent } from "../model.ts";
import { type CallDelta, CallReader } from "./call-reader.ts";
import { StateReader } from "./state-reader.ts";
import { fromTimings, UsageCounter } from "../usage.ts";
import { readThinking, toThinkingExtra } from "./wire-thinking.ts";
import { toLogprobs, toObjects } from "./wire.ts";

/** A chunk, or a whole answer, as servers send it. Nothing in it is certain. */
interface WireAnswer {
  readonly error?: unknown;
  readonly choices?: readonly (WireChoice | null)[] | null;
  readonly usage?: unknown;
  /** Groq's. */
  readonly x_groq?: { readonly usage?: unknown } | null;
  /** llama.cpp's. */
  readonly timings?: unknown;
}

interface WireChoice {
  readonly index?: unknown;
  readonly delta?: WireDelta | null;
  readonly message?: WireDelta | null;
  readonly finish_reason?: unknown;
  readonly logprobs?: unknown;
  /** OpenRouter's. */
  readonly error?: unknown;
  /** Moonshot's. */
  readonly usage?: unknown;
}

interface WireDelta {
  readonly content?: unknown;
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_details?: unknown;
  readonly thinking_blocks?: unknown;
  readonly extra_content?: unknown;
  readonly refusal?: unknown;
  readonly tool_calls?: unknown;
  readonly function_call?: CallDelta["function"];
  readonly usage?: unknown;
}

/** Turns the chunks of one answer, or the one object that it is, into model events. */
export class AnswerReader {
  readonly #emit: (event: ModelEvent) => void;
  readonly #onUnknownReason: (reason: string) => void;
  readonly #usage = new UsageCounter();
  #timings: unknown;
  #calls: CallReader | undefined;
  #ending: Ending | undefined;
  #hasDeltas = false;
  #reasoningField: AnswerState["reasoningField"];
  #state: StateReader | undefined;
  #thinking = "";

  constructor(emit: (event: ModelEvent) => void, onUnknownReason: (reason: string) => void = () => undefined) {
    this.#emit = emit;
    this.#onUnknownReason = onUnknownReason;
  }

  /** What was counted up to now, however the answer ends. */
  get usage(): CountedUsage | undefined {
    return this.#usage.toCounts() ?? fromTimings(this.#timings);
  }

  /** Throws `GatewayError` if the chunk is an error or makes no sense. */
  readonly read = (chunk: unknown): void => {
    const answer = toAnswer(chunk);
    const choice = answer.choices?.[0];
    this.#readUsage(answer, choice);
    assertNoError(answer);
    if (choice?.error != null) assertNoError({ error: choice.error, choices: answer.choices ?? null });
    // Other choices were not asked for.
    if (choice == null || (choice.index ?? 0) !== 0) return;
    if (choice.delta != null) {
      this.#hasDeltas = true;
      this.#readDelta(choice.delta, choice.logprobs);
    } else if (choice.message != null && !this.#hasDeltas) this.#readDelta(choice.message, choice.logprobs, true);
    if (choice.finish_reason != null) this.#readReason(choice.finish_reason);
  };

  /** Throws `upstream_error` if the server has not said that it is done, or has failed. */
  end(): ModelEnd {
    const finishReason = settle(this.#ending, this.#calls?.calls);
    return { finishReason, usage: this.usage, state: this.#toState() };
  }

  #readUsage({ usage, x_groq: groq, timings }: WireAnswer, choice: WireChoice | null | undefined): void {
    if (usage != null) this.#usage.read(usage);
    if (choice?.usage != null) this.#usage.read(choice.usage);
    const said = choice?.delta ?? choice?.message;
    if (said?.usage != null) this.#usage.read(said.usage);
    if (groq?.usage != null) this.#usage.read(groq.usage);
    if (timings != null) this.#timings = timings;
  }

  /** The last one counts: servers write one into every piece, or before the rest of a call. */
  #readReason(reason: unknown): void {
    const ending = toEnding(reason);
    if (ending === undefined || this.#ending === "failed") return;
    this.#ending = ending;
    if (ending === "unknown") this.#onUnknownReason(String(reason));
  }

  #readDelta(delta: WireDelta, logprobs: unknown, isWhole = false): void {
    if (delta.reasoning_content != null || delta.reasoning != null) this.#readReasoning(delta);
    if (delta.reasoning_details != null || delta.thinking_blocks != null || delta.extra_content != null) {
      (this.#state ??= new StateReader()).read(delta);
    }
    const thinking = typeof delta.content === "object" ? readThinking(delta.content) : "";
    if (thinking !== "") {
      this.#thinking += thinking;
      this.#emit({ type: "reasoning-delta", text: thinking });
    }
    const text = toText(delta.content);
    if (text !== "") this.#calls?.calls.pause();
    const found = logprobs == null ? undefined : toLogprobs(logprobs);
    // A token may be a part of a character: then it has no text yet.
    if (found !== undefined && found.length > 0) this.#emit({ type: "text-delta", text, logprobs: found });
    else if (text !== "") this.#emit({ type: "text-delta", text });
    const refusal = toText(delta.refusal);
    if (refusal !== "") this.#emit({ type: "refusal-delta", text: refusal });
    if (delta.tool_calls != null) this.#readCalls(toObjects(delta.tool_calls), isWhole);
    // Some servers write both.
    else if (delta.function_call != null) this.#readCalls([{ index: 0, function: delta.function_call }], isWhole);
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
    const extras = this.#calls?.calls.extras;
    const thought = this.#thinking !== "" || this.#reasoningField !== undefined;
    if (!thought && this.#state === undefined && extras === undefined) return undefined;
    const state = { reasoningField: this.#reasoningField, ...this.#state?.state, callExtras: extras };
    return this.#thinking === "" ? state : { ...state, extra: { ...state.extra, ...toThinkingExtra(this.#thinking) } };
  }

  #readCalls(calls: readonly CallDelta[], isWhole: boolean): void {
    if (calls.length === 0) return;
    this.#calls ??= new CallReader(this.#emit);
    for (const call of calls) {
      if (isWhole) this.#calls.readWhole(call);
      else this.#calls.read(call);
    }
  }
}

function toAnswer(chunk: unknown): WireAnswer {
  // Gemini's compatible API puts an error into a list.
  const answer: unknown = Array.isArray(chunk) && chunk.length === 1 ? chunk[0] : chunk;
  if (typeof answer === "object" && answer !== null) return answer;
  throw new GatewayError("upstream_error", "The model provider sent something that is no answer.");
}

/**
 * Throws what an error in the place of an answer means. Some servers write the field into every chunk: one that says
 * nothing is none, unless there is nothing else.
 */
function assertNoError(answer: WireAnswer): void {
  const { error } = answer;
  if (error == null || error === "" || error === false) return;
  if (saysNothing(error) && (answer.choices != null || answer.usage != null)) return;
  throw toInBandFailure(answer).error;
}

function saysNothing(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return !error;
  return Object.values(error).every((value) => value == null || value === "" || value === 0 || value === false);
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

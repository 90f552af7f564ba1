import { createHexId } from "../../base/id.ts";
import type { FinishReason } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import type { ModelSettings } from "../../base/settings.ts";
import type { FileStep, ScriptedCall, ScriptedFailure, StepKind, StepValues } from "./scenario-step.ts";
import { splitPieces } from "../tokens.ts";

/** The smallest thing that an answer is made of. Stop sequences and the token cap work on beats. */
export type Beat =
  /** The model has accepted the call. Every other beat but `pause` says so too. */
  | { readonly type: "accept" }
  | { readonly type: "text" | "reasoning" | "refusal"; readonly text: string }
  | { readonly type: "arguments"; readonly kind: "function" | "custom"; readonly text: string }
  | { readonly type: "call"; readonly id: string; readonly kind: "function" | "custom"; readonly name: string }
  | { readonly type: "pause"; readonly ms: number }
  | { readonly type: "finish"; readonly reason: FinishReason };

/** A longer text comes in bigger pieces: nobody needs 40,000 deltas to see that 200 kB arrive whole. */
const textPiecesMax = 4_000;
const argumentPiecesMax = 16;
/** The longest time that a timer of Node can wait, 24 days. */
const foreverMs = 2 ** 31 - 1;

/**
 * The beats of the steps, in order. Throws what a step says that the model throws.
 * Like a real model it makes no call under `tool_choice: "none"`, and one only without `parallel_tool_calls`.
 */
export function* toBeats(steps: readonly FileStep[], settings: ModelSettings): Generator<Beat> {
  let callsLeft = settings.tool_choice === "none" ? 0 : settings.parallel_tool_calls === false ? 1 : Infinity;
  for (const step of steps) {
    if (step.toolCall) {
      if (callsLeft === 0) continue;
      callsLeft -= 1;
    }
    yield* beatsOf(step);
  }
}

function beatsOf(step: FileStep): Iterable<Beat> {
  // A step has exactly one field. TypeScript cannot see that the key and the value belong together; the table's type
  // says that they do.
  const [kind, value] = Object.entries(step)[0] as [StepKind, never];
  return beatMakers[kind](value);
}

const beatMakers: { readonly [K in StepKind]: (value: StepValues[K]) => Iterable<Beat> } = {
  text: (text) => toPieces("text", text),
  words: ({ count, delayMs }) => toWords(count, delayMs ?? 0),
  count: toCounted,
  repeat: ({ bytes, text }) => [{ type: "text", text: fillBytes(text ?? "x", bytes) }],
  thinkMs: (ms) => [{ type: "accept" }, { type: "pause", ms }],
  delayMs: (ms) => [{ type: "pause", ms }],
  reasoning: (text) => toPieces("reasoning", text),
  refusal: (text) => toPieces("refusal", text),
  toolCall: toCallBeats,
  error: fail,
  crash: (message) => {
    throw new Error(message);
  },
  cut: breakOff,
  hang: () => [{ type: "accept" }, { type: "pause", ms: foreverMs }],
  finish: (reason) => [{ type: "finish", reason }],
  usage: () => [],
};

function* toPieces(type: "text" | "reasoning" | "refusal", text: string): Generator<Beat> {
  for (const piece of splitPieces(text, textPiecesMax)) yield { type, text: piece };
}

function* toWords(count: number, delayMs: number): Generator<Beat> {
  for (let at = 0; at < count; at += 1) {
    if (at > 0 && delayMs > 0) yield { type: "pause", ms: delayMs };
    yield { type: "text", text: at < count - 1 ? `word${at} ` : `word${at}` };
  }
}

function* toCounted(count: number): Generator<Beat> {
  for (let at = 0; at < count; at += 1) yield { type: "text", text: at < count - 1 ? `${at} ` : `${at}` };
}

/** At most `bytes` bytes: a last character that would not fit whole is left out. */
function fillBytes(text: string, bytes: number): string {
  if (text === "" || bytes === 0) return "";
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.alloc(bytes, text), { stream: true });
}

function* toCallBeats({ name, arguments: given, id, kind = "function" }: ScriptedCall): Generator<Beat> {
  const text = typeof given === "string" ? given : JSON.stringify(given ?? {});
  yield { type: "call", id: id ?? toCallId(), kind, name };
  for (const piece of splitPieces(text, argumentPiecesMax)) yield { type: "arguments", kind, text: piece };
}

/** 24 random hexadecimal digits, so that a call is unique over its conversation and every other. */
function toCallId(): string {
  return `call_${createHexId()}`;
}

function* fail({ code, message, retryAfterSeconds, afterDeltas = 0 }: ScriptedFailure): Generator<Beat> {
  yield* toWords(afterDeltas, 0);
  const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  throw new GatewayError(code, message ?? `The embedded model was told to fail with ${code}.`, options);
}

function* breakOff(): Generator<Beat> {
  yield { type: "accept" };
  throw new GatewayError("upstream_error", "The model's stream broke off before its end.");
}

import type { ErrorCode, FinishReason } from "../../base/contract.ts";

/** The error codes with which a model call can fail; scenario files and `@@fail` know exactly these. */
export const failureCodes = [
  "rate_limit_exceeded",
  "upstream_rejected",
  "upstream_error",
  "upstream_unavailable",
  "upstream_timeout",
  "context_length_exceeded",
  "invalid_value",
  "unsupported_value",
  "internal_error",
] as const satisfies readonly ErrorCode[];
export type FailureCode = (typeof failureCodes)[number];

export interface ScriptedCall {
  readonly name: string;
  /** An object is written as JSON; a string is sent as it is, valid or not; nothing is `{}`. */
  readonly arguments?: Readonly<Record<string, unknown>> | string;
  /** Made up, unique over the conversation, when it is left out. */
  readonly id?: string;
  /** `custom` sends the arguments as the tool's input. */
  readonly kind?: "function" | "custom";
}

export interface ScriptedFailure {
  readonly code: FailureCode;
  readonly message?: string;
  /** Whole seconds, 1 to 60. */
  readonly retryAfterSeconds?: number;
  /** So many words are said before the failure. */
  readonly afterDeltas?: number;
}

export interface ScriptedUsage {
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly cachedTokens?: number;
  readonly reasoningTokens?: number;
}

/** What each kind of step holds. openapi/scenario.yaml says the same to those who write scenario files. */
export interface StepValues {
  /** Text, one token a delta. */
  readonly text: string;
  /** `word0 word1 …`, one word a delta, with a delay before each word but the first. */
  readonly words: { readonly count: number; readonly delayMs?: number };
  /** `0 1 2 …`, one number a delta: shows loss and disorder. */
  readonly count: number;
  /** One single delta of so many bytes of UTF-8, made by repeating the text (`x`). */
  readonly repeat: { readonly bytes: number; readonly text?: string };
  /** The model has accepted the call (`start` is out) and says nothing for so long. */
  readonly thinkMs: number;
  /** A delay; as the first step it comes before the model has accepted the call. */
  readonly delayMs: number;
  readonly reasoning: string;
  readonly refusal: string;
  readonly toolCall: ScriptedCall;
  /** The model fails; as the first step it refuses the call, and not even `start` is emitted. */
  readonly error: ScriptedFailure;
  /** A defect: an error that is no `GatewayError`, and whose text no client may see. */
  readonly crash: string;
  /** The stream breaks off without an end. */
  readonly cut: true;
  /** Says nothing more until the caller gives up. */
  readonly hang: true;
  /** Overrides the finish reason, except `length` when the token cap cuts the answer. */
  readonly finish: FinishReason;
  /** Overrides the counted tokens, wherever the step stands. */
  readonly usage: ScriptedUsage;
}

export type StepKind = keyof StepValues;

/** One step of an answer: an object with a single field, so that a YAML list of steps reads as a script. */
export type Step = { readonly [K in StepKind]: { readonly [P in K]: StepValues[K] } }[StepKind];

/** A step as the guard of a scenario file knows it: it has exactly one field, which the type cannot say. */
export type FileStep = { readonly [K in StepKind]?: StepValues[K] };

import type { FinishReason } from "../../../src/base/contract.ts";

/** What a scripted model says; each vendor's wire has its own words for it. */
export type SaidStep =
  | { readonly text: string }
  | {
      readonly reasoning: string;
      /** Ends it: what the vendor signs it with, or encrypts it to. */
      readonly signature?: string;
    }
  /** Thoughts that are not shown, where the vendor has such. */
  | { readonly redacted: string }
  /** As it is into a delta, where the wire has deltas. */
  | { readonly delta: object }
  | { readonly refusal: string }
  | { readonly call: ScriptedCall };

export interface ScriptedCall {
  readonly id: string;
  readonly name: string;
  /** A text is sent as it is, in two pieces where the wire has pieces; left out, nothing is sent. */
  readonly args?: object | string;
  readonly kind?: "function" | "custom";
  /** What the vendor wants back with the call. */
  readonly signature?: string;
}

export interface ScriptedUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

export interface ScriptedError {
  /** The vendor's own word for it. */
  readonly code?: string;
  /** As the vendor's numeric code, where it has one. */
  readonly status?: number;
  /** Instead of the secret that no client may see. */
  readonly message?: string;
}

/** How an answer fails or ends. Whatever comes after one of these is not sent. */
export type EndStep =
  /** Said at the end anyway, with the natural reason, unless the script ends otherwise. */
  | {
      readonly finish: FinishReason | "error";
      /** The vendor's own word for the reason, instead of the usual one. */
      readonly word?: string;
      readonly usage?: ScriptedUsage | "none";
    }
  /** An error answer; only as the first step. */
  | {
      readonly status: number;
      readonly retryAfter?: number | string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Instead of the vendor's own error body. */
      readonly body?: unknown;
      readonly error?: ScriptedError;
    }
  /** An error inside of the stream. */
  | { readonly error: ScriptedError }
  /** The body ends as a whole one does, but the model has not said that it is done. */
  | { readonly cut: true }
  /** The connection is reset; as the first step before there is an answer. */
  | { readonly reset: true }
  /** Nothing more comes until the client leaves; as the first step not even headers. */
  | { readonly hang: true };

export type PlainStep =
  /** As it is, into the body. */
  | { readonly raw: string }
  | { readonly pauseMs: number }
  /** The headers go out now. */
  | { readonly accept: true };

export type ScriptStep = SaidStep | EndStep | PlainStep;
export type Script = readonly ScriptStep[];

/** The text of every scripted error: none of it may ever reach a client. */
export const upstreamSecret = "upstream-secret sk-upstream-body at https://internal.upstream.example/v1";

export const scriptedUsage: ScriptedUsage = { prompt: 11, completion: 7 };

/** One answer in a vendor's wire format. Every method gives the text of whole server-sent events. */
export interface WireAnswer {
  begin(): string;
  say(step: SaidStep): string;
  finish(reason: FinishReason | "error", usage: ScriptedUsage | undefined, word?: string): string;
  error(error: ScriptedError): string;
  /** The answer to a client that asked for no stream, where the wire knows both. */
  whole?(
    said: readonly SaidStep[],
    reason: FinishReason | "error",
    usage: ScriptedUsage | undefined,
    word?: string,
  ): object;
}

/** Of a request, parsed. */
export type Body = Readonly<Record<string, unknown>>;

/** A vendor's API. */
export interface Wire {
  /** What a configured base URL ends in. */
  readonly basePath: string;
  isEndpoint(method: string, path: string): boolean;
  createAnswer(request: { readonly path: string; readonly body: Readonly<Record<string, unknown>> }): WireAnswer;
  toErrorBody(status: number, error: ScriptedError): object;
  /** What the vendor says to a request whose form is wrong; undefined if it is right. */
  refuse(body: Body): string | undefined;
}

export function toArgumentText({ args }: ScriptedCall): string {
  return typeof args === "string" ? args : args === undefined ? "" : JSON.stringify(args);
}

/** The argument text in the pieces in which it is streamed. */
export function toPieces(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((piece) => piece !== "");
}

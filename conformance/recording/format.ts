import type { Death } from "../reach/death.ts";

/** The first line of a recording. Grows by keys; `recording` changes when a line changes its meaning. */
export interface RecordingHead {
  readonly recording: 1;
  /** The version of the suite. */
  readonly suite: string;
  readonly set: string;
  /** Of the server, where somebody said it. */
  readonly version?: string;
  /** When the run began, as RFC 3339 says. */
  readonly started: string;
  readonly seed: number;
  readonly sdks: readonly { readonly major: number; readonly version: string }[];
  /** The ids of the cases that were asked for; newer ones are no part of a replay. */
  readonly cases: readonly string[];
  /** As the subject was called; what is secret has something of the same length in its place. */
  readonly subject: RecordedSubject;
}

export interface RecordedSubject {
  readonly name: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly profile: string;
  readonly apiKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly secrets?: readonly string[];
  /** From `--timeout`; without it the run measures how long calls may take. */
  readonly patience?: number;
  readonly callMs?: number;
}

/** A line for each case, `probe` among them, in the order in which they ended. */
export interface RecordedTake {
  /** The id, with `@` and the major behind it where the case runs for each. */
  readonly case: string;
  readonly unique: string;
  readonly observed?: Readonly<Record<string, unknown>>;
  readonly connections: readonly RecordedConnection[];
  /** Why what was said is not here: nothing can be judged by it. */
  readonly cut?: string;
}

/** Events of a connection of a case that is not over yet: a line for each so many of what is too much for one. */
export interface RecordedPart {
  /** The `unique` of the case, whose line comes later; without it the run was broken off, and the part is nobody's. */
  readonly part: string;
  /** Its place among the connections. */
  readonly connection: number;
  readonly events: readonly RecordedEvent[];
}

/** In the order in which they were asked for. */
export interface RecordedConnection {
  /** The connection could not be made. */
  readonly refused?: RecordedError;
  /** Those that are in parts come before them. */
  readonly events: readonly RecordedEvent[];
}

export interface RecordedError {
  readonly message: string;
  readonly code?: string;
}

/** One of `sent`, `came` and the rest; `at` is in milliseconds since there was a connection. */
export type RecordedEvent = { readonly at: number } & (
  | RecordedSent
  | { readonly came: string }
  /** In base64, where the bytes are no UTF-8. */
  | { readonly came64: string }
  /** The suite will say no more, or the server will not. */
  | { readonly end: "suite" | "server" }
  /** The connection broke. */
  | { readonly broke: RecordedError }
);

/** What the suite said: all of it, or the beginning of what is long, with the length and the hash of the whole. */
export type RecordedSent = (
  | { readonly sent: string }
  | { readonly sent64: string }
  | { readonly sent: string; readonly bytes: number; readonly sha256: string }
) & {
  /**
   * Where something stands in the place of what was said, as places and lengths: words that the suite may say as well
   * without knowing a secret. The hash is made with an asterisk for each byte there.
   */
  readonly hidden?: readonly (readonly [at: number, length: number])[];
};

/** The last line. */
export interface RecordingEnd {
  readonly end: {
    /** As the report has it. */
    readonly summary: string;
    /** How the server stopped answering, if it did. */
    readonly died?: Death;
    /** The takes that came to nothing since it had. */
    readonly notRun?: readonly string[];
    /** No case was run, since nothing answered. */
    readonly unreachable?: string;
  };
}

export function isSent(event: RecordedEvent): event is RecordedEvent & RecordedSent {
  return "sent" in event || "sent64" in event;
}

/** What of an event is long. */
export function countBytes(event: RecordedEvent): number {
  if ("came" in event) return event.came.length;
  if ("came64" in event) return event.came64.length;
  return "sent" in event ? event.sent.length : "sent64" in event ? event.sent64.length : 0;
}

import { pino } from "pino";
import { gatherLines, type LogDestination } from "./gathered-lines.ts";
import { openStandardError } from "./standard-error.ts";

export interface Write {
  (event: string): void;
  (fields: object, event: string): void;
}

/** Where events go, with an event name and the fields that belong to it. A logger of pino is one. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** Whether lines of this level are written, for what would be dear to say in vain. */
  isLevelEnabled(level: string): boolean;
  /** A log whose every line has these fields too. */
  child(fields: object, options?: ChildOptions): Log;
}

export interface ChildOptions {
  /** The fields to hide instead of the usual ones. */
  readonly redact?: string[];
  /** Instead of the parent's. */
  readonly level?: string;
}

/**
 * One JSON line for each event, on standard error unless a destination is given. Never message texts or secrets. Lines
 * are written together, at the latest after a tenth of a second: a system call for each would cost more than the line.
 */
export function createLog(level: string, destination: LogDestination = gatherLines(openStandardError())): Log {
  return pino(
    { level, base: null, redact: { paths: ["authorization", "*.authorization", "token", "password"], censor: "…" } },
    destination,
  );
}

/** For tests and commands that have nothing to say. */
export function createSilentLog(): Log {
  return pino({ level: "silent" });
}

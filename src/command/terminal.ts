import type { LogDestination } from "../base/gathered-lines.ts";
import { createLog, type Log } from "../base/log.ts";
import type { Paint } from "../base/paint.ts";
import type { Environment } from "../base/config/source.ts";

/** What a command may touch of the process; the only way to it below cli.ts. */
export interface Terminal {
  readonly environment: Environment;
  readonly cwd: string;
  /** Of Node: those that the process was started with, and those of `NODE_OPTIONS`. */
  readonly flags: readonly string[];
  /** What the command was asked for. */
  print(text: string): void;
  /** Writes without a line end, for text that is still coming. */
  write(text: string): void;
  /** What a person should know and a pipe should not hold. */
  note(text: string): void;
  /** How what is printed looks, and what is noted: in colours where there is a screen that has them. */
  readonly paint: { readonly print: Paint; readonly note: Paint };
  /** Where the log of a gateway goes; without it, to standard error as JSON. */
  readonly log?: LogDestination;
  /** Whether a person is watching standard output. */
  readonly interactive: boolean;
  /** How wide the screen is, where there is one. */
  readonly columns?: number | undefined;
  /** Keyboard and screen, where a person sits at both. */
  readonly person: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream } | undefined;
  /** The text on standard input. */
  readInput(): Promise<string>;
  /** Aborts when the process is told to end (SIGINT, SIGTERM). */
  readonly ending: AbortSignal;
  /** From now on a hang-up (SIGHUP) is a request to read the configuration anew, and no longer the end. */
  onHangUp(reload: () => void): void;
  /** Sends such a request to another process. Throws if there is none, or it is somebody else's. */
  hangUp(pid: number): void;
  /** Ends the process at once, for what cannot be told to stop. */
  leave(): void;
  /** Sets the exit status; the process ends by itself. */
  fail(status: number): void;
}

/** A log that only speaks up when something is wrong, for commands that print their result. */
export function createQuietLog(): Log {
  return createLog("error");
}

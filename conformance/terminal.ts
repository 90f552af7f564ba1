import type { Paint } from "./tell/paint.ts";

/** What the suite's commands may touch of the process. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  print(text: string): void;
  /** Writes without a line end. */
  write(text: string): void;
  /** What a person should know and a pipe should not hold. */
  note(text: string): void;
  /** How what is printed looks, and what is noted: in colours where there is a screen that has them. */
  readonly paint: { readonly print: Paint; readonly note: Paint };
  /** Whether a person is watching standard output. */
  readonly interactive: boolean;
  /** How wide the screen is, where there is one. */
  readonly columns?: number | undefined;
  fail(status: number): void;
}

/** The command line is wrong; ends with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

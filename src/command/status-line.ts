import { toOneLine } from "./agent/printable.ts";
import type { Terminal } from "./terminal.ts";

/** A line that were broken could not be taken back. */
const lengthMax = 79;

/**
 * What is being done, on the last line of a terminal that a person watches: nobody shall wonder whether it still goes on.
 * Without a text it is taken away.
 */
export function showStatus(terminal: Terminal, text: string | undefined): void {
  // A terminal without a cursor to move would keep every word.
  if (!terminal.interactive || terminal.environment["TERM"] === "dumb") return;
  terminal.write(`\r\u001b[K${toOneLine(text ?? "").slice(0, lengthMax)}`);
}

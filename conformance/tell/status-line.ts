import type { Terminal } from "../terminal.ts";

/** What is being done, on the last line of a terminal that a person watches; elsewhere nothing. */
export interface StatusLine {
  /** Takes the place of what it said before. */
  readonly show: (text: string) => void;
  /** The same for what should be known elsewhere too: a note, where there is no such line. */
  readonly tell: (text: string) => void;
  /** Prints a line that stays. */
  readonly print: (line: string) => void;
  /** Nothing is left of it. */
  readonly end: () => void;
}

/** A line that were broken could not be taken back. */
const lengthMax = 79;

export function createStatusLine(terminal: Terminal): StatusLine {
  // A terminal without a cursor to move would keep every word.
  const isShown = terminal.interactive && terminal.environment["TERM"] !== "dumb";
  const end = (): void => {
    if (isShown) terminal.write("\r\u001b[K");
  };
  const show = (text: string): void => {
    if (isShown) terminal.write(`\r\u001b[K${text.slice(0, lengthMax)}`);
  };
  return {
    show,
    tell: (text) => (isShown ? show(text) : terminal.note(text)),
    print(line) {
      end();
      terminal.print(line);
    },
    end,
  };
}

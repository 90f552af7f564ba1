/** Takes text, in whole lines. */
export interface LogDestination {
  write(line: string): void;
}

/** Holds what it is given until there is a piece of it, it is told to flush, or the process ends. */
export interface HoldingDestination extends LogDestination {
  flush(): void;
}

/** A reader of the log waits no longer than this for a line. */
const waitMs = 100;
/** So much is written at once, in characters. */
export const pieceSize = 16_000;

/**
 * Gives lines on together: to write each by itself would cost more than the line, and what stands behind counts the bytes of all
 * that it holds with every one that it is given. Whatever still waits is given on when the process ends.
 */
export function gatherLines(behind: HoldingDestination): LogDestination {
  let text = "";
  let timer: NodeJS.Timeout | undefined;
  const pass = (): void => {
    clearTimeout(timer);
    timer = undefined;
    process.off("exit", pass);
    const piece = text;
    text = "";
    behind.write(piece);
  };
  return {
    write(line) {
      text += line;
      if (text.length >= pieceSize) return pass();
      if (timer !== undefined) return;
      timer = setTimeout(() => {
        pass();
        behind.flush();
      }, waitMs).unref();
      // Before what stands behind writes all that it holds; what it began to write only now would be lost.
      process.prependListener("exit", pass);
    },
  };
}

/** Takes text, in whole lines. */
export interface LogDestination {
  write(line: string): void;
}

/** A reader of the log waits no longer than this for a line. */
const waitMs = 100;
/** So much is written at once, in characters. */
const pieceSize = 16_000;

/**
 * Gives lines on together: to write each by itself would cost more than the line. Whatever still waits is given on when
 * the process ends.
 */
export function gatherLines(behind: LogDestination): LogDestination {
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
      timer = setTimeout(pass, waitMs).unref();
      // Before what stands behind writes all that it holds: it would take nothing after that.
      process.prependListener("exit", pass);
    },
  };
}

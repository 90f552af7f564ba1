import type { Log } from "../../base/log.ts";

const linesMax = 20;
const lineLengthMax = 300;
const windowMs = 1000;

/**
 * Logs what a program says besides the protocol, for whoever looks for its fault: at level `debug`, and no more than 20
 * lines a second, each cut. The rest is only counted, so that no program can fill the log.
 */
export function createNoise(log: Log, stream: "stdout" | "stderr" | "protocol"): (text: string) => void {
  let windowStart = 0;
  let lines = 0;
  let dropped = 0;
  return (text) => {
    if (!log.isLevelEnabled("debug")) return;
    const now = performance.now();
    if (now - windowStart >= windowMs) {
      if (dropped > 0) log.debug({ stream, dropped }, "more lines of a tool server were dropped");
      windowStart = now;
      lines = 0;
      dropped = 0;
    }
    // What is cut off here may hold any number of lines: too much to count.
    for (const line of text.slice(0, linesMax * lineLengthMax).split("\n")) {
      if (line.trim() === "") continue;
      if (lines < linesMax) log.debug({ stream, line: line.slice(0, lineLengthMax) }, "tool server");
      else dropped += 1;
      lines += 1;
    }
  };
}

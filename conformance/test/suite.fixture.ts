import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onEnd } from "../../test/end.fixture.ts";

const program = join(import.meta.dirname, "../../bin/clawgate.mjs");
/** What the suite may take of the memory, whatever a server does. */
export const bytesMax = 300 * 1024 * 1024;

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly notes: string;
  readonly bytes: number;
}

/** As a child process, so that what it leaves open keeps it from ending and what it keeps can be measured. */
export function runSuite(words: readonly string[], cwd?: string): Promise<Ended> {
  const child = spawn(process.execPath, [program, "conformance", ...words], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [output, notes, bytes] = ["", "", 0];
  child.stdout.on("data", (piece: Buffer) => (output += piece.toString("utf8")));
  child.stderr.on("data", (piece: Buffer) => (notes += piece.toString("utf8")));
  const watch = setInterval(() => (bytes = Math.max(bytes, readPeakBytes(child.pid))), 50);
  onEnd(() => void child.kill("SIGKILL"));
  return new Promise((resolve) => {
    child.once("close", (status) => {
      clearInterval(watch);
      if (process.env["SUBJECTS_VERBOSE"]) console.log({ status, mib: Math.round(bytes / 2 ** 20), output, notes });
      resolve({ status, output, notes, bytes });
    });
  });
}

/** Linux only; elsewhere nothing is measured. */
function readPeakBytes(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

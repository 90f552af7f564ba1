import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** A server under measurement, in a process of its own. */
export interface Subject {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its first word about its address, in milliseconds. */
  stop(): Promise<void>;
}

/** Starts a script with this Node and waits until it prints its address. */
export async function startSubject(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Subject> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await readUrl(child);
  if (child.pid === undefined) throw new Error("the process has no id");
  return {
    url,
    pid: child.pid,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (piece: Buffer) => {
      text += piece.toString("utf8");
      const url = /listens on (http:\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once("exit", (status) => reject(new Error(`the process ended with status ${status}: ${text}`)));
  });
}

/** CPU seconds of the process so far, all its threads, user and system (proc(5): fields 14 and 15 of stat). */
export function readCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Resident memory in megabytes. */
export function readResidentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(line) / 1024;
}

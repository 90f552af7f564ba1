import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** A server under measurement, in a process of its own. */
export interface Subject {
  readonly url: string;
  readonly pid: number;
  /** Sends a signal and waits for what the process then says; resolves to the pattern's first group. */
  ask(signal: NodeJS.Signals, pattern: RegExp): Promise<string>;
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
  const url = await hear(child, /listens on (http:\S+)/);
  if (child.pid === undefined) throw new Error("the process has no id");
  return {
    url,
    pid: child.pid,
    ask(signal, pattern) {
      const answer = hear(child, pattern);
      child.kill(signal);
      return answer;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

/** Waits for the process to say something that matches. */
function hear(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onEnd = (status: number | null): void =>
      reject(new Error(`the process ended with status ${status}: ${text}`));
    const onText = (piece: Buffer): void => {
      text += piece.toString("utf8");
      const found = pattern.exec(text)?.[1];
      if (found === undefined) return;
      child.stdout?.off("data", onText);
      child.off("exit", onEnd);
      resolve(found);
    };
    child.stdout?.on("data", onText);
    child.once("exit", onEnd);
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

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A server under measurement, in a process of its own. */
export interface Subject {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Bytes that are live after a collection; only if it was started with `collectable`. */
  readHeap(): Promise<number>;
  stop(): Promise<void>;
}

/** Node's flags for a subject whose heap is looked at. */
export const collectable = ["--expose-gc", "--import", new URL("collect.ts", import.meta.url).href];

/** Starts a script with this Node and waits until it prints its address. */
export async function startSubject(
  name: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Subject> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await hear(child, /listens on (http:\/\/[^\s"]+)/);
  if (child.pid === undefined) throw new Error(`${name}: the process has no id`);
  return {
    name,
    url,
    pid: child.pid,
    async readHeap() {
      const answer = hear(child, /heap (\d+)\n/);
      child.kill("SIGUSR2");
      return Number(await answer);
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
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
      reject(new Error(`${child.spawnargs.join(" ")} ended with status ${status}: ${text}`));
    const onText = (piece: Buffer): void => {
      text += piece.toString("utf8");
      const found = pattern.exec(text)?.[1];
      if (found === undefined) return;
      child.stdout?.off("data", onText);
      // A pipe that nobody reads fills, and then the subject waits.
      child.stdout?.resume();
      child.off("exit", onEnd);
      resolve(found);
    };
    child.stdout?.on("data", onText);
    child.once("exit", onEnd);
  });
}

/** CPU of all threads so far in microseconds: the scheduler's account, or proc(5)'s ticks where it is not kept. */
export function readCpu(pid: number): number {
  try {
    let nanoseconds = 0;
    for (const task of readdirSync(`/proc/${pid}/task`))
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    if (nanoseconds > 0) return nanoseconds / 1e3;
  } catch {
    // No schedstat in this kernel, or a thread that ended between the two reads.
  }
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

/** Of a process and of those that it has started. */
export function readCpuOfAll(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" "),
  );
  let cpu = readCpu(pid);
  for (const child of children) if (existsSync(`/proc/${child}/stat`)) cpu += readCpu(Number(child));
  return cpu;
}

export interface Memory {
  readonly residentMegabytes: number;
  /** What no file backs and nobody shares: resident memory holds some 35 MB of Node's own program too. */
  readonly anonymousMegabytes: number;
}

export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { residentMegabytes: read("Rss"), anonymousMegabytes: read("Anonymous") };
}

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { stripVTControlCharacters } from "node:util";

/** Calls that a case has left behind are not worth more. */
const killAfterMs = 4000;
/** So much of what a command said is shown when it ends too early: the trace of an error, whose words stand at its top. */
const shownMax = 2000;

export interface Program {
  /** A command line for the shell, or a file with its arguments. */
  readonly command: string | readonly [file: string, ...args: string[]];
  readonly environment?: NodeJS.ProcessEnv;
  /** Where the server will be, if its output does not say it. */
  readonly url?: string;
}

export interface Started {
  /** The address as it was given or printed, without a slash at the end. */
  readonly url: string;
  /** Rejects when the program ends before it is stopped. */
  readonly ended: Promise<never>;
  readonly stop: () => Promise<void>;
}

/** Starts a server and finds out where it is: where `url` says, or at the first http address that it prints. */
export async function startProgram({ command, environment, url }: Program): Promise<Started> {
  const [file, ...args] = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
  // A group of its own: whatever a shell starts ends with it.
  const child = spawn(file, args, { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
  watch(child);
  let output = "";
  const ended = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) =>
      reject(new Error(`the command ended with ${signal ?? `status ${status}`}: ${output.trim().slice(-shownMax)}`)),
    );
  });
  ended.catch(() => undefined);
  const printed = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = `${output}${text}`.slice(-64 * 1024);
        const found = findUrl(output);
        if (found !== undefined) resolve(found);
      });
    }
  });
  const stop = (): Promise<void> => endGroup(child);
  try {
    return { url: await (url ?? Promise.race([printed, ended])), ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first http address on a whole line; one that stands for all interfaces is reached on loopback. */
export function findUrl(output: string): string | undefined {
  const whole = stripVTControlCharacters(output.slice(0, output.lastIndexOf("\n") + 1));
  const [found] = /\bhttps?:\/\/(?:\[[\da-f:.]+\])?[^\s"'`<>)\]},;]+/i.exec(whole) ?? [];
  return found?.replace(/\/\/(?:0\.0\.0\.0|\[::\])/, "//127.0.0.1").replace(/[./]+$/, "");
}

/** A port that nobody has at the moment. */
export function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const kill = setTimeout(() => {
      signalGroup(pid, "SIGKILL");
      // A process that has left the group may hold them open for ever.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    }, killAfterMs);
    child.once("close", () => {
      clearTimeout(kill);
      resolve();
    });
    signalGroup(pid, "SIGTERM");
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** What runs, by process id: a terminal's Ctrl-C does not reach groups of their own. */
const running = new Set<number>();

function watch(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (running.size === 0) for (const event of ["SIGINT", "SIGTERM", "exit"]) process.on(event, endAll);
  running.add(pid);
  child.once("close", () => {
    running.delete(pid);
    if (running.size === 0) for (const event of ["SIGINT", "SIGTERM", "exit"]) process.off(event, endAll);
  });
}

function endAll(): void {
  for (const pid of running) signalGroup(pid, "SIGTERM");
}

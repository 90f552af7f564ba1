import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

type Shell = ChildProcessByStdio<Writable, Readable, null>;

/** Typed after each line; no program says this. */
const toEnd = 'echo "<<ended with $?>>"';
const end = /<<ended with (\d+)>>\n/;

/** A shell to type into, which keeps its folder and its variables from line to line. What is said to standard error is seen. */
export class Terminal {
  readonly #shell: Shell;
  #said = "";

  constructor(cwd: string, environment: Readonly<Record<string, string>>) {
    // A group of its own, so that what it has started ends with it.
    this.#shell = spawn("bash", ["--norc"], {
      cwd,
      env: environment,
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    this.#shell.stdout.setEncoding("utf8").on("data", (text: string) => (this.#said += text));
  }

  /** Resolves with what the line prints. Throws if it ends with another status than 0. */
  async type(line: string): Promise<string> {
    const said = await this.#until(line, end);
    const [output = "", status] = said.split(end);
    if (status !== "0") throw toEnded(line, said);
    return output;
  }

  /** For what does not end: resolves with what it prints up to the sign that it is there. Throws if it ends all the same. */
  async start(line: string, sign: RegExp): Promise<string> {
    const said = await this.#until(line, sign);
    if (!sign.test(said)) throw toEnded(line, said);
    return said;
  }

  /** Resolves with what is printed up to the sign, or to the end of the line. */
  async #until(line: string, sign: RegExp): Promise<string> {
    this.#said = "";
    this.#shell.stdin.write(`${line}\n${toEnd}\n`);
    while (!sign.test(this.#said) && !end.test(this.#said)) {
      if (this.#shell.exitCode !== null) throw new Error(`The shell has ended: ${this.#said}`);
      // oxlint-disable-next-line no-await-in-loop -- what is printed comes bit by bit
      await Promise.race([once(this.#shell.stdout, "data"), once(this.#shell, "exit")]);
    }
    return this.#said;
  }

  async close(): Promise<void> {
    if (this.#shell.pid === undefined || this.#shell.exitCode !== null) return;
    const ended = once(this.#shell, "exit");
    process.kill(-this.#shell.pid, "SIGTERM");
    await ended;
  }
}

function toEnded(line: string, said: string): Error {
  const [output = "", status] = said.split(end);
  return new Error(`${line}\nends with status ${status}, and prints\n${output}`);
}

import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readFile } from "../../base/config/file-trust.ts";

const fileName = "agent-history";
const linesMax = 500;
const bytesMax = 1_000_000;
const lineCharactersMax = 4_000;

/** What was typed, kept in the state folder for its owner alone. What is wrong with the file is told once. */
export class LineHistory {
  readonly #path: string | undefined;
  readonly #onProblem: (problem: string) => void;
  #isBroken = false;

  /** Without the folder nothing is kept. */
  constructor(stateFolder: string, onProblem: (problem: string) => void) {
    this.#path = existsSync(stateFolder) ? join(stateFolder, fileName) : undefined;
    this.#onProblem = onProblem;
  }

  /** The oldest first. */
  read(): readonly string[] {
    if (this.#path === undefined || this.#isBroken || !existsSync(this.#path)) return [];
    try {
      const { text } = readFile(this.#path, { bytesMax, own: true });
      return text.split("\n").filter((line) => line !== "");
    } catch (cause) {
      this.#break(cause);
      return [];
    }
  }

  /** Another dialogue may have written meanwhile. */
  add(line: string): void {
    const before = this.read();
    if (this.#path === undefined || this.#isBroken || line.trim() === "" || before.at(-1) === line) return;
    if (line.length > lineCharactersMax) return;
    let lines = [...before, line].slice(-linesMax);
    while (Buffer.byteLength(lines.join("\n")) >= bytesMax) lines = lines.slice(Math.ceil(lines.length / 2));
    try {
      writeFileSync(`${this.#path}.new`, `${lines.join("\n")}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (cause) {
      this.#break(cause);
    }
  }

  #break(cause: unknown): void {
    this.#isBroken = true;
    this.#onProblem(`What is typed is not kept in ${this.#path}: ${(cause as Error).message}.`);
  }
}

import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";

export interface RotatedFileOptions {
  readonly path: string;
  /** The file grows no longer than this; a line that is longer itself is alone in it. */
  readonly bytesMax: number;
  /** How many files before the current one are kept, as `<path>.1`, the youngest, and so on. */
  readonly keep: number;
}

/** Windows has no such flag. */
const noFollow = constants.O_NOFOLLOW ?? 0;
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow;

/** Lines that are only ever added, in a file that its owner alone can read. Everything throws what the system says. */
export class RotatedFile {
  readonly #options: RotatedFileOptions;
  #descriptor: number;
  #size: number;
  #isTorn = false;

  constructor(options: RotatedFileOptions) {
    this.#options = options;
    this.#descriptor = open(options.path);
    this.#size = fstatSync(this.#descriptor).size;
  }

  /** Returns when the system has the line. */
  append(line: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${line}\n` : `${line}\n`);
    if (this.#size > 0 && this.#size + bytes.length > this.#options.bytesMax) this.#rotate();
    this.#isTorn = true;
    const written = writeSync(this.#descriptor, bytes);
    this.#size += written;
    if (written < bytes.length) throw new Error("only a part of the line was written");
    this.#isTorn = false;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    const { path, keep } = this.#options;
    const toName = (age: number): string => (age === 0 ? path : `${path}.${age}`);
    // Where it is missing, the others have moved already, and then there was no new one to be had.
    if (existsSync(path)) {
      rmSync(toName(keep), { force: true });
      for (let age = keep - 1; age >= 0; age--) moveIfThere(toName(age), toName(age + 1));
    }
    const next = open(path);
    closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#size = fstatSync(next).size;
    this.#isTorn = false;
  }
}

function open(path: string): number {
  const descriptor = openSync(path, flags, 0o600);
  fchmodSync(descriptor, 0o600);
  return descriptor;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

import { writeSync } from "node:fs";
import process from "node:process";
import type { LogDestination } from "./gathered-lines.ts";

/** So many bytes wait for a reader who is behind; what comes then is lost, and counted. */
const mostHeld = 8_000_000;
/** A reader who takes nothing, or a disk that is full, is tried again after this time. */
const againMs = 100;
/** The end of the process waits no longer than this for a reader. */
const endMs = 1_000;
/** With these, nobody will read any more. */
const gone: ReadonlySet<string | undefined> = new Set(["EPIPE", "EIO", "EBADF", "ECONNRESET", "ENOTCONN"]);

let standardError: StandardError | undefined;

/** There is one of each process. */
export function openStandardError(): LogDestination {
  return (standardError ??= new StandardError());
}

/**
 * Takes lines of a log, whoever reads them: a reader who is behind holds neither the process up nor its end, and one who
 * has gone, or a disk that is full, changes nothing but that lines are missing. Ours, since pino's own destination tries
 * at the end for ever whatever it could not write.
 */
class StandardError implements LogDestination {
  readonly #descriptor = process.stderr.fd;
  #waiting: Buffer[] = [];
  #held = 0;
  #lost = 0;
  #isGone = false;
  #again: NodeJS.Timeout | undefined;

  constructor() {
    // Above, Node has opened it as a stream: a pipe or a socket says now that it is full, instead of waiting for its reader.
    process.on("exit", () => this.#end());
  }

  write(lines: string): void {
    if (this.#isGone) return;
    const bytes = Buffer.from(lines);
    if (this.#held + bytes.length > mostHeld) {
      this.#lost += lines.split("\n").length - 1;
      return;
    }
    this.#hold(bytes);
    if (this.#again === undefined) this.#writeOrWait();
  }

  #hold(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#held += bytes.length;
  }

  #writeOrWait(): void {
    this.#again = undefined;
    if (this.#writeAll() !== undefined) this.#again = setTimeout(() => this.#writeOrWait(), againMs).unref();
  }

  /** Returns the code of what stopped it, if it can be tried again. */
  #writeAll(): string | undefined {
    try {
      for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) {
        const written = writeSync(this.#descriptor, bytes);
        this.#held -= written;
        if (written < bytes.length) this.#waiting[0] = bytes.subarray(written);
        else this.#waiting.shift();
      }
      return undefined;
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!gone.has(code)) return code;
      this.#isGone = true;
      this.#waiting = [];
      return undefined;
    }
  }

  #next(): Buffer | undefined {
    if (this.#waiting.length === 0 && this.#lost > 0) {
      this.#hold(
        Buffer.from(
          `${JSON.stringify({ level: 40, time: Date.now(), lines: this.#lost, msg: "log lines were lost" })}\n`,
        ),
      );
      this.#lost = 0;
    }
    return this.#waiting[0];
  }

  #end(): void {
    const until = performance.now() + endMs;
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    while (this.#writeAll() === "EAGAIN" && performance.now() < until) Atomics.wait(nothing, 0, 0, 10);
  }
}

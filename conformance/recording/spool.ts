import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Block {
  readonly at: number;
  readonly length: number;
}

/** A file for what is too much for the memory. It has no name as soon as it is open, and is gone with the process. */
export class Spool {
  #file: number | undefined;
  #length = 0;
  #isClosed = false;
  /** What is read and at once made into something else has one place for all of it. */
  #place = Buffer.alloc(0);

  /** Throws what the system says where there is no room. */
  append(bytes: Buffer): Block {
    if (this.#isClosed) throw new Error("nothing is kept any more");
    this.#file ??= openNameless();
    const block = { at: this.#length, length: bytes.length };
    for (let written = 0; written < bytes.length;)
      written += writeSync(this.#file, bytes, written, bytes.length - written, block.at + written);
    this.#length += bytes.length;
    return block;
  }

  read(block: Block): Buffer {
    return this.#fill(Buffer.allocUnsafeSlow(block.length), block);
  }

  /** One character for each byte. */
  readText(block: Block): string {
    if (this.#place.length < block.length) this.#place = Buffer.allocUnsafeSlow(block.length);
    return this.#fill(this.#place.subarray(0, block.length), block).toString("latin1");
  }

  #fill(bytes: Buffer, { at, length }: Block): Buffer {
    if (this.#file === undefined) throw new Error("what was kept is gone");
    for (let read = 0; read < length;) {
      const count = readSync(this.#file, bytes, read, length - read, at + read);
      if (count === 0) throw new Error("what was kept is gone");
      read += count;
    }
    return bytes;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#isClosed = true;
    this.#place = Buffer.alloc(0);
  }
}

/** Secrets are in it that are not hidden yet. */
function openNameless(): number {
  const path = join(tmpdir(), `clawgate-conformance-${randomUUID()}`);
  const file = openSync(path, "wx+", 0o600);
  rmSync(path);
  return file;
}

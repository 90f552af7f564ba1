import { deserialize, serialize } from "node:v8";
import type { Block, Spool } from "./spool.ts";

/** So many bytes are kept in the memory, and written in one go. */
const blockBytes = 65_536;
/** What an entry takes beside its bytes. */
const entryBytes = 64;

/** A list that only grows, and lies in a file as soon as it is long. */
export class LongList<T> {
  readonly #spool: Spool;
  readonly #blocks: Block[] = [];
  #tail: T[] = [];
  #tailBytes = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** Throws if there is no room for it. */
  add(entry: T, bytes: number): void {
    this.#tail.push(entry);
    this.#tailBytes += bytes + entryBytes;
    this.settle(blockBytes);
  }

  /** Keeps less than this in the memory. */
  settle(bytesMax: number): void {
    if (this.#tailBytes < bytesMax) return;
    this.#blocks.push(this.#spool.append(serialize(this.#tail)));
    [this.#tail, this.#tailBytes] = [[], 0];
  }

  *[Symbol.iterator](): Generator<T> {
    for (const block of this.#blocks) yield* deserialize(this.#spool.read(block)) as T[];
    yield* this.#tail;
  }
}

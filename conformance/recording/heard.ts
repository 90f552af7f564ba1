import type { RecordedError } from "./format.ts";
import { LongList } from "./long-list.ts";
import { type Block, Spool } from "./spool.ts";
import type { Happening } from "./tap.ts";

/** What happened, and the bytes or where they lie. */
export type Note = { readonly at: number } & (
  | { readonly way: Way; readonly bytes: Buffer | Block }
  | Extract<Happening, { end: unknown } | { broke: unknown }>
);

export type Way = "sent" | "came";

/** What a line has beside the bytes. */
const noteBytes = 32;
/** So many bytes in one go are written as they are. */
const longBytes = 16_384;

/** What happens on a connection, for as long as its case goes on. */
export class Heard {
  refused?: RecordedError;
  /** Why not all of it is here. */
  cut?: string;
  /** How much it is, with what is written around each. */
  bytes = 0;
  readonly notes: LongList<Note>;
  readonly #spool: Spool;
  #isOver = false;

  constructor(spool: Spool) {
    this.#spool = spool;
    this.notes = new LongList(spool);
  }

  add(what: Happening): void {
    if (this.#isOver) return;
    try {
      if ("sent" in what) this.#note(what.at, "sent", what.sent);
      else if ("came" in what) this.#note(what.at, "came", what.came);
      else this.notes.add(what, 0);
    } catch (error) {
      // Nobody who reads from the connection can do anything about it.
      this.cut = `it could not be kept: ${(error as Error).message}`;
      this.#isOver = true;
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  /** All that went one way, one character for each byte. */
  *pieces(way: Way): Generator<string> {
    for (const note of this.notes) if ("way" in note && note.way === way) yield this.#read(note.bytes);
  }

  #note(at: number, way: Way, bytes: Buffer): void {
    this.bytes += bytes.length + noteBytes;
    if (bytes.length < longBytes) this.notes.add({ at, way, bytes }, bytes.length);
    else this.notes.add({ at, way, bytes: this.#spool.append(bytes) }, 0);
  }

  #read(bytes: Buffer | Block): string {
    return Buffer.isBuffer(bytes) ? bytes.toString("latin1") : this.#spool.readText(bytes);
  }
}

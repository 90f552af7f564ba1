import type { IncomingMessage } from "node:http";

/** A piece of a body, and when it came. */
export interface Piece {
  readonly atMs: number;
  readonly bytes: Buffer;
}

export interface Read {
  readonly pieces: readonly Piece[];
  readonly end: "complete" | "cut" | "limit";
}

interface Options {
  /** A body that is longer is cut off. */
  readonly bytesMax: number;
  /** Called with every piece. */
  readonly onData?: ((text: string, atMs: number) => void) | undefined;
}

/** Nobody streams so many: one that sends each byte by itself takes longer to be read than it is worth. */
export const piecesMax = 100_000;

/** What is kept of a body that was cut off: enough to see what it was, and many of them fit into memory. */
const keptBytesMax = 256 * 1024;

/** Reads a body to its end, or as far as anybody looks. */
export function collect(response: IncomingMessage, since: () => number, { bytesMax, onData }: Options): Promise<Read> {
  return new Promise((resolve) => {
    const pieces = new Pieces();
    let [size, count] = [0, 0];
    response.on("data", (bytes: Buffer) => {
      size += bytes.length;
      pieces.add({ atMs: since(), bytes });
      onData?.(bytes.toString("utf8"), since());
      if (size > bytesMax || ++count > piecesMax) {
        response.destroy();
        resolve({ pieces: toStart(pieces.end()), end: "limit" });
      }
    });
    response.once("end", () => resolve({ pieces: pieces.end(), end: "complete" }));
    response.once("error", () => resolve({ pieces: pieces.end(), end: "cut" }));
    response.once("close", () => resolve({ pieces: pieces.end(), end: response.complete ? "complete" : "cut" }));
  });
}

/** Each of more takes more memory than the few bytes that are in it. */
const apartMax = 1000;
const joinedBytes = 16_384;
/** What comes later is a piece of its own, or a stream would seem to be silent. */
const joinedMs = 20;

/** Those that come first, one by one, and of the rest what comes at about the same time together. */
class Pieces {
  readonly #pieces: Piece[] = [];
  #joined: { readonly atMs: number; readonly bytes: Buffer; length: number } | undefined;

  add(piece: Piece): void {
    if (this.#pieces.length < apartMax || piece.bytes.length >= joinedBytes) {
      this.end();
      this.#pieces.push(piece);
      return;
    }
    const { atMs, bytes } = piece;
    const { length = 0, atMs: beganMs = atMs } = this.#joined ?? {};
    if (bytes.length > joinedBytes - length || atMs - beganMs > joinedMs) this.end();
    this.#joined ??= { atMs, bytes: Buffer.alloc(joinedBytes), length: 0 };
    bytes.copy(this.#joined.bytes, this.#joined.length);
    this.#joined.length += bytes.length;
  }

  end(): readonly Piece[] {
    if (this.#joined !== undefined) {
      const { atMs, bytes, length } = this.#joined;
      this.#pieces.push({ atMs, bytes: bytes.subarray(0, length) });
    }
    this.#joined = undefined;
    return this.#pieces;
  }
}

function toStart(pieces: readonly Piece[]): readonly Piece[] {
  let left = keptBytesMax;
  return pieces.filter(({ bytes }) => (left -= bytes.length) > 0);
}

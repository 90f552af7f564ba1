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

/** What is kept of a body that was cut off: enough to see what it was, and many of them fit into memory. */
const keptBytesMax = 256 * 1024;

/** Reads a body to its end, or as far as anybody looks. */
export function collect(response: IncomingMessage, since: () => number, { bytesMax, onData }: Options): Promise<Read> {
  return new Promise((resolve) => {
    const pieces = new Pieces();
    let size = 0;
    response.on("data", (bytes: Buffer) => {
      size += bytes.length;
      pieces.add({ atMs: since(), bytes });
      onData?.(bytes.toString("utf8"), since());
      if (size > bytesMax) {
        response.destroy();
        resolve({ pieces: toStart(pieces.end()), end: "limit" });
      }
    });
    response.once("end", () => resolve({ pieces: pieces.end(), end: "complete" }));
    response.once("error", () => resolve({ pieces: pieces.end(), end: "cut" }));
    response.once("close", () => resolve({ pieces: pieces.end(), end: response.complete ? "complete" : "cut" }));
  });
}

/** Nobody looks at the times of more; each takes more memory than the few bytes that are in it. */
const apartMax = 10_000;
const joinedBytes = 65_536;

/** Those that come first, one by one, and the rest in fewer. */
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
    if (bytes.length > joinedBytes - (this.#joined?.length ?? 0)) this.end();
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

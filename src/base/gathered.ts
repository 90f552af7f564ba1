/** Shorter ones are copied; a body that comes in longer ones, or in one, is not. */
const shortBytes = 1024;
const blockBytes = 65_536;
const none = Buffer.alloc(0);

/**
 * What has come of a body, of whomever. A piece is an object of a hundred bytes and more, and each byte may come as one: in
 * chunks that are as short, or in packets. So short pieces are copied together.
 */
export class Gathered {
  #pieces: Buffer[] = [];
  #block = none;
  /** Of the block: what is among the pieces already, and what is filled. */
  #taken = 0;
  #filled = 0;

  /** Begins with this piece, if there is one already. */
  constructor(first?: Uint8Array) {
    if (first !== undefined) this.add(first);
  }

  add(piece: Uint8Array): void {
    if (this.#pieces.length === 0 || piece.length >= shortBytes) {
      this.#close();
      this.#pieces.push(toBuffer(piece));
      return;
    }
    if (piece.length > this.#block.length - this.#filled) {
      this.#close();
      this.#block = Buffer.allocUnsafe(blockBytes);
      this.#taken = this.#filled = 0;
    }
    this.#block.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** All of it, in order. Nothing is kept here any more. */
  take(): Buffer {
    this.#close();
    const pieces = this.#pieces;
    this.clear();
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  }

  clear(): void {
    this.#pieces = [];
    this.#block = none;
    this.#taken = this.#filled = 0;
  }

  /** How many objects hold what has come. */
  get count(): number {
    return this.#pieces.length + (this.#filled > this.#taken ? 1 : 0);
  }

  /** What comes next stands behind another piece; the rest of the block is for it. */
  #close(): void {
    if (this.#filled > this.#taken) this.#pieces.push(this.#block.subarray(this.#taken, this.#filled));
    this.#taken = this.#filled;
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

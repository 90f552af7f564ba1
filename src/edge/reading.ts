import type { Socket } from "node:net";
import { stopReading, Unparsed } from "./unparsed.ts";

/** So much of a body in chunks is parsed in one go; it may be 680 chunks. */
const sliceBytes = 4096;

export interface ReadingLimits {
  /** Bytes that wait to be parsed, of all connections together. */
  readonly bytesMax: number;
  /** Told when a connection is closed because too much waits. */
  readonly onCut?: () => void;
}

/** By all connections. */
export interface Held {
  /** Bytes that wait to be parsed. */
  held: number;
  readonly limits: ReadingLimits;
}

/** The requests of a connection, to its reading. */
export interface Requests {
  /** Some wait to be begun, before which nothing more is parsed. */
  readonly isWaiting: boolean;
  /** It has sent a body in chunks. What comes from then on is parsed in slices. */
  readonly isChunked: boolean;
  /** There is something to be parsed, for which `goOn` is to be called when there is a turn for it. */
  onParsable(): void;
  /** To be asked before more is read. True is that the connection is to be closed. */
  isOverdue(): boolean;
}

/**
 * Reads no further of a connection than may be worked on: while something waits, the rest of what has been read is not
 * parsed, and nothing more is read. Made for a connection with the first that has to wait.
 */
export class Reading {
  readonly #socket: Socket;
  readonly #requests: Requests;
  readonly #all: Held;
  readonly #unparsed: Unparsed;
  /** Of what is not parsed, what counts among what is held of all. */
  #held = 0;

  constructor(socket: Socket, requests: Requests, all: Held) {
    this.#socket = socket;
    this.#requests = requests;
    this.#all = all;
    this.#unparsed = new Unparsed(socket, this.#onMore);
    socket.on("resume", this.#onResume);
    socket.once("close", () => {
      this.#unparsed.drop();
      this.#count();
    });
  }

  /** It is parsed in slices, and no more by Node itself. */
  get isSliced(): boolean {
    return this.#unparsed.isSliced;
  }

  get isWaiting(): boolean {
    return this.#requests.isWaiting || this.#unparsed.length > 0;
  }

  /** Leaves with the kernel what comes from now on. */
  stop(): void {
    // A stream that has taken over keeps what it reads.
    if (this.isSliced) this.#socket.pause();
    else stopReading(this.#socket);
  }

  /** The parser has stopped before these. */
  keep(bytes: Buffer): void {
    this.#unparsed.keep(bytes);
    if (this.#requests.isChunked) this.#unparsed.takeOver();
    if (this.isWaiting) this.#onMore();
    else this.#readOn();
  }

  /** No request waits: parses what does, as much as may be in one go, and then reads on. */
  goOn(): void {
    if (this.#unparsed.length > 0) {
      const isNow = this.#unparsed.parse(this.isSliced ? sliceBytes : Infinity);
      // Behind an offer of something else the parser stops without a word.
      if (this.#requests.isChunked) this.#unparsed.takeOver();
      this.#count();
      if (!isNow) return;
    }
    if (!this.isWaiting) this.#readOn();
    else this.#tellParsable();
  }

  #readOn(): void {
    if (this.#requests.isOverdue()) this.#cut();
    else this.#unparsed.readOn();
  }

  /** More is here than may be parsed in this turn. */
  readonly #onMore = (): void => {
    this.#count();
    this.stop();
    if (this.#all.held > this.#all.limits.bytesMax) this.#cut();
    else this.#tellParsable();
  };

  // Whoever reads a request's body resumes the socket, and so does Node when answers have been taken.
  readonly #onResume = (): void => {
    if (!this.isWaiting) return;
    this.stop();
    this.#tellParsable();
  };

  #tellParsable(): void {
    if (!this.#requests.isWaiting) this.#requests.onParsable();
  }

  #count(): void {
    this.#all.held += this.#unparsed.length - this.#held;
    this.#held = this.#unparsed.length;
  }

  #cut(): void {
    this.#all.limits.onCut?.();
    this.#socket.destroy();
  }
}

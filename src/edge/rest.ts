import type { Socket } from "node:net";

/**
 * Connections that are not read for a moment, because others keep the process busy with what they have sent in one go. A
 * read of 64 KiB can hold over a thousand requests, and Node's parser comes to its end whatever happens; so of many such
 * connections one is read at a time, and in between come those that send one request after the other.
 */
export class Rest {
  /** The next is the last. */
  readonly #resting: Socket[] = [];
  #wakeNext = 1;

  get size(): number {
    return this.#resting.length;
  }

  /**
   * Stops reading these. Who comes later is read sooner: whoever just came cannot have sent much. `isKnown` are those
   * that have sent nothing in excess so far; they are read first.
   */
  begin(sockets: Iterable<Socket>, isKnown: (socket: Socket) => boolean): void {
    const known: Socket[] = [];
    for (const socket of sockets) {
      // One that is paused already waits for something else.
      if (socket.destroyed || socket.isPaused()) continue;
      socket.pause();
      if (isKnown(socket)) known.push(socket);
      else this.#resting.push(socket);
    }
    this.#resting.push(...known);
  }

  /** Reads the next, and more each time unless they turned out to be busy ones. */
  wake(isBusy: boolean): void {
    this.#wakeNext = isBusy ? 1 : this.#wakeNext * 2;
    for (const socket of this.#resting.splice(-this.#wakeNext)) if (!socket.destroyed) socket.resume();
    if (this.#resting.length === 0) this.#wakeNext = 1;
  }
}

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { awakeMs } from "../base/loop-watch.ts";

export interface LeftoverLimits {
  readonly ms: number;
  readonly bytes: number;
}

/**
 * Enough for a client that sends a large body in one go to come to its end and read the answer, and too little for one
 * that only wants to be read.
 */
export const leftoverLimits: LeftoverLimits = { ms: 2000, bytes: 64 * 1_048_576 };

interface Leftover {
  readonly request: IncomingMessage;
  readonly until: number;
  readonly bytesUntil: number;
}

/**
 * What a client still sends of a request that has its answer. To close the connection at once would take the answer
 * from a client that writes before it reads; so the rest is read and thrown away, within limits.
 */
export class Leftovers {
  readonly #limits: LeftoverLimits;
  readonly #onCut: () => void;
  readonly #watched = new Map<Socket, Leftover>();
  #timer: NodeJS.Timeout | undefined;

  /** `onCut` is told of each connection that is closed because more came. */
  constructor(limits: LeftoverLimits, onCut: () => void) {
    this.#limits = limits;
    this.#onCut = onCut;
  }

  /** The request is answered, and not all of it has come. */
  watch(request: IncomingMessage): void {
    const { socket } = request;
    const { ms, bytes } = this.#limits;
    this.#watched.set(socket, { request, until: awakeMs() + ms, bytesUntil: socket.bytesRead + bytes });
    this.#timer ??= setInterval(this.#look, Math.min(50, ms / 4)).unref();
    request.resume();
  }

  readonly #look = (): void => {
    const now = awakeMs();
    for (const [socket, { request, until, bytesUntil }] of this.#watched) {
      const isOver = now >= until || socket.bytesRead >= bytesUntil;
      if (!request.complete && !socket.destroyed && !isOver) continue;
      this.#watched.delete(socket);
      if (!request.complete && !socket.destroyed) this.#onCut();
      // A connection that was to end with its answer has waited for this.
      if (!request.complete || socket.writableEnded) socket.destroy();
    }
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };
}

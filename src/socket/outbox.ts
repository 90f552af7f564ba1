import type { WebSocket } from "ws";
import { awakeMs } from "../base/loop-watch.ts";
import type { SocketEvents } from "../base/contract.ts";

export interface OutboxParts {
  /** Of what the client has not read. */
  readonly bufferedBytesMax: () => number;
  /** Told once when there is more than that, and stays so. */
  readonly onFull: () => void;
}

/**
 * A client that reads may be behind for a moment, by one long answer that was written in one go; one that does not read is
 * behind for longer.
 */
const behindMs = 1000;
/** Beyond so many times the limit nobody is waited for. */
const wholeFactor = 32;

/**
 * What leaves on one connection. Events are numbered when they are written, so that their numbers have no holes: a client
 * takes a hole for an event that it has missed. Nothing is left out for one who reads too slowly; the connection is closed.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #parts: OutboxParts;
  #seq = 0;
  #behindSince: number | undefined;
  #isFull = false;

  constructor(socket: WebSocket, parts: OutboxParts) {
    this.#socket = socket;
    this.#parts = parts;
  }

  /** A frame that has no number: a response, or the challenge. */
  send(frame: string): void {
    if (this.#isFull || this.#socket.readyState !== 1) return;
    if (this.#isBehind()) {
      this.#isFull = true;
      return this.#parts.onFull();
    }
    this.#socket.send(frame);
  }

  /** The payload is JSON text: it is the same for many connections. */
  event(name: keyof SocketEvents, payload: string): void {
    this.send(`{"type":"event","event":"${name}","payload":${payload},"seq":${++this.#seq}}`);
  }

  #isBehind(): boolean {
    const most = this.#parts.bufferedBytesMax();
    const held = this.#socket.bufferedAmount;
    if (held <= most) {
      this.#behindSince = undefined;
      return false;
    }
    this.#behindSince ??= awakeMs();
    return held > most * wholeFactor || awakeMs() - this.#behindSince > behindMs;
  }
}

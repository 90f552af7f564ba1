import type { WebSocket } from "ws";
import type { SocketEvents } from "../base/contract.ts";
import { awakeMs } from "../base/loop-watch.ts";

export interface OutboxParts {
  /** Of what the client has not read. */
  readonly bufferedBytesMax: () => number;
  /** Told once when there is more than that, and stays so. The connection is closed then. */
  readonly onSlow: () => void;
  /** Whether so much more may be held of what clients have not read, all together. Asked for what is long. */
  readonly hasRoom: (bytes: number) => boolean;
}

const longMin = 65_536;

/**
 * A client that reads may be behind for a moment, by one long answer that was written in one go; one that does not read is
 * behind for longer.
 */
const behindMs = 1000;
/** Beyond so many times the limit nobody is waited for. */
const wholeFactor = 32;
/** The protocol's own clients take no longer frame, and end a connection without a word for it. */
const frameBytesMax = 26_214_400;
/** For a client to take what it was sent before the end: how often it is looked, how many looks it may take nothing, and all. */
const leave = { lookMs: 250, idleMax: 8, looksMax: 40 };

/**
 * What leaves on one connection. Events are numbered when they are written, so that their numbers have no holes: a client
 * takes a hole for an event that it has missed. Nothing is left out for one who reads too slowly, or for which there is no
 * room in a frame; the connection is closed.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #parts: OutboxParts;
  #seq = 0;
  #behindSince: number | undefined;
  #isOver = false;

  constructor(socket: WebSocket, parts: OutboxParts) {
    this.#socket = socket;
    this.#parts = parts;
  }

  /** The connection will be closed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes that the client has not read. */
  get held(): number {
    return this.#socket.readyState === 3 ? 0 : this.#socket.bufferedAmount;
  }

  /** Since when that is more than there may be, as `awakeMs` has it; undefined where it is not. */
  get behindSince(): number | undefined {
    return this.held > this.#parts.bufferedBytesMax() ? this.#behindSince : undefined;
  }

  /** A frame that has no number: a response, or the challenge. */
  send(frame: string): void {
    if (this.#isOver || this.#socket.readyState !== 1) return;
    // A unit is three bytes at most.
    if (frame.length > frameBytesMax / 3 && Buffer.byteLength(frame) > frameBytesMax)
      return this.#leave(1009, "an answer is longer than a frame may be");
    if (this.#isBehind()) {
      this.#parts.onSlow();
      return this.#leave(1013, "too slow");
    }
    if (frame.length >= longMin && !this.#parts.hasRoom(frame.length)) {
      this.#parts.onSlow();
      return this.#leave(1013, "the gateway holds as much as it may");
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

  /** The reason stands behind all that was sent, and is heard only by a client that has time to take that. */
  #leave(code: number, reason: string): void {
    const socket = this.#socket;
    let [held, idle, looks] = [Number.POSITIVE_INFINITY, 0, 0];
    this.#isOver = true;
    const timer = setInterval(() => {
      const left = socket.bufferedAmount;
      idle = left < held ? 0 : idle + 1;
      held = left;
      if (left > 0 && idle < leave.idleMax && ++looks < leave.looksMax) return;
      clearInterval(timer);
      if (left === 0) socket.close(code, reason);
      else socket.terminate();
    }, leave.lookMs).unref();
    socket.once("close", () => clearInterval(timer));
  }
}

import type { Socket } from "node:net";

/** So many bytes are looked at in one go; as long as no request begins in them, and they belong to one, they become more. */
const portionBytes = { min: 256, max: 4096 };
/** Then it is the next connection's turn. */
const visitBytes = 65_536;
/** More than these in a second is much. */
const modestBytes = 65_536;

/** A connection of whose bytes Node's parser gets a portion at a time, for as long as the connection lasts. */
export class Portioned {
  readonly socket: Socket;
  /** It came while there was a flood. */
  readonly isNew: boolean;
  readonly #onReady: (portioned: Portioned) => void;
  /** By Node: answers are not taken, or a request's body is not read. */
  #isPaused: boolean;
  #bytes = 0;
  #bytesSince = 0;

  /** `onReady` is told when more is here, or Node may go on. */
  constructor(socket: Socket, isNew: boolean, onReady: (portioned: Portioned) => void) {
    this.socket = socket;
    this.isNew = isNew;
    this.#onReady = onReady;
    this.#isPaused = socket.isPaused();
    // Node then takes its parser from the handle, and has parsed what is taken with `read`.
    socket.on("readable", this.#onReadable);
    socket.pause = () => {
      this.#isPaused = true;
      return socket;
    };
    socket.resume = () => {
      this.#isPaused = false;
      onReady(this);
      return socket;
    };
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Much of it has been looked at in this second. */
  get isFed(): boolean {
    return this.#bytes > modestBytes && performance.now() - this.#bytesSince < 1000;
  }

  /** Has the next looked at, until a request begins in it or `mayGoOn` says no. */
  look(countRequests: () => number, mayGoOn: () => boolean): void {
    const { socket } = this;
    const before = countRequests();
    let bytes = 0;
    let portion = portionBytes.min;
    while (bytes < visitBytes && countRequests() === before && mayGoOn()) {
      const length = Math.min(portion, socket.readableLength);
      if (length === 0) break;
      socket.read(length);
      bytes += length;
      portion = Math.min(portionBytes.max, portion * 2);
    }
    this.#count(bytes);
  }

  /** From now on all that comes is for whoever listens. */
  leave(): void {
    const { socket } = this;
    Reflect.deleteProperty(socket, "pause");
    Reflect.deleteProperty(socket, "resume");
    socket.off("readable", this.#onReadable);
  }

  readonly #onReadable = (): void => this.#onReady(this);

  #count(bytes: number): void {
    const now = performance.now();
    if (now - this.#bytesSince >= 1000) {
      this.#bytes = 0;
      this.#bytesSince = now;
    }
    this.#bytes += bytes;
  }
}

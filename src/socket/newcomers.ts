import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { startPatience } from "../base/deadline.ts";
import { GatewayError } from "../base/errors.ts";

/** Connections that have not signed in: of one client, and of all. */
const perAddressMax = 32;
const allMax = 256;
/** Bytes that one of them may send, its frames' heads included. */
const bytesMax = 65_536 + 256;

/** Bounds what strangers may hold: how many, how long, and what they send. */
export class Newcomers {
  readonly #toKey: (address: string) => string;
  readonly #counts = new Map<string, number>();
  #size = 0;

  constructor(toKey: (address: string) => string) {
    this.#toKey = toKey;
  }

  findFault(address: string): GatewayError | undefined {
    const count = this.#counts.get(this.#toKey(address)) ?? 0;
    if (this.#size < allMax && count < perAddressMax) return undefined;
    return new GatewayError("overloaded", "Too many connections have not signed in. Try again shortly.");
  }

  /** Returns what is to be called when the client was let in. */
  watch(
    opened: WebSocket,
    socket: Duplex,
    address: string,
    { challengeMs }: { readonly challengeMs: number },
  ): () => void {
    const key = this.#toKey(address);
    this.#count(key, 1);
    let bytes = 0;
    const onData = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes <= bytesMax) return;
      opened.close(1009, "too much before connect");
      opened.pause();
    };
    const leave = (): void => {
      patience.stop();
      socket.off("data", onData);
      opened.off("close", leave);
      this.#count(key, -1);
    };
    const patience = startPatience(challengeMs, () => opened.close(1008, "no connect in time"));
    socket.on("data", onData);
    opened.once("close", leave);
    return leave;
  }

  #count(key: string, by: 1 | -1): void {
    this.#size += by;
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}

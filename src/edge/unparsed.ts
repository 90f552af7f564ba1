import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Node's parser of a connection. */
interface Parser {
  onIncoming: ((request: IncomingMessage, keepAlive: boolean) => number) | null;
  resume(): void;
  execute(bytes: Buffer): unknown;
}

/** What a callback of the parser gives back for it to stop there (llhttp's `HPE_PAUSED`). */
const stop = 21;

/**
 * What has come of a connection and is not parsed yet. Node gives its parser all that one read brings, which can be 3,600
 * requests, and makes objects of several kilobytes of each, in one go. Here the parser stops behind a request that has to
 * wait, and Node tells so as a `clientError` that has the bytes.
 */
export class Unparsed {
  readonly #socket: Socket;
  #bytes: Buffer | undefined;

  /** From the next request on the parser stops behind the first for which `mustStop` says so. */
  constructor(socket: Socket, mustStop: () => boolean) {
    this.#socket = socket;
    const parser = toParser(socket);
    const take = parser?.onIncoming;
    if (!parser || !take) return;
    parser.onIncoming = (request, keepAlive) => {
      const end = take(request, keepAlive);
      return end === 0 && mustStop() ? stop : end;
    };
  }

  get length(): number {
    return this.#bytes?.length ?? 0;
  }

  /** The parser has stopped before these. */
  keep(bytes: Buffer): void {
    // A small rest shall not keep the whole read.
    this.#bytes = bytes.buffer.byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes;
    const parser = toParser(this.#socket);
    parser?.resume();
    // A request without a body has come whole, which the parser notices only when it goes on; else its time would go on too.
    parser?.execute(bytes.subarray(0, 0));
  }

  /** Has the parser go on. False is not now: Node waits for the client to take answers, and the socket will resume. */
  parse(): boolean {
    const { _paused: isPaused } = this.#socket as Socket & { readonly _paused?: boolean };
    if (isPaused === true) return false;
    const bytes = this.#bytes;
    this.#bytes = undefined;
    if (bytes !== undefined) this.#socket.emit("data", bytes);
    return true;
  }

  drop(): void {
    this.#bytes = undefined;
  }
}

/** A connection has it until it is gone, or speaks something else; then it is another connection's. */
function toParser(socket: Socket): Parser | null | undefined {
  const { parser } = socket as Socket & { readonly parser?: Parser | null };
  return parser;
}

/**
 * Leaves with the kernel what the client sends. A stream that is resumed and paused in one turn is paused, but the handle
 * below it reads.
 */
export function stopReading(socket: Socket): void {
  socket.pause();
  const { _handle: handle } = socket as Socket & { readonly _handle?: { reading: boolean; readStop(): void } | null };
  if (handle?.reading !== true) return;
  handle.reading = false;
  handle.readStop();
}

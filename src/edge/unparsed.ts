import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Node's parser of a connection. */
export interface Parser {
  onIncoming: ((request: IncomingMessage, keepAlive: boolean) => number) | null;
  resume(): void;
  /** How many it has taken, or its fault. All parsers have it, so that one of its own can go again. */
  execute?(bytes: Buffer): unknown;
  /** A copy of what it is given, inside of what it calls. */
  getCurrentBuffer(): Buffer;
  /** What it calls, by number. */
  [call: number]: ((taken: unknown) => void) | null;
  /** `kOnExecute` is with how much it has taken of a read. */
  readonly constructor: { readonly kOnExecute?: number };
}

type Give = (bytes: Buffer) => void;

/** What a callback of the parser gives back for it to stop there (llhttp's `HPE_PAUSED`). */
export const parserStop = 21;

/**
 * What has come of a connection and is not parsed yet. Node gives its parser all that one read brings, in one go: that can
 * be 3,600 requests, with objects of several kilobytes for each, or 10,900 chunks of a body. Here the parser stops behind a
 * request when it is told to, and Node tells so as a `clientError` that has the bytes.
 */
export class Unparsed {
  readonly #socket: Socket;
  readonly #onMore: () => void;
  #bytes: Buffer | undefined;
  /** Undefined as long as the parser reads from the connection itself. */
  #give: Give | undefined;

  /** `onMore` is told of what comes after `takeOver`. */
  constructor(socket: Socket, onMore: () => void) {
    this.#socket = socket;
    this.#onMore = onMore;
  }

  get length(): number {
    return this.#bytes?.length ?? 0;
  }

  /** All that comes is kept, until `parse`. */
  get isSliced(): boolean {
    return this.#give !== undefined;
  }

  /** The parser has stopped before these. */
  keep(bytes: Buffer): void {
    // A small rest shall not keep the whole read.
    this.#bytes = bytes.buffer.byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes;
    const parser = toParser(this.#socket);
    parser?.resume();
    // A request without a body has come whole, which the parser notices only when it goes on; else its time would go on too.
    parser?.execute?.(bytes.subarray(0, 0));
  }

  /** From now on the parser gets no more than `parse` gives it. */
  takeOver(): void {
    if (this.#give !== undefined || !toParser(this.#socket)) return;
    const [give] = this.#socket.listeners("data");
    if (give === undefined) return;
    this.#give = (bytes) => void Reflect.apply(give, this.#socket, [bytes]);
    // With a second listener Node leaves the bytes to the stream.
    this.#socket.on("data", this.#onData);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one of this event's
    this.#socket.off("data", give as Give);
  }

  /** Has the parser go on with so many bytes. False is not now: Node waits for the client to take answers, and will resume. */
  parse(bytesMax = Infinity): boolean {
    const { _paused: isPaused } = this.#socket as Socket & { readonly _paused?: boolean };
    if (isPaused === true) return false;
    const bytes = this.#bytes;
    if (bytes === undefined) return true;
    const given = bytes.subarray(0, bytesMax);
    this.#bytes = undefined;
    const taken = this.#feed(given);
    if (taken < given.length) this.keep(given.subarray(taken));
    // The parser may have stopped before it came to the end of them.
    const rest = bytes.subarray(given.length - this.length);
    if (rest.length > this.length) this.#bytes = rest;
    if (!toParser(this.#socket)) this.#giveBack();
    return true;
  }

  readOn(): void {
    this.#socket.resume();
    const handle = toHandle(this.#socket);
    // The stream knows nothing of how its handle was stopped before it took over.
    if (!this.isSliced || handle?.reading !== false) return;
    handle.reading = true;
    handle.readStart();
  }

  drop(): void {
    this.#bytes = undefined;
  }

  /** How many the parser has taken; all, if it has said of the others itself what is with them. */
  #feed(bytes: Buffer): number {
    const parser = toParser(this.#socket);
    let taken: unknown;
    if (parser) {
      const execute = parser.execute?.bind(parser);
      parser.execute = (given) => {
        const ended = execute?.(given);
        // Told that it has stopped, `keep` has it go on.
        if (given === bytes) taken = ended;
        return ended;
      };
    }
    if (this.#give === undefined) this.#socket.emit("data", bytes);
    else this.#give(bytes);
    // That of all parsers comes forth again. `Reflect.deleteProperty` would make of each parser a table of its fields.
    if (parser) delete parser.execute;
    return typeof taken === "number" && toParser(this.#socket) ? taken : bytes.length;
  }

  /** It speaks something else by now, and whoever listens has to have all. */
  #giveBack(): void {
    if (this.#bytes !== undefined && !this.#socket.destroyed) this.#socket.unshift(this.#bytes);
    this.drop();
  }

  readonly #onData = (piece: Buffer): void => {
    if (!toParser(this.#socket)) return void this.#socket.off("data", this.#onData);
    this.#bytes = this.#bytes === undefined ? piece : Buffer.concat([this.#bytes, piece]);
    this.#onMore();
  };
}

/** A connection has it until it is gone, or speaks something else; then it is another connection's. */
function toParser(socket: Socket): Parser | null | undefined {
  const { parser } = socket as Socket & { readonly parser?: Parser | null };
  return parser;
}

/**
 * Behind a request with `Upgrade` llhttp reads nothing, as something else than HTTP might follow. Where that request is
 * answered like any other, Node forgets what came behind it in the same read. `onRest` gets it.
 */
export function readBehind(request: IncomingMessage, parser: Parser, onRest: (bytes: Buffer) => void): void {
  const { kOnExecute } = parser.constructor;
  const call = kOnExecute === undefined ? undefined : parser[kOnExecute];
  if (kOnExecute === undefined || !call) return;
  parser[kOnExecute] = (taken) => {
    if (request.complete) parser[kOnExecute] = call;
    call(taken);
    if (typeof taken !== "number" || toParser(request.socket) !== parser) return;
    const bytes = parser.getCurrentBuffer().subarray(taken);
    if (bytes.length > 0) onRest(bytes);
  };
}

interface Handle {
  reading: boolean;
  readStart(): void;
  readStop(): void;
}

function toHandle(socket: Socket): Handle | null | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null };
  return handle;
}

/**
 * Leaves with the kernel what the client sends. To be called as often as something reads on: a stream that is resumed and
 * paused in one turn reads all the same.
 */
export function stopReading(socket: Socket): void {
  socket.pause();
  const handle = toHandle(socket);
  if (handle?.reading !== true) return;
  handle.reading = false;
  handle.readStop();
}

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { loopTime } from "../base/loop-time.ts";
import { fewMax, type Kind, Pace } from "./pace.ts";
import { type Parser, parserStop, readBehind, stopReading, Unparsed } from "./unparsed.ts";

/** Requests ahead of their answers that are worked on at once, of all connections together; about 16 MB. Each may have one. */
const aheadMax = 2048;

/** So much of a body in chunks is parsed in one go; it may be 680 chunks. */
const sliceBytes = 4096;

/** What the parser takes for chunks; of any other coding it says at once that it is none. */
const chunkedPattern = /(?:^|[ \t,])chunked[ \t]*$/i;

export interface PipelineLimits {
  /** Requests of one connection that are worked on at once. */
  readonly runningMax: number;
  /** Bytes that wait to be parsed, of all connections together. */
  readonly bytesMax: number;
  /** Told when a connection is closed because too much waits. */
  readonly onCut?: () => void;
  /** Told of a request that has its answer before all of it has come. */
  readonly onLeftover?: (request: IncomingMessage) => void;
  /** Told of each answer under way when its client says that it will send no more. */
  readonly onHalfClose?: (response: ServerResponse) => void;
}

/** What Node says of a connection that its parser stopped at, of its own or because it was told to. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

export interface Pipelines {
  readonly listener: RequestListener;
  /** The connections that have requests under way. */
  readonly busy: ReadonlySet<Pipeline>;
  /** Bytes that wait to be parsed. */
  readonly held: number;
  /** To be told of each connection that comes. */
  readonly greet: (socket: Socket) => void;
  /** To be asked first about what Node finds wrong with a connection. True is that nothing is: requests of it wait. */
  readonly explain: (error: ParserError, socket: Socket) => boolean;
}

/**
 * Bounds what one connection can ask for before it has taken its answers. Node makes a request of everything that it has
 * read, so a client that sends without reading could begin any number. Beyond `runningMax` a request waits; while one
 * waits nothing that came behind it is parsed, and nothing more is read. A client that reads its answers gets all of them.
 * Where too much waits, the connection is closed whose bytes are too many. What many connections send at once is spread
 * over turns of the event loop, those first that send one request after the other, so that whoever comes in between is
 * answered.
 */
export function boundPipelines(listener: RequestListener, limits: PipelineLimits): Pipelines {
  const pipelines = new WeakMap<Socket, Pipeline>();
  const all: Shared = { listener, limits, busy: new Set(), pace: new Pace(), held: 0, ahead: 0 };
  const open = (socket: Socket): Pipeline => {
    const pipeline = new Pipeline(socket, all);
    pipelines.set(socket, pipeline);
    return pipeline;
  };
  return {
    busy: all.busy,
    get held() {
      return all.held;
    },
    listener(request, response) {
      const { socket } = request;
      (pipelines.get(socket) ?? open(socket)).take({ request, response });
    },
    greet(socket) {
      all.pace.isAwaited = true;
      loopTime.greet();
      open(socket);
    },
    explain: (error, socket) => pipelines.get(socket)?.explain(error) === true,
  };
}

/** By all connections. */
interface Shared {
  readonly listener: RequestListener;
  readonly limits: PipelineLimits;
  readonly busy: Set<Pipeline>;
  readonly pace: Pace<Pipeline>;
  held: number;
  /** Requests under way of connections that have others under way. */
  ahead: number;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The requests of one connection. */
class Pipeline {
  readonly socket: Socket;
  readonly #all: Shared;
  readonly #running = new Set<ServerResponse>();
  /** Those that wait; the parser stops when it can, which is with the second or third. */
  readonly #queue: Exchange[] = [];
  /** Undefined until there is any. */
  #unparsed: Unparsed | undefined;
  #hasWaited = false;
  /** Of what is not parsed, what counts among what is held of all. */
  #held = 0;
  /** It has sent a body in chunks. */
  #isChunked = false;
  #last: IncomingMessage | undefined;
  /** It has sent a request while another was not answered. */
  isAhead = false;
  /** The time in which its last request should have come was over while that had to wait. */
  #isLate = false;

  constructor(socket: Socket, all: Shared) {
    this.socket = socket;
    this.#all = all;
    this.#watchParser();
    socket.once("end", this.#onHalfClose);
    const destroySoon = socket.destroySoon.bind(socket);
    // What Node does with a connection that ends with an answer. To close it while the client still sends would be a
    // reset, which can overtake the answer; `onLeftover` has the rest of it.
    socket.destroySoon = () => {
      if (this.#last?.complete === false && !socket.readableEnded) socket.end();
      else destroySoon();
    };
  }

  /** Those under way, in order. */
  get responses(): ReadonlySet<ServerResponse> {
    return this.#running;
  }

  get kind(): Kind {
    if (this.#queue.length === 0 && this.#unparsed?.isSliced === true) return "sliced";
    return this.isAhead ? "ahead" : "modest";
  }

  get #waits(): boolean {
    return this.#queue.length > 0 || (this.#unparsed?.length ?? 0) > 0;
  }

  get #hasRoom(): boolean {
    const { size } = this.#running;
    return size < this.#all.limits.runningMax && (size === 0 || this.#all.ahead < aheadMax);
  }

  get #mayBegin(): boolean {
    const { pace } = this.#all;
    return this.#hasRoom && (this.isAhead ? !pace.isFull(this) : pace.begun < pace.allowed);
  }

  take(exchange: Exchange): void {
    // The rest of the read in which the connection was closed.
    if (this.socket.destroyed) return;
    if (this.#running.size > 0 || this.#queue.length > 0) this.isAhead = true;
    const coding = exchange.request.headers["transfer-encoding"];
    if (coding !== undefined && chunkedPattern.test(coding)) this.#isChunked = true;
    if (this.#queue.length === 0 && this.#mayBegin) this.#begin(exchange);
    else this.#hold(exchange);
  }

  explain({ code, rawPacket, bytesParsed }: ParserError): boolean {
    if (code === "HPE_PAUSED" && rawPacket !== undefined) this.#keep(rawPacket.subarray(bytesParsed));
    else if (code === "ERR_HTTP_REQUEST_TIMEOUT" && this.#queue.length > 0) this.#isLate = true;
    else return false;
    return true;
  }

  /** Begins what waits, as far as it may. */
  goOn(): void {
    if (this.socket.destroyed || !this.#waits) return;
    while (this.#queue.length > 0 && this.#mayBegin) {
      const next = this.#queue.shift();
      if (next !== undefined) this.#begin(next);
    }
    if (this.#queue.length > 0) {
      if (this.#hasRoom) this.#all.pace.noteDue(this);
    } else if (this.#unparsed !== undefined && this.#unparsed.length > 0) this.#parse(this.#unparsed);
    else this.#readOn();
  }

  #parse(unparsed: Unparsed): void {
    const isNow = unparsed.parse(unparsed.isSliced ? sliceBytes : Infinity);
    // Behind an offer of something else the parser stops without a word.
    if (this.#isChunked) unparsed.takeOver();
    this.#count();
    if (!isNow) return;
    if (!this.#waits) this.#readOn();
    else if (this.#queue.length === 0) this.#all.pace.noteDue(this);
  }

  #readOn(): void {
    if (this.#isLate && this.#last?.complete === false) this.#cut();
    else if (this.#unparsed === undefined) this.socket.resume();
    else this.#unparsed.readOn();
    this.#isLate = false;
  }

  readonly #keep = (bytes: Buffer): void => {
    if (this.socket.destroyed) return;
    const unparsed = this.#toUnparsed();
    unparsed.keep(bytes);
    if (this.#isChunked) unparsed.takeOver();
    if (this.#waits) this.#onMore();
    else this.#readOn();
  };

  #toUnparsed(): Unparsed {
    if (this.#unparsed !== undefined) return this.#unparsed;
    this.socket.once("close", () => {
      this.#unparsed?.drop();
      this.#count();
    });
    return (this.#unparsed = new Unparsed(this.socket, this.#onMore));
  }

  #stopReading(): void {
    // A stream that has taken over keeps what it reads.
    if (this.#unparsed?.isSliced === true) this.socket.pause();
    else stopReading(this.socket);
    if (this.#hasWaited) return;
    this.#hasWaited = true;
    this.socket.on("resume", this.#onResume);
  }

  /** More is here than may be parsed in this turn. */
  readonly #onMore = (): void => {
    this.#count();
    this.#stopReading();
    if (this.#all.held > this.#all.limits.bytesMax) return this.#cut();
    if (this.#queue.length === 0) this.#all.pace.noteDue(this);
  };

  #watchParser(): void {
    const { parser } = this.socket as Socket & { readonly parser?: Parser | null };
    const take = parser?.onIncoming;
    if (!parser || !take) return;
    parser.onIncoming = (request, keepAlive) => {
      const { upgrade: stopsBehind } = request as IncomingMessage & { readonly upgrade?: boolean | null };
      const end = take(request, keepAlive);
      if (end !== 0) return end;
      if (stopsBehind === true) readBehind(request, parser, this.#keep);
      const mustStop = this.#isChunked && this.#unparsed?.isSliced !== true;
      const mustStopBehind = this.#queue.length > 0 && stopsBehind !== true;
      return mustStop || mustStopBehind || this.socket.destroyed ? parserStop : end;
    };
  }

  #count(): void {
    const length = this.#unparsed?.length ?? 0;
    this.#all.held += length - this.#held;
    this.#held = length;
  }

  #cut(): void {
    this.#all.limits.onCut?.();
    this.socket.destroy();
  }

  #begin({ request, response }: Exchange): void {
    this.#last = request;
    const { pace } = this.#all;
    pace.begun++;
    if (pace.begun >= fewMax || this.isAhead) pace.noteBegun(this);
    const isAhead = this.#running.size > 0;
    if (isAhead) this.#all.ahead++;
    else this.#all.busy.add(this);
    this.#running.add(response);
    // Node closes every response of a connection that ends.
    response.on("close", () => {
      if (isAhead) this.#all.ahead--;
      this.#end(request, response);
    });
    this.#all.listener(request, response);
  }

  #end(request: IncomingMessage, response: ServerResponse): void {
    this.#running.delete(response);
    if (this.#running.size === 0) this.#all.busy.delete(this);
    if (!request.complete && !this.socket.destroyed) this.#all.limits.onLeftover?.(request);
    if (this.#waits) this.#all.pace.noteDue(this);
    else if (this.#running.size === 0) this.isAhead = false;
  }

  #hold(exchange: Exchange): void {
    this.#queue.push(exchange);
    if (this.#queue.length > 1) return;
    // A turn that is full is over soon; else one of those under way will end.
    if (this.#hasRoom) this.#all.pace.noteDue(this);
    this.#stopReading();
  }

  // Whoever reads a request's body resumes the socket, and so does Node when answers have been taken.
  readonly #onResume = (): void => {
    if (!this.#waits) return;
    this.#stopReading();
    if (this.#queue.length === 0) this.#all.pace.noteDue(this);
  };

  // Nothing waits then: while something does, nothing is read, and so no end either.
  readonly #onHalfClose = (): void => {
    for (const response of this.#running) this.#all.limits.onHalfClose?.(response);
  };
}

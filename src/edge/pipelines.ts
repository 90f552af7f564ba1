import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { loopTime } from "../base/loop-time.ts";
import { type Due, fewMax, type Kind, Pace } from "./pace.ts";
import { type Held, Reading, type ReadingLimits, type Requests } from "./reading.ts";
import { type Parser, parserStop, readBehind } from "./unparsed.ts";

/** Requests beyond the one that each connection may have, of all connections together; about 16 MB. */
const extraMax = 2048;

/** What the parser takes for chunks; of any other coding it says at once that it is none. */
const chunkedPattern = /(?:^|[ \t,])chunked[ \t]*$/i;

export interface PipelineLimits extends ReadingLimits {
  /** Requests of one connection that are worked on at once. */
  readonly runningMax: number;
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
  const all: Shared = { listener, limits, busy: new Set(), pace: new Pace(), held: 0, extra: 0 };
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
interface Shared extends Held {
  readonly listener: RequestListener;
  readonly limits: PipelineLimits;
  readonly busy: Set<Pipeline>;
  readonly pace: Pace<Pipeline>;
  /** Requests under way of connections that had others under way. */
  extra: number;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The requests of one connection. */
class Pipeline implements Due, Requests {
  readonly socket: Socket;
  readonly #all: Shared;
  readonly #running = new Set<ServerResponse>();
  /** Those that wait; the parser stops when it can, which is with the second or third. */
  readonly #queue: Exchange[] = [];
  /** Undefined until something has to wait. */
  #reading: Reading | undefined;
  isChunked = false;
  #last: IncomingMessage | undefined;
  /** It has sent a request while another was not answered. */
  sendsAhead = false;
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
    if (!this.isWaiting && this.#reading?.isSliced === true) return "sliced";
    return this.sendsAhead ? "ahead" : "modest";
  }

  get isWaiting(): boolean {
    return this.#queue.length > 0;
  }

  get #hasRoom(): boolean {
    const { size } = this.#running;
    return size < this.#all.limits.runningMax && (size === 0 || this.#all.extra < extraMax);
  }

  get #mayBegin(): boolean {
    const { pace } = this.#all;
    return this.#hasRoom && ((!this.sendsAhead && pace.begun < pace.allowed) || !pace.isFull(this));
  }

  take(exchange: Exchange): void {
    // The rest of the read in which the connection was closed.
    if (this.socket.destroyed) return;
    if (this.#running.size > 0 || this.#queue.length > 0) this.sendsAhead = true;
    const coding = exchange.request.headers["transfer-encoding"];
    if (coding !== undefined && chunkedPattern.test(coding)) this.isChunked = true;
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
    if (this.socket.destroyed || this.#reading?.isWaiting !== true) return;
    while (this.#queue.length > 0 && this.#mayBegin) {
      const next = this.#queue.shift();
      if (next !== undefined) this.#begin(next);
    }
    if (this.#queue.length === 0) this.#reading.goOn();
    else if (this.#hasRoom) this.#all.pace.noteDue(this);
  }

  onParsable(): void {
    this.#all.pace.noteDue(this);
  }

  isOverdue(): boolean {
    const isOverdue = this.#isLate && this.#last?.complete === false;
    this.#isLate = false;
    return isOverdue;
  }

  #watchParser(): void {
    const { parser } = this.socket as Socket & { readonly parser?: Parser | null };
    const take = parser?.onIncoming;
    if (!parser || !take) return;
    parser.onIncoming = (request, keepAlive) => {
      const { upgrade: stopsBehind } = request as IncomingMessage & { readonly upgrade?: boolean | null };
      const end = take(request, keepAlive);
      if (end !== 0) return end;
      if (stopsBehind === true) readBehind(request, parser, this.#keep);
      const mustStop = this.isChunked && this.#reading?.isSliced !== true;
      const mustStopBehind = this.#queue.length > 0 && stopsBehind !== true;
      return mustStop || mustStopBehind || this.socket.destroyed ? parserStop : end;
    };
  }

  #begin({ request, response }: Exchange): void {
    this.#last = request;
    const { pace } = this.#all;
    pace.begun++;
    if (pace.begun >= fewMax || this.sendsAhead) pace.noteBegun(this);
    const isExtra = this.#running.size > 0;
    if (isExtra) this.#all.extra++;
    else this.#all.busy.add(this);
    this.#running.add(response);
    // Node closes every response of a connection that ends.
    response.on("close", () => {
      if (isExtra) this.#all.extra--;
      this.#end(request, response);
    });
    this.#all.listener(request, response);
  }

  #end(request: IncomingMessage, response: ServerResponse): void {
    this.#running.delete(response);
    if (this.#running.size === 0) this.#all.busy.delete(this);
    if (!request.complete && !this.socket.destroyed) this.#all.limits.onLeftover?.(request);
    if (this.#reading?.isWaiting === true) this.#all.pace.noteDue(this);
    else if (this.#running.size === 0) this.sendsAhead = false;
  }

  #hold(exchange: Exchange): void {
    this.#queue.push(exchange);
    if (this.#queue.length > 1) return;
    // A turn that is full is over soon; else one of those under way will end.
    if (this.#hasRoom) this.#all.pace.noteDue(this);
    this.#toReading().stop();
  }

  readonly #keep = (bytes: Buffer): void => {
    if (!this.socket.destroyed) this.#toReading().keep(bytes);
  };

  #toReading(): Reading {
    return (this.#reading ??= new Reading(this.socket, this, this.#all));
  }

  // Nothing waits then: while something does, nothing is read, and so no end either.
  readonly #onHalfClose = (): void => {
    for (const response of this.#running) this.#all.limits.onHalfClose?.(response);
  };
}

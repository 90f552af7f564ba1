import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Rest } from "./rest.ts";

export interface PipelineLimits {
  /** Requests of one connection that are worked on at once. */
  readonly runningMax: number;
  /** Requests that wait for their turn, on all connections together. */
  readonly waitingMax: number;
  /** All connections that are open. */
  readonly connections?: () => Iterable<Socket>;
  /** Told when a connection is closed because too many wait. */
  readonly onCut?: () => void;
  /** Told of a request that has its answer before all of it has come. */
  readonly onLeftover?: (request: IncomingMessage) => void;
  /** Told of each answer under way when its client says that it will send no more. */
  readonly onHalfClose?: (response: ServerResponse) => void;
}

/**
 * About 12 MB. One read of a socket holds at most 3,640 requests, so that a single client that pipelines as much as it
 * likes is served, however small its requests are.
 */
export const waitingMax = 4096;

/**
 * Requests that are begun in one turn of the event loop, on all connections together: as many as take about `turnMs`,
 * while there are more than one turn holds.
 */
const turnMax = 64;
const turnMs = 20;
/** Requests that may have to wait in one turn before the other connections are not read for a while. */
const excessMax = 256;
/** So many requests of any number of turns are no reason to look whether the turn is over. */
const fewMax = 16;

export interface Pipelines {
  readonly listener: RequestListener;
  /** The connections that have requests under way. */
  readonly busy: ReadonlySet<Pipeline>;
}

/**
 * Bounds what one connection can ask for before it has taken its answers. Node makes a request of everything that it has
 * read, so a client that sends without reading could begin any number. Beyond `runningMax` a request waits, and while one
 * waits nothing more is read; a client that reads its answers gets all of them. Where too many wait, the connection is
 * closed whose request is one too many. What many connections send at once is spread over turns of the event loop, so
 * that whoever comes in between is answered.
 */
export function boundPipelines(listener: RequestListener, limits: PipelineLimits): Pipelines {
  const pipelines = new WeakMap<Socket, Pipeline>();
  const all = new Shared(listener, limits, (socket) => pipelines.get(socket)?.hasWaited === false);
  return {
    busy: all.busy,
    listener(request, response) {
      const { socket } = request;
      let pipeline = pipelines.get(socket);
      if (pipeline === undefined) {
        pipeline = new Pipeline(socket, all);
        pipelines.set(socket, pipeline);
      }
      pipeline.take({ request, response });
    },
  };
}

/** Shared by all connections. */
class Shared {
  readonly listener: RequestListener;
  readonly limits: PipelineLimits;
  readonly busy = new Set<Pipeline>();
  /** Requests that wait. */
  waiting = 0;
  /** Requests that were begun in this turn. */
  begun = 0;
  readonly #isKnown: (socket: Socket) => boolean;
  readonly #rest = new Rest();
  /** Those that may begin what waits, in order. */
  readonly #due = new Set<Pipeline>();
  #excess = 0;
  #isScheduled = false;
  #allowed = turnMax;
  /** When the last turn was over, if it had to leave something to this one. */
  #turned: number | undefined;

  constructor(listener: RequestListener, limits: PipelineLimits, isKnown: (socket: Socket) => boolean) {
    this.listener = listener;
    this.limits = limits;
    this.#isKnown = isKnown;
  }

  get isTurnFull(): boolean {
    return this.begun >= this.#allowed;
  }

  noteBegun(): void {
    if (++this.begun === fewMax) this.#schedule();
  }

  /** A request that cannot be begun at once. */
  noteExcess(): void {
    if (++this.#excess === excessMax) this.#rest.begin(this.limits.connections?.() ?? [], this.#isKnown);
    this.#schedule();
  }

  /** Not at once: a queue of refusals, which take no time, would keep the process from everybody else. */
  noteDue(pipeline: Pipeline): void {
    this.#due.add(pipeline);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    const wasBusy = this.#excess >= excessMax;
    this.#adapt(performance.now());
    this.begun = 0;
    this.#excess = 0;
    for (const pipeline of this.#due) {
      if (this.isTurnFull) break;
      this.#due.delete(pipeline);
      pipeline.beginWaiting();
    }
    if (this.#rest.size > 0) this.#rest.wake(wasBusy);
    if (this.#due.size === 0 && this.#rest.size === 0) return;
    this.#turned = performance.now();
    this.#schedule();
  };

  /** What was begun in a turn is worked on between the turns. */
  #adapt(now: number): void {
    const tookMs = this.#turned === undefined ? 0 : now - this.#turned;
    this.#turned = undefined;
    if (tookMs > turnMs) this.#allowed = Math.max(1, this.#allowed >> 1);
    else this.#allowed = Math.min(turnMax, this.#allowed + 4);
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The requests of one connection. Some wait only while `runningMax` run, and then nothing is read. */
class Pipeline {
  readonly socket: Socket;
  readonly #all: Shared;
  readonly #running = new Set<ServerResponse>();
  readonly #queue: Exchange[] = [];
  #last: IncomingMessage | undefined;
  #isHeld = false;

  constructor(socket: Socket, all: Shared) {
    this.socket = socket;
    this.#all = all;
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

  /** It has sent more than it may at once. */
  get hasWaited(): boolean {
    return this.#isHeld;
  }

  take(exchange: Exchange): void {
    const { limits, waiting, isTurnFull } = this.#all;
    // The rest of the read in which the connection was closed.
    if (this.socket.destroyed) return this.#all.noteExcess();
    const isFirst = this.#queue.length === 0;
    if (isFirst && this.#running.size < limits.runningMax && !isTurnFull) this.#begin(exchange);
    else if (isFirst || waiting < limits.waitingMax) this.#hold(exchange);
    else {
      limits.onCut?.();
      this.#cut();
    }
  }

  /**
   * Node makes an error for each request that it has read of a connection that ends. There may be a thousand, and what
   * is dear in an error is where it comes from, which nobody asks here.
   */
  #cut(): void {
    const { stackTraceLimit } = Error;
    this.socket.prependOnceListener("close", () => (Error.stackTraceLimit = 0));
    this.socket.once("close", () => (Error.stackTraceLimit = stackTraceLimit));
    this.socket.destroy();
  }

  #begin({ request, response }: Exchange): void {
    this.#last = request;
    this.#all.noteBegun();
    if (this.#running.size === 0) this.#all.busy.add(this);
    this.#running.add(response);
    // Node closes every response of a connection that ends.
    response.on("close", () => this.#end(request, response));
    this.#all.listener(request, response);
  }

  #end(request: IncomingMessage, response: ServerResponse): void {
    this.#running.delete(response);
    if (this.#running.size === 0) this.#all.busy.delete(this);
    if (!request.complete && !this.socket.destroyed) this.#all.limits.onLeftover?.(request);
    if (this.#queue.length > 0) this.#all.noteDue(this);
  }

  beginWaiting(): void {
    const { limits } = this.#all;
    const free = this.socket.destroyed ? this.#queue.length : limits.runningMax - this.#running.size;
    const next = this.#queue.splice(0, Math.max(0, free));
    this.#all.waiting -= next.length;
    if (this.socket.destroyed) return;
    for (const exchange of next) this.#begin(exchange);
    if (this.#queue.length === 0) this.socket.resume();
  }

  #hold(exchange: Exchange): void {
    this.#all.waiting++;
    this.#all.noteExcess();
    this.#queue.push(exchange);
    if (this.#queue.length > 1) return;
    // A turn that is full is over soon; else one of those under way will end.
    if (this.#running.size < this.#all.limits.runningMax) this.#all.noteDue(this);
    this.socket.pause();
    if (this.#isHeld) return;
    this.#isHeld = true;
    // Whoever reads a request's body resumes the socket, and so does Node when answers have been taken.
    this.socket.on("resume", () => {
      if (this.#queue.length > 0) this.socket.pause();
    });
  }

  // Nothing waits then: while something does, nothing is read, and so no end either.
  readonly #onHalfClose = (): void => {
    for (const response of this.#running) this.#all.limits.onHalfClose?.(response);
  };
}

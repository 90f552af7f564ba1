import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface PipelineLimits {
  /** Requests of one connection that are worked on at once. */
  readonly runningMax: number;
  /** Requests that wait for their turn, on all connections together. */
  readonly waitingMax: number;
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

export interface Pipelines {
  readonly listener: RequestListener;
  /** The connections that have requests under way. */
  readonly busy: ReadonlySet<Pipeline>;
}

/**
 * Bounds what one connection can ask for before it has taken its answers. Node makes a request of everything that it has
 * read, so a client that sends without reading could begin any number. Beyond `runningMax` a request waits, and while one
 * waits nothing more is read; a client that reads its answers gets all of them. Where too many wait, the connection is
 * closed whose request is one too many.
 */
export function boundPipelines(listener: RequestListener, limits: PipelineLimits): Pipelines {
  const all: Shared = { listener, limits, waiting: 0, busy: new Set() };
  const pipelines = new WeakMap<Socket, Pipeline>();
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
interface Shared {
  readonly listener: RequestListener;
  readonly limits: PipelineLimits;
  readonly busy: Set<Pipeline>;
  waiting: number;
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
  #isDue = false;
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

  take(exchange: Exchange): void {
    const { limits, waiting } = this.#all;
    // The rest of the read in which the connection was closed.
    if (this.socket.destroyed) return;
    if (this.#running.size < limits.runningMax && this.#queue.length === 0) this.#begin(exchange);
    else if (waiting < limits.waitingMax) this.#hold(exchange);
    else {
      limits.onCut?.();
      this.socket.destroy();
    }
  }

  #begin({ request, response }: Exchange): void {
    this.#last = request;
    if (this.#running.size === 0) this.#all.busy.add(this);
    this.#running.add(response);
    // Node closes every response of a connection that ends.
    response.once("close", () => this.#end(request, response));
    this.#all.listener(request, response);
  }

  #end(request: IncomingMessage, response: ServerResponse): void {
    this.#running.delete(response);
    if (this.#running.size === 0) this.#all.busy.delete(this);
    if (!request.complete && !this.socket.destroyed) this.#all.limits.onLeftover?.(request);
    if (this.#queue.length === 0 || this.#isDue) return;
    this.#isDue = true;
    // Not at once: a queue of refusals, which take no time, would keep the process from everybody else.
    setImmediate(this.#beginWaiting);
  }

  readonly #beginWaiting = (): void => {
    this.#isDue = false;
    const { limits } = this.#all;
    const free = this.socket.destroyed ? this.#queue.length : limits.runningMax - this.#running.size;
    const next = this.#queue.splice(0, free);
    this.#all.waiting -= next.length;
    if (this.socket.destroyed) return;
    for (const exchange of next) this.#begin(exchange);
    if (this.#queue.length === 0) this.socket.resume();
  };

  #hold(exchange: Exchange): void {
    this.#all.waiting++;
    this.#queue.push(exchange);
    if (this.#queue.length > 1) return;
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

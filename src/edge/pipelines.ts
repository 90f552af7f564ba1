import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface PipelineLimits {
  /** Requests of one connection that are worked on at once. */
  readonly runningMax: number;
  /** Requests that wait for their turn, on all connections together. */
  readonly waitingMax: number;
  /** Told when a connection is closed because too many wait. */
  readonly onCut?: () => void;
}

/**
 * About 12 MB. One read of a socket holds at most 3,640 requests, so that a single client that pipelines as much as it
 * likes is served, however small its requests are.
 */
export const waitingMax = 4096;

/**
 * Bounds what one connection can ask for before it has taken its answers. Node makes a request of everything that it has
 * read, so a client that sends without reading could begin any number. Beyond `runningMax` a request waits, and while one
 * waits nothing more is read; a client that reads its answers gets all of them. Where too many wait, the connection is
 * closed whose request is one too many.
 */
export function boundPipelines(listener: RequestListener, limits: PipelineLimits): RequestListener {
  const waiting: Waiting = { count: 0 };
  const pipelines = new WeakMap<Socket, Pipeline>();
  return (request, response) => {
    const { socket } = request;
    let pipeline = pipelines.get(socket);
    if (pipeline === undefined) {
      pipeline = new Pipeline(socket, listener, limits, waiting);
      pipelines.set(socket, pipeline);
    }
    pipeline.take({ request, response });
  };
}

/** Shared by all connections. */
interface Waiting {
  count: number;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The requests of one connection. Some wait only while `runningMax` run, and then nothing is read. */
class Pipeline {
  readonly #socket: Socket;
  readonly #listener: RequestListener;
  readonly #limits: PipelineLimits;
  readonly #waiting: Waiting;
  #running = 0;
  readonly #queue: Exchange[] = [];
  #isDue = false;
  #isHeld = false;

  constructor(socket: Socket, listener: RequestListener, limits: PipelineLimits, waiting: Waiting) {
    this.#socket = socket;
    this.#listener = listener;
    this.#limits = limits;
    this.#waiting = waiting;
  }

  take(exchange: Exchange): void {
    // The rest of the read in which the connection was closed.
    if (this.#socket.destroyed) return;
    if (this.#running < this.#limits.runningMax && this.#queue.length === 0) this.#begin(exchange);
    else if (this.#waiting.count < this.#limits.waitingMax) this.#hold(exchange);
    else {
      this.#limits.onCut?.();
      this.#socket.destroy();
    }
  }

  #begin({ request, response }: Exchange): void {
    this.#running++;
    // Node closes every response of a connection that ends.
    response.once("close", this.#end);
    this.#listener(request, response);
  }

  readonly #end = (): void => {
    this.#running--;
    if (this.#queue.length === 0 || this.#isDue) return;
    this.#isDue = true;
    // Not at once: a queue of refusals, which take no time, would keep the process from everybody else.
    setImmediate(this.#beginWaiting);
  };

  readonly #beginWaiting = (): void => {
    this.#isDue = false;
    const free = this.#socket.destroyed ? this.#queue.length : this.#limits.runningMax - this.#running;
    const next = this.#queue.splice(0, free);
    this.#waiting.count -= next.length;
    if (this.#socket.destroyed) return;
    for (const exchange of next) this.#begin(exchange);
    if (this.#queue.length === 0) this.#socket.resume();
  };

  #hold(exchange: Exchange): void {
    this.#waiting.count++;
    this.#queue.push(exchange);
    if (this.#queue.length > 1) return;
    this.#socket.pause();
    if (this.#isHeld) return;
    this.#isHeld = true;
    // Whoever reads a request's body resumes the socket, and so does Node when answers have been taken.
    this.#socket.on("resume", () => {
      if (this.#queue.length > 0) this.#socket.pause();
    });
  }
}

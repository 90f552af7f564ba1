import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { countWorkMs } from "../base/loop-watch.ts";
import type { Rank } from "./round.ts";
import { fewMax, longMs, LoopTurns } from "./loop-turns.ts";

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

export interface Pipelines {
  readonly listener: RequestListener;
  /** The connections that have requests under way. */
  readonly busy: ReadonlySet<Pipeline>;
  /** To be told of each new connection. */
  readonly accept: (socket: Socket) => void;
  /** To be told of a connection that speaks something else than HTTP from now on. */
  readonly leave: (socket: Socket) => void;
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
  const all = new Shared(listener, limits, (socket) => pipelines.get(socket));
  return {
    busy: all.busy,
    accept: (socket) => all.accept(socket),
    leave: (socket) => all.turns.inflow.leave(socket),
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
  readonly turns: LoopTurns;
  /** Requests that wait. */
  waiting = 0;
  /** Requests that have come. */
  taken = 0;
  #hasAccepted = false;
  /** What this thread had worked when the first came of the connections that have come turn after turn. */
  #streakFrom: number | undefined;

  constructor(listener: RequestListener, limits: PipelineLimits, find: (socket: Socket) => Pipeline | undefined) {
    this.listener = listener;
    this.limits = limits;
    this.turns = new LoopTurns({
      connections: () => limits.connections?.() ?? [],
      isHeld: (socket) => find(socket)?.isHeld === true,
      rank: (socket) => find(socket)?.rank,
      countRequests: () => this.taken,
      onStuck: (socket) => this.cut(socket),
    });
  }

  /** One connection comes in each turn: while they come turn after turn there may be others behind, who wait for all there is to do. */
  accept(socket: Socket): void {
    if (this.turns.isFlooded) return this.turns.accept(socket);
    this.#hasAccepted = true;
    if (this.#streakFrom === undefined) {
      this.#streakFrom = countWorkMs();
      setImmediate(this.#endStreak);
    } else if (countWorkMs() - this.#streakFrom > longMs) this.turns.noteFlood();
  }

  readonly #endStreak = (): void => {
    if (this.#hasAccepted) setImmediate(this.#endStreak);
    else this.#streakFrom = undefined;
    this.#hasAccepted = false;
  };

  /**
   * Node makes an error for each request that it has read of a connection that ends. There may be a thousand, and what
   * is dear in an error is where it comes from, which nobody asks here.
   */
  cut(socket: Socket): void {
    this.limits.onCut?.();
    const { stackTraceLimit } = Error;
    socket.prependOnceListener("close", () => (Error.stackTraceLimit = 0));
    socket.once("close", () => (Error.stackTraceLimit = stackTraceLimit));
    socket.destroy();
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The requests of one connection. Some wait only while `runningMax` run, and then nothing more is looked at. */
class Pipeline {
  readonly socket: Socket;
  readonly #all: Shared;
  readonly #running = new Set<ServerResponse>();
  readonly #queue: Exchange[] = [];
  #last: IncomingMessage | undefined;
  /** It has sent more than it may at once. */
  #hasOverrun = false;

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

  get rank(): Rank {
    if (this.#hasOverrun) return "greedy";
    const rank = this.#all.turns.inflow.rank(this.socket) ?? "usual";
    return rank === "new" && this.#last !== undefined ? "usual" : rank;
  }

  /** Requests of it wait. */
  get isHeld(): boolean {
    return this.#queue.length > 0;
  }

  get #mayBegin(): boolean {
    return this.#running.size < this.#all.limits.runningMax;
  }

  take(exchange: Exchange): void {
    const { limits, waiting, turns } = this.#all;
    this.#all.taken++;
    // The rest of the read in which the connection was closed.
    if (this.socket.destroyed) return turns.noteExcess();
    if (!this.isHeld && this.#mayBegin && turns.begun < turns.allowed) this.#begin(exchange);
    else if (!this.isHeld || waiting < limits.waitingMax) this.#hold(exchange);
    else this.#all.cut(this.socket);
  }

  #begin({ request, response }: Exchange): void {
    const { turns } = this.#all;
    this.#last = request;
    if (++turns.begun === fewMax) turns.schedule();
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
    if (this.isHeld) this.#all.turns.noteDue(this);
  }

  /** Begins one that waits. The next comes after those of the other connections. */
  beginNext(): void {
    if (this.socket.destroyed) {
      this.#all.waiting -= this.#queue.splice(0).length;
      return;
    }
    const next = this.#mayBegin ? this.#queue.shift() : undefined;
    if (next === undefined) return;
    this.#all.waiting--;
    this.#begin(next);
    if (!this.isHeld) this.#all.turns.inflow.release(this.socket);
    else if (this.#mayBegin) this.#all.turns.noteDue(this);
  }

  #hold(exchange: Exchange): void {
    if (this.isHeld) this.#hasOverrun = true;
    this.#all.waiting++;
    this.#queue.push(exchange);
    this.#all.turns.noteExcess();
    if (this.#queue.length > 1) return;
    // A turn that is full is over soon; else one of those under way will end.
    if (this.#mayBegin) this.#all.turns.noteDue(this);
    this.#all.turns.inflow.hold(this.socket);
  }

  // Nothing waits then: while something does, nothing is looked at, and so no end either.
  readonly #onHalfClose = (): void => {
    for (const response of this.#running) this.#all.limits.onHalfClose?.(response);
  };
}

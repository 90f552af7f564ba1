import type { Socket } from "node:net";
import { Portioned } from "./portioned.ts";
import { startReading, stopReading } from "./reading.ts";
import { type Rank, Round } from "./round.ts";

/** Connections whose bytes are here and wait for their turn. Each has up to 128 KiB. */
const tableMax = 64;
/** Connections whose bytes are here and may not be looked at, because their clients do not take their answers. */
const stuckMax = 128;

export interface InflowRules {
  /** All connections that are open. */
  readonly connections: () => Iterable<Socket>;
  /** Whether nothing more of it may be looked at for now. */
  readonly isHeld: (socket: Socket) => boolean;
  /** Its place among the others; undefined where nothing has come of it. */
  readonly rank: (socket: Socket) => Rank | undefined;
  /** How many requests have come, on all connections together. */
  readonly countRequests: () => number;
  /** Told that `look` has something to do. */
  readonly onWork: () => void;
  /** Told of the connection that has been stuck longest, where too many are. */
  readonly onStuck: (socket: Socket) => void;
}

/**
 * Decides when what clients send is looked at. As long as nothing is wrong Node's parser takes it straight from the
 * kernel, 64 KiB at a time. These can hold three thousand requests, and the parser comes to its end whatever happens; a
 * hundred such connections would keep everybody else waiting for a second. So in a flood connections are read in portions:
 * the parser gets a little of one, then of the next, and nobody is further from its turn than one portion of everybody
 * else. No more is held than a fixed number of connections' bytes; the rest stays with the kernel.
 */
export class Inflow {
  readonly #rules: InflowRules;
  readonly #portioned = new WeakMap<Socket, Portioned>();
  readonly #table = new Round<Portioned>();
  /** Those that are not read until there is room on the table. */
  readonly #resting = new Round<Portioned>();
  /** Those that may not go on though more of them is here, the longest first. */
  readonly #stuck = new Set<Portioned>();
  /** Connections that speak something else than HTTP. */
  readonly #others = new WeakSet<Socket>();
  readonly #watched = new WeakSet<Socket>();

  constructor(rules: InflowRules) {
    this.#rules = rules;
  }

  /** Whether `look` has something to do. */
  get isBusy(): boolean {
    return this.#table.size > 0 || this.#resting.size > 0;
  }

  /** From now on all connections that are open are read in portions. */
  portionAll(): void {
    for (const socket of this.#rules.connections()) this.#portion(socket, false);
  }

  /** So is this one, which has just come. */
  portion(socket: Socket): void {
    this.#portion(socket, true);
  }

  /** The connection is held. */
  hold(socket: Socket): void {
    if (this.#portioned.has(socket)) return;
    stopReading(socket);
    if (this.#watched.has(socket)) return;
    this.#watched.add(socket);
    // Node reads on when answers have been taken.
    socket.on("resume", () => {
      if (this.#rules.isHeld(socket) && !this.#portioned.has(socket)) stopReading(socket);
    });
  }

  /** The connection is not held any more. */
  release(socket: Socket): void {
    if (socket.destroyed) return;
    const portioned = this.#portioned.get(socket);
    if (portioned !== undefined) this.#offer(portioned);
    else if (!socket.isPaused()) startReading(socket);
  }

  /** Whether the connection has had little looked at since it came, or much lately. Undefined is neither. */
  rank(socket: Socket): Rank | undefined {
    const portioned = this.#portioned.get(socket);
    return portioned?.isFed === true ? "greedy" : portioned?.isNew === true ? "new" : undefined;
  }

  /** The connection speaks something else from now on. */
  leave(socket: Socket): void {
    this.#others.add(socket);
    const portioned = this.#portioned.get(socket);
    if (portioned === undefined) return;
    this.#forget(portioned);
    portioned.leave();
  }

  /** Has portions looked at until the time is over, at least one. */
  look(until: number): void {
    for (let room = tableMax / 2 - this.#table.size; room > 0 && this.#resting.size > 0; room--) {
      const rested = this.#resting.take();
      if (rested !== undefined) startReading(rested.socket);
    }
    for (let next = this.#table.take(); next !== undefined; next = this.#table.take()) {
      this.#visit(next);
      if (performance.now() >= until) return;
    }
  }

  #portion(socket: Socket, isNew: boolean): void {
    if (socket.destroyed || this.#portioned.has(socket) || this.#others.has(socket)) return;
    const portioned = new Portioned(socket, isNew, (ready) => this.#offer(ready));
    this.#portioned.set(socket, portioned);
    socket.once("close", () => this.#forget(portioned));
  }

  #forget(portioned: Portioned): void {
    this.#portioned.delete(portioned.socket);
    this.#table.delete(portioned);
    this.#resting.delete(portioned);
    this.#stuck.delete(portioned);
  }

  /** More of it is here, or it may go on. */
  #offer(portioned: Portioned): void {
    const { socket } = portioned;
    this.#stuck.delete(portioned);
    if (socket.destroyed || !this.#portioned.has(socket)) return;
    if (socket.readableLength > 0) return this.#place(portioned);
    // Asks for more, or finds the end.
    socket.read(0);
    if (this.#mayGoOn(portioned) && !this.#resting.has(portioned)) startReading(socket);
  }

  #mayGoOn({ socket, isPaused }: Portioned): boolean {
    return !socket.destroyed && !isPaused && this.#portioned.has(socket) && !this.#rules.isHeld(socket);
  }

  #place(portioned: Portioned): void {
    if (this.#mayGoOn(portioned)) {
      this.#table.add(portioned, this.#rank(portioned));
      if (this.#table.size === tableMax) this.#rest();
      this.#rules.onWork();
      return;
    }
    this.#stuck.add(portioned);
    const [longest] = this.#stuck;
    if (this.#stuck.size <= stuckMax || longest === undefined) return;
    this.#stuck.delete(longest);
    this.#rules.onStuck(longest.socket);
  }

  #rank({ socket }: Portioned): Rank {
    return this.#rules.rank(socket) ?? this.rank(socket) ?? "usual";
  }

  /** The table is full: what the others send stays with the kernel. */
  #rest(): void {
    for (const socket of this.#rules.connections()) {
      const portioned = this.#portioned.get(socket);
      if (portioned === undefined || this.#table.has(portioned) || this.#stuck.has(portioned)) continue;
      stopReading(socket);
      this.#resting.add(portioned, this.#rank(portioned));
    }
  }

  #visit(portioned: Portioned): void {
    const { socket } = portioned;
    portioned.look(this.#rules.countRequests, () => this.#mayGoOn(portioned));
    if (!socket.destroyed && this.#portioned.has(socket)) this.#offer(portioned);
  }
}

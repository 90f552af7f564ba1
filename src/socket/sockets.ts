import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { boundFrames, type Budget } from "./frame-budget.ts";
import { findHandshakeFault, isHandshake } from "./handshake.ts";
import { Newcomers } from "./newcomers.ts";
import { SocketConnection, type SocketFace } from "./socket-connection.ts";
import { GatewayError } from "../base/errors.ts";
import { awakeMs } from "../base/loop-watch.ts";
import type { Metrics } from "../base/metrics.ts";
import type { Principal } from "../base/principal.ts";

/** What one configuration makes of a handshake, and of the connection that it becomes. */
export interface HandshakeFace extends SocketFace {
  /** As every request is looked at: framing, host and origin. */
  readonly findRequestFault: (request: IncomingMessage) => GatewayError | undefined;
  readonly signIn: ((request: IncomingMessage) => Principal | undefined) | undefined;
  readonly toAddress: (request: IncomingMessage) => string;
  /** The most bytes that may be held of what clients have not read, of all together. */
  readonly answerBytesHeld: number;
}

export interface SocketsParts {
  /** Of the configuration in force. */
  readonly face: () => HandshakeFace;
  /** One client, whatever its address says. */
  readonly toAddressKey: (address: string) => string;
  readonly budget: Budget;
  readonly metrics: Metrics;
}

/** How often ticks come, as a part of what clients are told: one that is a little late is still in time. */
const tickPart = 2 / 3;
/** Connections take turns, so that not all of them are written to at once. */
const turns = 64;
/** How long a client has to close its side; then it is cut. */
const closeMs = 1000;
const fragmentsMax = 1024;
/** Nobody who reads is behind for so long. */
const behindMsMin = 250;

/** All connections of the gateway protocol, whatever configuration they began with. */
export class Sockets {
  readonly #parts: SocketsParts;
  readonly #connections = new Set<SocketConnection>();
  /** What clients have not read; undefined until it is asked for in this turn of the loop. */
  #held: number | undefined;
  readonly #newcomers: Newcomers;
  readonly #turns = Array.from({ length: turns }, () => new Set<SocketConnection>());
  #server: WebSocketServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tickMs = 0;
  #turn = 0;
  #turnAt = 0;
  #stopping = false;
  #empty: PromiseWithResolvers<void> | undefined;

  constructor(parts: SocketsParts) {
    this.#parts = parts;
    this.#newcomers = new Newcomers(parts.toAddressKey);
    parts.metrics.watchSockets(() => this.#connections.size);
  }

  /** Whether a request is to become a connection. Every other one is answered as HTTP, in words: see `explain`. */
  isWanted(request: IncomingMessage): boolean {
    if (!isHandshake(request)) return false;
    return (this.#parts.face().findRequestFault(request) ?? this.#findFault(request)) === undefined;
  }

  /** Why a request was not wanted that is a handshake; undefined for one that is none. */
  explain(request: IncomingMessage): GatewayError | undefined {
    if (!isHandshake(request)) return undefined;
    return this.#findFault(request) ?? new GatewayError("invalid_http", "A WebSocket handshake waits for no answer.");
  }

  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const face = this.#parts.face();
    // ws may find something that nobody else has looked for, and answers it.
    this.#serverFor(face).handleUpgrade(request, socket, head, (opened) => this.#open(opened, request, socket, face));
  }

  /** After a change of the configuration. */
  renew(): void {
    for (const connection of this.#connections) connection.renew();
    if (this.#timer !== undefined) this.#tickEvery(this.#parts.face().settings.tickMs);
  }

  /** Takes no more, refuses new requests and says so. */
  announceStop(): void {
    this.#stopping = true;
    const payload = this.#parts.face().outgoing.event("shutdown", { reason: "gateway stopping" });
    for (const connection of this.#connections) if (connection.isAdmitted) connection.event("shutdown", payload);
  }

  /** Resolves when all are closed, or cut. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close(1001, "gateway stopping");
    if (this.#connections.size > 0) await (this.#empty ??= Promise.withResolvers()).promise;
    clearInterval(this.#timer);
  }

  #findFault(request: IncomingMessage): GatewayError | undefined {
    const { settings, toAddress } = this.#parts.face();
    if (!settings.enabled)
      return new GatewayError(
        "websocket_not_available",
        "This gateway does not serve WebSockets (gateway.websocket.enabled).",
      );
    if (this.#stopping) return new GatewayError("shutting_down", "The gateway is stopping.");
    return findHandshakeFault(request) ?? this.#newcomers.findFault(toAddress(request));
  }

  #serverFor({ settings: { payloadBytesMax } }: HandshakeFace): WebSocketServer {
    if (this.#server?.options.maxPayload === payloadBytesMax) return this.#server;
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: payloadBytesMax,
      maxFragments: fragmentsMax,
      // One frame in a turn of the event loop, so that who sends a thousand at once does not hold up the others.
      allowSynchronousEvents: false,
      closeTimeout: closeMs,
    };
    this.#server = new WebSocketServer(options);
    return this.#server;
  }

  #open(opened: WebSocket, request: IncomingMessage, socket: Duplex, face: HandshakeFace): void {
    const address = face.toAddress(request);
    boundFrames(opened, socket, this.#parts.budget);
    const admitted = this.#newcomers.watch(opened, socket, address, face.settings);
    const connection: SocketConnection = new SocketConnection({
      socket: opened,
      connection: socket,
      address,
      signedIn: face.signIn?.(request),
      face: this.#parts.face,
      isStopping: () => this.#stopping,
      onAdmitted: () => {
        admitted();
        this.#addToTurn(connection);
      },
      onSlow: () => this.#parts.metrics.cutConnection("socket"),
      hasRoom: (bytes) => this.#makeRoom(bytes, connection),
    });
    this.#connections.add(connection);
    opened.on("close", () => this.#forget(connection));
  }

  /** Whether there is room for so much more. It is counted once in a turn of the loop: an event may be for thousands. */
  #makeRoom(bytes: number, asking: SocketConnection): boolean {
    if (this.#held === undefined) {
      this.#held = this.#countHeld();
      setImmediate(() => (this.#held = undefined));
    }
    const most = this.#parts.face().answerBytesHeld;
    this.#held += bytes;
    if (this.#held > most) this.#held = this.#cutBehind(this.#countHeld() + bytes, most, asking);
    return this.#held <= most;
  }

  #countHeld(): number {
    let held = 0;
    for (const { backlog } of this.#connections) held += backlog.held;
    return held;
  }

  /** Whoever has been behind for longest gives way to one that is sent something. Returns what is held then. */
  #cutBehind(all: number, most: number, asking: SocketConnection): number {
    let held = all;
    const behind = [...this.#connections].flatMap((connection) => {
      const { held: freed, behindSince } = connection.backlog;
      return connection === asking || behindSince === undefined ? [] : [{ connection, freed, behindSince }];
    });
    for (const { connection, freed, behindSince } of behind.toSorted((a, b) => a.behindSince - b.behindSince)) {
      if (held <= most || awakeMs() - behindSince < behindMsMin) break;
      this.#parts.metrics.cutConnection("socket");
      connection.cut();
      held -= freed;
    }
    return held;
  }

  #forget(connection: SocketConnection): void {
    this.#connections.delete(connection);
    for (const turn of this.#turns) turn.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#empty?.resolve();
  }

  #addToTurn(connection: SocketConnection): void {
    const smallest = this.#turns.reduce((one, other) => (other.size < one.size ? other : one));
    smallest.add(connection);
    if (this.#timer === undefined) this.#tickEvery(this.#parts.face().settings.tickMs);
  }

  #tickEvery(tickMs: number): void {
    if (this.#timer !== undefined && this.#tickMs === tickMs) return;
    clearInterval(this.#timer);
    this.#tickMs = tickMs;
    this.#turnAt = performance.now();
    this.#timer = setInterval(this.#tick, (tickMs * tickPart) / turns).unref();
  }

  /** A timer is late as a rule, and would be later each time: whose turn it is, the clock says. */
  readonly #tick = (): void => {
    const turnMs = (this.#tickMs * tickPart) / turns;
    const missed = Math.floor((performance.now() - this.#turnAt) / turnMs);
    this.#turnAt += missed * turnMs;
    for (let taken = 0; taken < Math.min(missed, turns); taken++) this.#takeTurn();
  };

  #takeTurn(): void {
    const turn = this.#turns[(this.#turn = (this.#turn + 1) % turns)];
    if (turn === undefined || turn.size === 0) return;
    const payload = this.#parts.face().outgoing.event("tick", { ts: Date.now() });
    for (const connection of turn) connection.tick(payload);
  }
}

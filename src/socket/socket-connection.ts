import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import type { WebSocket } from "ws";
import { callMethod, FrameRefusal, type MethodParts } from "./call-method.ts";
import { admit, type Admission, type ConnectParts, ConnectRefusal } from "./connect.ts";
import type { SentChallenge } from "./device.ts";
import { grantScopes } from "./granted-scopes.ts";
import { readFrame, toFrameError, toRefusal, toResponse } from "./frames.ts";
import type { Member } from "./methods.ts";
import { Outbox, type OutboxParts } from "./outbox.ts";
import { awakeMs } from "../base/loop-watch.ts";
import { type Config, type FrameError, type RequestFrame, socketMethods, type SocketEvents } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { createHexId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { anybody, type Principal } from "../base/principal.ts";

/** What one configuration makes of a connection. */
export interface SocketFace extends ConnectParts, MethodParts {
  readonly settings: Config["gateway"]["websocket"];
  /** Throws for JSON that would be dear to parse or to walk. */
  readonly assertBounded: (bytes: Uint8Array) => void;
  /** Whose secret it is now; undefined for one that is nobody's any more. */
  readonly authenticate: (authorization: string | undefined) => Principal | undefined;
  readonly log: Log;
}

export interface ConnectionOptions {
  readonly socket: WebSocket;
  /** What is below it. */
  readonly connection: Duplex;
  readonly address: string;
  readonly signedIn: Principal | undefined;
  /** Of the configuration in force. */
  readonly face: () => SocketFace;
  /** New requests are refused. */
  readonly isStopping: () => boolean;
  readonly onAdmitted: () => void;
  readonly onSlow: () => void;
  readonly hasRoom: OutboxParts["hasRoom"];
}

/** Frames that are none, before a client is taken for one that does not speak the protocol. */
const faultsMax = 10;
/** Requests of one connection that have not had their last answer. */
const underWayMax = 256;
/** A client that was silent for so many ticks is gone: it answers every ping. */
const silentTicksMax = 2.5;

/** One client, from its challenge to its close. */
export class SocketConnection implements Member {
  readonly id = `conn_${createHexId()}`;
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #challenge: SentChallenge = { nonce: randomBytes(24).toString("base64url"), ts: Date.now() };
  readonly #gone = new AbortController();
  readonly #since = performance.now();
  #admission: Admission | undefined;
  #principal: Principal = anybody;
  #heardAt = awakeMs();
  #faults = 0;
  #underWay = 0;
  #requests = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { socket, face } = options;
    this.#outbox = new Outbox(socket, {
      bufferedBytesMax: () => face().settings.bufferedBytesMax,
      onSlow: options.onSlow,
      hasRoom: options.hasRoom,
    });
    socket.on("message", this.#onMessage);
    socket.on("pong", this.#hear);
    socket.on("ping", this.#hear);
    // What ws finds fault with it closes by itself, with the right code.
    socket.on("error", () => undefined);
    socket.on("close", this.#onClose);
    this.#outbox.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: this.#challenge }));
  }

  get principal(): Principal {
    return this.#principal;
  }

  get isAdmitted(): boolean {
    return this.#admission !== undefined;
  }

  get reads(): boolean {
    return this.#admission?.scopes.includes("operator.read") ?? false;
  }

  get showsTools(): boolean {
    return this.#admission?.caps.has("tool-events") ?? false;
  }

  /** What its client has not read, and since when that is too much. */
  get backlog(): Pick<Outbox, "held" | "behindSince"> {
    return this.#outbox;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  event(name: keyof SocketEvents, payload: string): void {
    this.#outbox.event(name, payload);
  }

  close(code: number, reason: string): void {
    this.#options.socket.close(code, reason);
  }

  cut(): void {
    this.#options.socket.terminate();
  }

  /** Says that it is there, and looks whether the other end is. */
  tick(payload: string): void {
    const { socket, connection, face } = this.#options;
    if (awakeMs() - this.#heardAt > silentTicksMax * face().settings.tickMs) return socket.terminate();
    // Both in one write: there may be thousands who say nothing.
    connection.cork();
    this.event("tick", payload);
    socket.ping();
    connection.uncork();
  }

  /** After a change of the configuration: what the client came with may be worth something else now, or nothing. */
  renew(): void {
    if (this.#admission === undefined) return;
    const { authorization, asked, scopes, isSignedIn } = this.#admission;
    // A proxy says who it is at the handshake only.
    if (isSignedIn) return this.close(1012, "the configuration has changed");
    const principal = this.#options.face().authenticate(authorization);
    if (principal === undefined) return this.close(1008, "unauthorized: the secret has changed");
    // The client was told its scopes; it is told of others by a new handshake.
    if (grantScopes(asked, principal).join() !== scopes.join()) return this.close(1012, "the scopes have changed");
    // What it follows it might not reach any more.
    if (!hasSameReach(principal, this.#principal)) return this.close(1012, "the key has changed");
    this.#principal = principal;
  }

  readonly #hear = (): void => {
    this.#heardAt = awakeMs();
  };

  readonly #onMessage = (data: unknown, isBinary: boolean): void => {
    // Who was told to go, maybe because the key is worth nothing any more, can still send until the other end closes.
    if (this.#outbox.isOver || this.#options.socket.readyState !== this.#options.socket.OPEN) return;
    this.#heardAt = awakeMs();
    if (isBinary || !Buffer.isBuffer(data)) return this.close(1003, "frames are text");
    const incoming = readFrame(data, this.#options.face().assertBounded);
    if (this.#admission === undefined) {
      if (incoming.frame?.method === "connect") return this.#connect(incoming.frame);
      const message = "invalid handshake: the first request must be connect";
      return this.#refuseConnect(
        incoming.frame === undefined ? incoming.id : incoming.frame.id,
        { code: "INVALID_REQUEST", message },
        1008,
      );
    }
    if (incoming.fault === undefined) return void this.#answer(incoming.frame, this.#admission);
    this.#outbox.send(toRefusal(incoming.id, toFrameError(incoming.fault)));
    if (++this.#faults >= faultsMax) this.close(1008, "invalid frames");
  };

  #connect({ id, params = {} }: RequestFrame): void {
    const face = this.#options.face();
    const violation = socketMethods.connect.checkParams(params, "'params'");
    if (violation !== undefined) {
      const error = toFrameError(new GatewayError(violation.code, `invalid connect params: ${violation.message}`));
      return this.#refuseConnect(id, error, 1008);
    }
    try {
      const { address, signedIn } = this.#options;
      const arrival = { address, signedIn, requestId: this.id, connectionId: this.id, challenge: this.#challenge };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the check has just said so
      const admission = admit(params as Parameters<typeof admit>[0], arrival, face);
      face.outgoing.payload("connect", admission.hello);
      this.#admission = admission;
      this.#principal = admission.principal;
      this.#options.onAdmitted();
      this.#outbox.send(toResponse(id, admission.hello));
      face.log.info({ connection: this.id, address, ...this.#principal.logFields }, "socket opened");
    } catch (cause) {
      if (cause instanceof ConnectRefusal) return this.#refuseConnect(id, cause.frame, cause.closeCode);
      this.#refuseConnect(id, this.#toError(cause, "connect"), 1011);
    }
  }

  #refuseConnect(id: string, error: FrameError, closeCode: number): void {
    this.#outbox.send(toRefusal(id, error));
    // A reason has room for 123 bytes.
    this.close(closeCode, error.message.slice(0, 60).toWellFormed());
  }

  async #answer(frame: RequestFrame, { scopes }: Admission): Promise<void> {
    this.#requests++;
    const { address, face, isStopping } = this.#options;
    const current = face();
    const caller = { address, requestId: `req_${createHexId()}` };
    if (!this.#isCurrent(current, caller)) return;
    this.#underWay++;
    try {
      if (isStopping()) throw new GatewayError("shutting_down", "The gateway is stopping.");
      if (this.#underWay > underWayMax)
        throw new GatewayError("overloaded", "Too many requests of this connection are under way.");
      const answer = (payload: unknown): void => this.#outbox.send(toResponse(frame.id, payload));
      await callMethod(frame, { ...caller, member: this, scopes, answer }, current);
    } catch (cause) {
      this.#outbox.send(toRefusal(frame.id, this.#toError(cause, frame.method)));
    } finally {
      this.#underWay--;
    }
  }

  #isCurrent({ entry }: SocketFace, caller: { readonly address: string; readonly requestId: string }): boolean {
    if (this.#principal.expiresAt === undefined) return true;
    try {
      entry.assertCurrent(this.#principal, caller);
      return true;
    } catch {
      this.close(1008, "unauthorized: the key has expired");
      return false;
    }
  }

  #toError(cause: unknown, method: string): FrameError {
    if (cause instanceof FrameRefusal) return cause.frame;
    const error = GatewayError.from(cause);
    if (error.code === "internal_error")
      this.#options
        .face()
        .log.error({ connection: this.id, method, err: error.cause ?? error }, "socket request failed");
    return toFrameError(error);
  }

  readonly #onClose = (code: number): void => {
    this.#gone.abort(new GatewayError("cancelled", "The connection was closed."));
    if (this.#admission === undefined) return;
    this.#options.face().log.info(
      {
        connection: this.id,
        ...this.#principal.logFields,
        code,
        requests: this.#requests,
        ms: Math.round(performance.now() - this.#since),
      },
      "socket closed",
    );
  };
}

function hasSameReach(one: Principal, other: Principal): boolean {
  const [reach, otherReach] = [one, other].map(({ namespace, agents, models }) => [
    namespace,
    agents && [...agents],
    models && [...models],
  ]);
  return isDeepStrictEqual(reach, otherReach);
}

import type { SocketEvents, SocketMethods } from "../base/contract.ts";
import type { Principal } from "../base/principal.ts";

/** Every method of the contract but the handshake. */
export type SocketMethod = Exclude<keyof SocketMethods, "connect">;

/** What one request comes with. */
export interface SocketCall<M extends SocketMethod> {
  readonly principal: Principal;
  readonly requestId: string;
  readonly address: string;
  /** Aborts when the connection is gone. Runs go on then. */
  readonly signal: AbortSignal;
  /** The connection, for events. */
  readonly member: Member;
  /** Answers at once; what the method comes to is a second answer to the same request. */
  readonly accept: (payload: SocketMethods[M]["payload"]) => void;
}

/** Answers one method. It refuses by throwing a `GatewayError`. */
export type SocketHandler<M extends SocketMethod> = (
  params: SocketMethods[M]["params"],
  call: SocketCall<M>,
) => SocketMethods[M]["payload"] | Promise<SocketMethods[M]["payload"]>;

/** Exactly one handler for each method. */
export type SocketHandlers = { readonly [M in SocketMethod]: SocketHandler<M> };

/** A connection as those see it who have something to tell. */
export interface Member {
  readonly principal: Principal;
  /** Whether it may read sessions, and not only talk in them. */
  readonly reads: boolean;
  /** Whether it asked to see tools at work. */
  readonly showsTools: boolean;
  /** Aborts when it is gone. */
  readonly signal: AbortSignal;
  /** `payload` is JSON text, made once for all. */
  event(name: keyof SocketEvents, payload: string): void;
}

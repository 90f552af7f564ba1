import type { Caller } from "./connect.ts";
import type { Member, SocketCall, SocketHandler, SocketHandlers, SocketMethod } from "./methods.ts";
import type { Outgoing } from "./outgoing.ts";
import {
  type FrameError,
  type RequestFrame,
  socketMethods,
  type SocketMethods,
  type SocketScope,
} from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/** An error that the protocol has words of its own for. */
export class FrameRefusal extends Error {
  readonly frame: FrameError;

  constructor(frame: FrameError) {
    super(frame.message);
    this.frame = frame;
  }
}

export interface MethodParts {
  readonly handlers: SocketHandlers;
  readonly outgoing: Outgoing;
}

export interface MethodCaller extends Caller {
  readonly member: Member;
  readonly scopes: readonly SocketScope[];
  /** Sends one answer. */
  readonly answer: (payload: unknown) => void;
}

/** Runs one request from its method's name to its last answer. Throws `FrameRefusal` and `GatewayError`. */
export async function callMethod(
  { method, params }: RequestFrame,
  caller: MethodCaller,
  parts: MethodParts,
): Promise<void> {
  if (!isMethod(method))
    throw new FrameRefusal({
      code: "INVALID_REQUEST",
      message: `unknown method: ${method}`,
      details: { code: "UNKNOWN_METHOD" },
    });
  assertScope(socketMethods[method].scopes, caller.scopes);
  await caller.member.principal.quota?.takeRequest();
  // Some clients leave out what would be empty.
  await run(method, params ?? {}, caller, parts);
}

function isMethod(name: string): name is SocketMethod {
  return Object.hasOwn(socketMethods, name) && name !== "connect";
}

function assertScope(needed: readonly SocketScope[], granted: readonly SocketScope[]): void {
  const [first] = needed;
  if (first === undefined || needed.some((scope) => granted.includes(scope))) return;
  // Older clients read the text.
  const details = { code: "MISSING_SCOPE", missingScope: first, requiredScopes: [first] };
  throw new FrameRefusal({ code: "FORBIDDEN", message: `missing scope: ${first}`, details });
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it binds the params, the handler and the payload
async function run<M extends SocketMethod>(
  method: M,
  params: unknown,
  { member, requestId, address, answer }: MethodCaller,
  { handlers, outgoing }: MethodParts,
): Promise<void> {
  assertParams(method, params);
  const handler: SocketHandler<M> = handlers[method];
  const { principal, signal } = member;
  const send = (payload: SocketMethods[M]["payload"]): void => {
    outgoing.payload(method, payload);
    answer(payload);
  };
  const call: SocketCall<M> = { principal, requestId, address, signal, member, accept: send };
  send(await handler(params, call));
}

function assertParams<M extends SocketMethod>(
  method: M,
  params: unknown,
): asserts params is SocketMethods[M]["params"] {
  const violation = socketMethods[method].checkParams(params, "'params'");
  if (violation === undefined) return;
  const { code, message, param } = violation;
  throw new GatewayError(code, message, param === null ? {} : { param });
}

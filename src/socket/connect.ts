import { findDeviceFault, type SentChallenge } from "./device.ts";
import { toFrameError } from "./frames.ts";
import { grantScopes } from "./granted-scopes.ts";
import {
  type Config,
  type FrameError,
  socketCapabilities,
  socketEvents,
  socketMethods,
  type SocketMethods,
  type SocketScope,
} from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";

type ConnectParams = SocketMethods["connect"]["params"];
type HelloOk = SocketMethods["connect"]["payload"];

export const protocolVersion = 4;

/** Who comes, as the log and the lockout know them. */
export interface Caller {
  readonly address: string;
  readonly requestId: string;
}

/** The way in, which is that of every other door: the same secrets, counts, locks and records. */
export interface Entry {
  /** Whose secret it is. Throws `invalid_api_key` or `auth_locked`, and has counted and recorded it then. */
  enter(authorization: string | undefined, caller: Caller): Principal;
  /** Throws `invalid_api_key` for a key that has ended. */
  assertCurrent(principal: Principal, caller: Caller): void;
}

export interface ConnectParts {
  readonly entry: Entry;
  readonly authMode: Config["gateway"]["auth"]["mode"];
  /** What the answer says of the gateway; `policy` and `snapshot` are the principal's view. */
  readonly describe: (principal: Principal) => Pick<HelloOk, "policy" | "snapshot"> & { readonly version: string };
}

/** Whoever asks to be let in, and what is known of them before they do. */
export interface Arrival extends Caller {
  readonly connectionId: string;
  readonly challenge: SentChallenge;
  /** Whom the proxy in front has signed in. */
  readonly signedIn: Principal | undefined;
}

/** Somebody who was let in. */
export interface Admission {
  readonly principal: Principal;
  /** What they came with, to ask again whether it holds. */
  readonly authorization: string | undefined;
  /** By the proxy in front. */
  readonly isSignedIn: boolean;
  readonly asked: readonly string[] | undefined;
  readonly scopes: readonly SocketScope[];
  readonly caps: ReadonlySet<string>;
  readonly hello: HelloOk;
}

/** A refusal, after which the connection is closed. */
export class ConnectRefusal extends Error {
  readonly frame: FrameError;
  readonly closeCode: number;

  constructor(frame: FrameError, closeCode = 1008) {
    super(frame.message);
    this.frame = frame;
    this.closeCode = closeCode;
  }
}

/** Answers `connect`. Throws `ConnectRefusal`. */
export function admit(params: ConnectParams, arrival: Arrival, parts: ConnectParts): Admission {
  assertVersion(params);
  const { role = "operator", caps = [] } = params;
  if (role !== "operator")
    throw refuse(`This gateway has no part for the role '${role}'; connect as 'operator'.`, "ROLE_NOT_OFFERED");
  const authorization = toAuthorization(params);
  const principal = arrival.signedIn ?? enter(authorization, arrival, parts);
  const fault = findDeviceFault(params, arrival.challenge);
  if (fault !== undefined)
    throw refuse(
      "The device's signature does not hold. Sign the challenge of this connection, or send no device.",
      fault,
    );
  const scopes = grantScopes(params.scopes, principal);
  if (scopes.length === 0) {
    const asked = (params.scopes ?? []).slice(0, 10).join(", ");
    throw refuse(
      `The key '${principal.name}' has none of the scopes that are asked for: ${asked}.`,
      "AUTH_SCOPE_MISMATCH",
      "FORBIDDEN",
    );
  }
  const hello = toHello(arrival, principal, scopes, parts);
  return {
    principal,
    authorization,
    isSignedIn: arrival.signedIn !== undefined,
    asked: params.scopes,
    scopes,
    caps: new Set(caps),
    hello,
  };
}

function assertVersion({ minProtocol, maxProtocol }: ConnectParams): void {
  if (minProtocol <= protocolVersion && protocolVersion <= maxProtocol) return;
  const details = {
    code: "PROTOCOL_MISMATCH",
    clientMinProtocol: minProtocol,
    clientMaxProtocol: maxProtocol,
    expectedProtocol: protocolVersion,
    minimumProbeProtocol: protocolVersion,
  };
  throw new ConnectRefusal({ code: "INVALID_REQUEST", message: "protocol mismatch", details }, 1002);
}

/** The header that would say the same over HTTP, so that it is read in the same way. */
function toAuthorization({ auth }: ConnectParams): string | undefined {
  const secret = [auth?.token, auth?.password].find((text) => text !== undefined && text !== "");
  return secret === undefined ? undefined : `Bearer ${secret}`;
}

function enter(authorization: string | undefined, caller: Caller, { entry, authMode }: ConnectParts): Principal {
  try {
    const principal = entry.enter(authorization, caller);
    entry.assertCurrent(principal, caller);
    return principal;
  } catch (cause) {
    const error = GatewayError.from(cause);
    throw new ConnectRefusal({
      ...toFrameError(error),
      message: error.code === "invalid_api_key" ? toUnauthorized(error, authorization) : error.message,
      details: { code: toDetail(error, authorization, authMode) },
    });
  }
}

/** Clients look for the word. */
function toUnauthorized({ message }: GatewayError, authorization: string | undefined): string {
  if (message.includes("expired")) return `unauthorized: ${message}`;
  const what = authorization === undefined ? "Missing token" : "Wrong token";
  return `unauthorized: ${what}. Send 'auth.token' or 'auth.password'; 'clawgate token' prints the token.`;
}

function toDetail({ code }: GatewayError, authorization: string | undefined, mode: ConnectParts["authMode"]): string {
  if (code === "auth_locked") return "AUTH_RATE_LIMITED";
  if (code !== "invalid_api_key") return "AUTH_UNAUTHORIZED";
  const kind = mode === "password" ? "PASSWORD" : "TOKEN";
  return `AUTH_${kind}_${authorization === undefined ? "MISSING" : "MISMATCH"}`;
}

function refuse(message: string, detail: string, code: FrameError["code"] = "INVALID_REQUEST"): ConnectRefusal {
  return new ConnectRefusal({ code, message, details: { code: detail } });
}

function toHello(
  { connectionId }: Arrival,
  principal: Principal,
  scopes: readonly SocketScope[],
  { describe }: ConnectParts,
): HelloOk {
  const { version, policy, snapshot } = describe(principal);
  return {
    type: "hello-ok",
    protocol: protocolVersion,
    server: { version, connId: connectionId },
    features: {
      methods: Object.keys(socketMethods),
      events: Object.keys(socketEvents),
      capabilities: [...socketCapabilities],
    },
    snapshot,
    auth: { role: "operator", scopes: [...scopes] },
    policy,
  };
}

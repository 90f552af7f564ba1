import { hash, randomUUID, timingSafeEqual } from "node:crypto";
import type { Audit } from "../base/audit/audit.ts";
import { isStrong } from "../base/config/secret.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { operator, type Principal } from "../base/principal.ts";
import type { Credential } from "./credential.ts";
import type { Key } from "./keys.ts";
import type { Lockout } from "./lockout.ts";
import type { SignIn } from "./proxy-user.ts";

/**
 * Whose secret the `Authorization` header carries; undefined if nobody's. A key that has ended still says whose it is:
 * what that is worth, `Principal.expiresAt` says.
 */
export type Authenticate = (authorization: string | undefined) => Principal | undefined;

/**
 * Neither a wrong byte nor a wrong length shows in the time it takes: the operator's secret is compared in a room of its
 * own size, and keys are looked up by their digests, which nobody can choose who does not know one. The scheme is
 * case-insensitive and may be followed by several spaces (RFC 9110 section 11.4); everything else is exact.
 */
export function createAuthenticate(credential: Credential, keys: readonly Key[] = []): Authenticate {
  switch (credential.mode) {
    case "none":
      return () => operator;
    case "trusted-proxy":
    case "token":
    case "password": {
      // Where a proxy signs people in, keys alone are secrets; nobody has this one.
      const isSecret = createCompare(credential.mode === "trusted-proxy" ? randomUUID() : credential.secret);
      const byDigest = new Map(keys.map(({ digest, principal }) => [digest.toString("hex"), principal]));
      return (authorization) => {
        const token = toToken(authorization);
        // Compared even where there is nothing to compare, which takes the same time and lets nobody in.
        const isOperator = isSecret(token ?? "");
        const holder = byDigest.size === 0 ? undefined : byDigest.get(hash("sha256", token ?? ""));
        if (token === undefined) return undefined;
        return isOperator ? operator : holder;
      };
    }
  }
}

const roomBytes = 256;

/** Whether a text of visible ASCII is the secret. Both are written into rooms of one size, for a digest costs ten times as much. */
function createCompare(secret: string): (text: string) => boolean {
  const size = Math.max(roomBytes, Buffer.byteLength(secret));
  const expected = Buffer.alloc(size);
  expected.write(secret, "utf8");
  const room = Buffer.alloc(size);
  return (text) => {
    const isEqual = timingSafeEqual(write(room, text), expected);
    return isEqual && text.length <= size;
  };
}

function write(room: Buffer, text: string): Buffer {
  room.fill(0);
  room.write(text, "latin1");
  return room;
}

/** The secret in the header, right or wrong; undefined where there is none, or another scheme. */
export function toToken(authorization: string | undefined): string | undefined {
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
}

export interface EntryParts {
  readonly authenticate: Authenticate;
  /** Asked first, where a proxy in front signs people in. */
  readonly signIn: SignIn | undefined;
  readonly lockout: Lockout;
  /** Whether the operator's secret could be guessed, so that the lock holds for it too. */
  readonly guessable: boolean;
  /** Told of secrets that are wrong. */
  readonly audit: Audit;
  readonly metrics: Pick<Metrics, "authFailure" | "lockout">;
  readonly log: Log;
}

/** Who comes, as the log and the lockout know them. */
interface Caller {
  readonly address: string;
  readonly requestId: string;
}

/** The same checks, counts, locks and records for all doors. */
export interface Entry {
  /** Whose secret it is, or who is signed in by a proxy. Throws `invalid_api_key` or `auth_locked`. */
  enter(authorization: string | undefined, caller: Caller, signedIn?: Principal): Principal;
  /** Throws `invalid_api_key` for a key that has ended. */
  assertCurrent(principal: Principal, caller: Caller): void;
}

export function createEntry(parts: EntryParts): Entry {
  return {
    enter(authorization, caller, signedIn) {
      const principal = signedIn ?? parts.authenticate(authorization);
      if (principal === undefined) return refuseEntry(parts, caller, toToken(authorization));
      if (isGuessable(parts, principal, authorization)) assertOpen(parts, caller);
      return principal;
    },
    assertCurrent: (principal, caller) => assertCurrent(parts, principal, caller),
  };
}

/** Whether the right secret was one that could be guessed. Of a key only its digest is configured, so it is looked at here. */
function isGuessable(
  { guessable, lockout }: EntryParts,
  principal: Principal,
  authorization: string | undefined,
): boolean {
  if (principal === operator) return guessable;
  if (!lockout.locksAny) return false;
  const token = toToken(authorization);
  // Whom a proxy has signed in has sent none.
  return token !== undefined && !isStrong(token);
}

/** What has not the form of a secret is no guess, and is not counted. */
function refuseEntry(parts: EntryParts, caller: Caller, token: string | undefined): never {
  const { signIn, lockout, metrics, audit, log } = parts;
  const { address, requestId } = caller;
  const attempt = token === undefined ? undefined : lockout.fail(address);
  if (attempt === "locks") {
    metrics.lockout();
    audit.record({ event: "lockout", outcome: "done", address, requestId });
    log.warn({ address }, "address locked after too many wrong keys");
  }
  if (attempt === "locks" || attempt === "locked") assertOpen(parts, caller);
  audit.record({ event: "sign-in", outcome: "refused", address, requestId });
  metrics.authFailure(attempt === undefined ? "missing" : "wrong");
  throw new GatewayError(
    "invalid_api_key",
    signIn === undefined
      ? "Missing or wrong API key. Send 'Authorization: Bearer <token>'; 'clawgate token' prints the token."
      : "Nobody is signed in. Call through the proxy in front of this gateway.",
  );
}

function assertOpen({ lockout, metrics, audit }: EntryParts, { address, requestId }: Caller): void {
  try {
    lockout.assertOpen(address);
  } catch (refusal) {
    audit.record({ event: "sign-in", outcome: "refused", address, requestId });
    metrics.authFailure("locked");
    throw refusal;
  }
}

/** Only who has the right key is told that it has ended. */
function assertCurrent(
  { audit, metrics }: EntryParts,
  { name, expiresAt }: Principal,
  { address, requestId }: Caller,
): void {
  if (expiresAt === undefined || Date.now() < expiresAt) return;
  audit.record({ event: "sign-in", outcome: "refused", address, requestId, key: name });
  metrics.authFailure("expired");
  const ended = new Date(expiresAt).toISOString();
  throw new GatewayError(
    "invalid_api_key",
    `The API key '${name}' expired at ${ended}. Ask its operator for a new one.`,
  );
}

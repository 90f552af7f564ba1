import { hash, randomUUID, timingSafeEqual } from "node:crypto";
import { operator, type Principal } from "../base/principal.ts";
import type { Credential } from "./credential.ts";
import type { Key } from "./keys.ts";

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

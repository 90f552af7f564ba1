import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { operator, type Principal } from "../base/principal.ts";
import type { Credential } from "./credential.ts";
import type { Key } from "./keys.ts";

/**
 * Whose secret the `Authorization` header carries; undefined if nobody's. A key that has ended still says whose it is:
 * what that is worth, `Principal.expiresAt` says.
 */
export type Authenticate = (authorization: string | undefined) => Principal | undefined;

/**
 * Compares digests, so that neither a wrong byte nor a wrong length shows in the time it takes. The scheme is
 * case-insensitive and may be followed by several spaces (RFC 9110 section 11.4); everything else is exact. Keys are
 * looked up by their digests, which nobody can choose who does not know one.
 */
export function createAuthenticate(credential: Credential, keys: readonly Key[] = []): Authenticate {
  switch (credential.mode) {
    case "none":
      return () => operator;
    case "trusted-proxy":
    case "token":
    case "password": {
      // Where a proxy signs people in, keys alone are secrets; nobody has this one.
      const expected = credential.mode === "trusted-proxy" ? randomBytes(32) : toDigest(credential.secret);
      const byDigest = new Map(keys.map((key) => [key.digest.toString("hex"), key]));
      return (authorization) => {
        const token = toToken(authorization);
        // Compared even where there is nothing to compare, which takes the same time and lets nobody in.
        const digest = toDigest(token ?? "");
        const isOperator = timingSafeEqual(digest, expected);
        const key = byDigest.size === 0 ? undefined : byDigest.get(digest.toString("hex"));
        const isKey = timingSafeEqual(digest, key?.digest ?? expected) && key !== undefined;
        if (token === undefined) return undefined;
        return isOperator ? operator : isKey ? key.principal : undefined;
      };
    }
  }
}

/** The secret in the header, right or wrong; undefined where there is none, or another scheme. */
export function toToken(authorization: string | undefined): string | undefined {
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
}

function toDigest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

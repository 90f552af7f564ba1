import { hash, timingSafeEqual } from "node:crypto";
import { operator, type Principal } from "../base/principal.ts";
import type { Credential } from "./credential.ts";

/** Whose secret the `Authorization` header carries; undefined if nobody's. */
export type Authenticate = (authorization: string | undefined) => Principal | undefined;

/**
 * Compares digests, so that neither a wrong byte nor a wrong length shows in the time it takes. The scheme is
 * case-insensitive and may be followed by several spaces (RFC 9110 section 11.4); everything else is exact.
 */
export function createAuthenticate(credential: Credential): Authenticate {
  switch (credential.mode) {
    case "none":
      return () => operator;
    case "trusted-proxy":
      return () => undefined;
    case "token":
    case "password": {
      const expected = toDigest(credential.secret);
      return (authorization) => {
        const token = toToken(authorization);
        // Compared even where there is nothing to compare, which takes the same time and lets nobody in.
        const isRight = timingSafeEqual(toDigest(token ?? ""), expected);
        return isRight && token !== undefined ? operator : undefined;
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

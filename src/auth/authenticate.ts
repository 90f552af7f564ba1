import { createHash, timingSafeEqual } from "node:crypto";
import type { Credential } from "./credential.ts";

/** True if the `Authorization` header carries the secret. */
export type Authenticate = (authorization: string | undefined) => boolean;

/**
 * Compares digests, so that neither a wrong byte nor a wrong length shows in the time it takes. The scheme is
 * case-insensitive and may be followed by several spaces (RFC 9110 section 11.4); everything else is exact.
 */
export function createAuthenticate(credential: Credential): Authenticate {
  switch (credential.mode) {
    case "none":
      return () => true;
    case "token":
    case "password": {
      const expected = toDigest(credential.secret);
      return (authorization) => timingSafeEqual(toDigest(toToken(authorization)), expected);
    }
  }
}

function toToken(authorization: string | undefined): string {
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1] ?? "";
}

function toDigest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, createPrivateKey, createPublicKey, randomUUID as drawUUID, type KeyObject } from "node:crypto";

const source = new AsyncLocalStorage<() => string>();

/** While `run` runs, what is made unique follows from this text, so that a replay makes the very same. */
export function withUnique<T>(text: string, run: () => T): T {
  let count = 0;
  return source.run(() => toUUID(`${text} ${count++}`), run);
}

/** A name that nobody else has. */
export function randomUUID(): string {
  return source.getStore()?.() ?? drawUUID();
}

/** The key pair of a device that nobody has seen before. */
export function createDeviceKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  const seed = createHash("sha256").update(randomUUID()).digest();
  // The frame of RFC 8410, section 7, around the 32 bytes of an Ed25519 key.
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function toUUID(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import type { SocketMethods } from "../base/contract.ts";

type ConnectParams = SocketMethods["connect"]["params"];

/** The challenge of this connection, which was sent to nobody else. */
export interface SentChallenge {
  readonly nonce: string;
  readonly ts: number;
}

/** Why a device is not who it says, in the protocol's words. */
export type DeviceFault =
  | "DEVICE_AUTH_NONCE_MISMATCH"
  | "DEVICE_AUTH_SIGNATURE_EXPIRED"
  | "DEVICE_AUTH_PUBLIC_KEY_INVALID"
  | "DEVICE_AUTH_DEVICE_ID_MISMATCH"
  | "DEVICE_AUTH_SIGNATURE_INVALID";

/**
 * How far a device's clock may be off. Clients sign the challenge's own time, or (openclaw-node) that of their clock; it is
 * the nonce, which is good for one connection, that keeps a signature from being used again.
 */
const skewMs = 600_000;

/** Undefined for a client that sends no device, and for one whose signature holds. It grants nothing: the token does. */
export function findDeviceFault(params: ConnectParams, challenge: SentChallenge): DeviceFault | undefined {
  const { device } = params;
  if (device === undefined) return undefined;
  if (device.nonce !== challenge.nonce) return "DEVICE_AUTH_NONCE_MISMATCH";
  if (Math.abs(device.signedAt - challenge.ts) > skewMs) return "DEVICE_AUTH_SIGNATURE_EXPIRED";
  const raw = toRawKey(device.publicKey);
  const key = raw && toKey(raw);
  if (raw === undefined || key === undefined) return "DEVICE_AUTH_PUBLIC_KEY_INVALID";
  if (hash("sha256", raw) !== device.id) return "DEVICE_AUTH_DEVICE_ID_MISMATCH";
  const signature = Buffer.from(device.signature, "base64url");
  const holds = listPayloads(params, device).some((text) => verify(null, Buffer.from(text), key, signature));
  return holds ? undefined : "DEVICE_AUTH_SIGNATURE_INVALID";
}

/** What a device signs, in the versions that are accepted. */
function listPayloads(
  { client, role = "operator", scopes = [], auth = {} }: ConnectParams,
  { id, signedAt, nonce }: NonNullable<ConnectParams["device"]>,
): readonly string[] {
  const secret = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? "";
  const common = [id, client.id, client.mode, role, scopes.join(","), String(signedAt), secret, nonce];
  const described = [...common, toPlain(client.platform), toPlain(client.deviceFamily)];
  return [["v3", ...described].join("|"), ["v2", ...common].join("|")];
}

/** As clients write it into what they sign. */
function toPlain(text = ""): string {
  return text.trim().replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Thirty-two bytes in base64 of either alphabet. */
function toRawKey(text: string): Buffer | undefined {
  const raw = Buffer.from(text, "base64url");
  return raw.length === 32 ? raw : undefined;
}

function toKey(raw: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
  } catch {
    return undefined;
  }
}

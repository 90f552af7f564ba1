import { createHash } from "node:crypto";
import type { RecordedEvent, RecordedSent } from "./format.ts";

/** Longer ones are kept by their hash. */
const keptMax = 16_384;
const beginningMax = 2048;

/** Bytes as they stand in a line of JSON. Texts here have one character for each byte. */
export function toCame(bytes: string): { readonly came: string } | { readonly came64: string } {
  const text = toText(bytes);
  return text === undefined ? { came64: Buffer.from(bytes, "latin1").toString("base64") } : { came: text };
}

export function toSent(bytes: string): RecordedSent {
  if (bytes.length > keptMax) {
    const beginning = bytes.slice(0, beginningMax).replace(/[^ -~\r\n][^]*/, "");
    return { sent: beginning, bytes: bytes.length, sha256: hash(bytes) };
  }
  const text = toText(bytes);
  return text === undefined ? { sent64: Buffer.from(bytes, "latin1").toString("base64") } : { sent: text };
}

export function fromCame(event: RecordedEvent): string | undefined {
  if ("came" in event) return Buffer.from(event.came).toString("latin1");
  return "came64" in event ? Buffer.from(event.came64, "base64").toString("latin1") : undefined;
}

/** What is known of it: for what was long, its beginning. */
export function fromSent(event: RecordedSent): string {
  return Buffer.from("sent64" in event ? event.sent64 : event.sent, "sent64" in event ? "base64" : "utf8").toString(
    "latin1",
  );
}

export function hash(bytes: string): string {
  return createHash("sha256").update(bytes, "latin1").digest("hex");
}

function toText(bytes: string): string | undefined {
  const buffer = Buffer.from(bytes, "latin1");
  const text = buffer.toString("utf8");
  return Buffer.from(text).equals(buffer) ? text : undefined;
}

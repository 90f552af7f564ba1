import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { Hidden } from "./disguise.ts";
import type { RecordedEvent, RecordedSent } from "./format.ts";

/** Longer ones are kept by their hash. */
const keptMax = 16_384;
const beginningMax = 2048;

/** Bytes as they stand in a line of JSON. Texts here have one character for each byte. */
export function toCame(bytes: string): { readonly came: string } | { readonly came64: string } {
  const text = toText(bytes);
  return text === undefined ? { came64: Buffer.from(bytes, "latin1").toString("base64") } : { came: text };
}

export function toSent(bytes: string, hidden: readonly Hidden[]): RecordedSent {
  const places = hidden.length === 0 ? {} : { hidden };
  if (bytes.length > keptMax) {
    const beginning = bytes.slice(0, beginningMax).replace(/[^ -~\r\n][^]*/, "");
    return { sent: beginning, bytes: bytes.length, sha256: hash(blank(bytes, hidden)), ...places };
  }
  const text = toText(bytes);
  const sent = text === undefined ? { sent64: Buffer.from(bytes, "latin1").toString("base64") } : { sent: text };
  return { ...sent, ...places };
}

/** The same without what stands in these places. */
export function blank(bytes: string, hidden: readonly Hidden[] = []): string {
  return hidden.reduce((text, [at, length]) => {
    const [before, there] = [text.slice(0, at), text.slice(at, at + length)];
    return before + "*".repeat(there.length) + text.slice(at + length);
  }, bytes);
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
  // Most of what comes, and it needs no copy.
  if (isAscii.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : undefined;
}

// oxlint-disable-next-line no-control-regex -- they are of it
const isAscii = /^[\u0000-\u007f]*$/;

import { createHash } from "node:crypto";

/** Headers that say which machine calls, or are drawn at random by the library that sends them. */
const names = "user-agent|x-stainless-(?:os|arch|runtime|runtime-version|package-version)|sec-websocket-key";
const headers = new RegExp(`^(${names}):[^\\r\\n]*`, "gim");
/** It is over the key, which a recording does not have. */
const signature = /("signature":")[\w-]{86}"/g;

/** What the suite sends, without what may be different on another machine. */
export function withoutVariable(sent: string): string {
  return sent.replaceAll(headers, "$1: *").replaceAll(signature, '$1*"');
}

const keyLine = /^sec-websocket-key: *(\S+)/im;
/** As long as the base64 of a SHA-1. */
export const acceptMark = "*".repeat(28);

/** The answer that a WebSocket handshake with this head wants (RFC 6455, section 4.2.2). */
export function toAccept(sent: string): string | undefined {
  const key = keyLine.exec(sent)?.[1];
  if (key === undefined) return undefined;
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

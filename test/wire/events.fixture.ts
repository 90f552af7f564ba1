import { expect } from "vitest";
import type { ChatCompletionChunk } from "../../src/base/contract.ts";
import { type Head, openSocket, type Piece, toChatBody, toRequest, type WireSocket } from "./socket.fixture.ts";

export interface Reading {
  readonly head: Head;
  readonly pieces: readonly Piece[];
  readonly body: Buffer;
  /** When the request had been sent, and when the head had come (`performance.now()`). */
  readonly sentAt: number;
  readonly headAt: number;
  readonly endAt: number;
}

/** Sends a streaming call whose user says this, on a connection of its own. */
export async function startStream(port: number, content: string, fields: object = {}): Promise<WireSocket> {
  const wire = await openSocket(port);
  wire.send(toRequest({ body: toChatBody(content, { stream: true, ...fields }) }));
  return wire;
}

/** A streaming call, read to its end as fast as it comes. */
export async function readStream(port: number, content: string, fields: object = {}): Promise<Reading> {
  const sentAt = performance.now();
  const wire = await startStream(port, content, fields);
  const head = await wire.readHead();
  const headAt = performance.now();
  const pieces: Piece[] = [];
  for await (const piece of wire.readBody(head)) pieces.push(piece);
  const body = Buffer.concat(pieces.map(({ bytes }) => bytes));
  return { head, pieces, body, sentAt, headAt, endAt: performance.now() };
}

/**
 * The payloads of the events. It holds the grammar: UTF-8 line by line, LF only, one `data: ` line for each event and
 * an empty line behind it, nothing else but whole comment lines, which have none.
 */
export function toPayloads(body: Buffer): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const payloads: string[] = [];
  let open = false;
  for (let at = 0; at < body.length;) {
    const end = body.indexOf(0x0a, at);
    if (end < 0) throw new Error("the body ends within a line");
    const line = decoder.decode(body.subarray(at, end));
    at = end + 1;
    if (open ? line !== "" : !/^(?:data: \S[^\r]*|:.*)$/.test(line)) throw new Error(`not the grammar: ${line}`);
    if (!open && line.startsWith(":")) continue;
    if (!open) payloads.push(line.slice("data: ".length));
    open = !open;
  }
  if (open) throw new Error("the body ends within an event");
  return payloads;
}

/** The chunks of a stream that ended well: `[DONE]` is the last event, and no other. */
export function toChunks(body: Buffer): ChatCompletionChunk[] {
  const payloads = toPayloads(body);
  expect(payloads.at(-1)).toBe("[DONE]");
  return payloads.slice(0, -1).map((payload) => JSON.parse(payload) as ChatCompletionChunk);
}

export function toText(chunks: readonly ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}

/** The whole answer of the same call without a stream. */
export async function readWhole(port: number, content: string): Promise<string> {
  const wire = await openSocket(port);
  wire.send(toRequest({ body: toChatBody(content) }));
  const { text } = await wire.read();
  const { choices } = JSON.parse(text) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}

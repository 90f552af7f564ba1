import type { Writable } from "node:stream";
import type { EventStream } from "../base/contract.ts";
import { IdleTimer } from "../base/deadline.ts";
import type { Brake } from "../base/listener.ts";

export interface SseOptions<E> {
  readonly keepAlive: { readonly form: "comment" | "chunk" | "off"; readonly intervalMs: number };
  /** Called with each event before it is written; throwing ends the stream with the error. */
  readonly check: (event: E) => void;
  /** The last event of a stream that failed, as JSON. */
  readonly toErrorJson: (error: unknown) => string;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
  /** Held while the client does not read. */
  readonly brake: Brake;
}

/** Where a stream is written. `chunkedEncoding` is what a response of Node's says, and asks, of its own body. */
interface Body extends Writable {
  chunkedEncoding?: boolean;
}

/** A batch is written when it is this long, even if more comes in the same tick. */
const batchCharsMax = 65_536;

/**
 * Writes a stream as the body of a response whose head is sent: one `data:` line for each event, behind an `id:` line if it
 * has one, `data: [DONE]` at the end. Events of one tick leave in one write. A reader that is slow holds the flow; one that stalls
 * is cut by slow-readers.ts. Never rejects: what goes wrong is the last event.
 */
export async function writeSse<E>(stream: EventStream<E>, response: Body, options: SseOptions<E>): Promise<void> {
  const { check, toErrorJson, signal, brake } = options;
  const toJson = (event: E): string => stream.toJson?.(event) ?? JSON.stringify(event);
  const writer = new SseWriter(response, brake, options.keepAlive, toIdleText(stream, options.keepAlive.form, toJson));
  const { toId } = stream;
  const emit = (event: E): void => {
    check(event);
    writer.write(toId === undefined ? `data: ${toJson(event)}\n\n` : `id: ${toId()}\ndata: ${toJson(event)}\n\n`);
  };
  try {
    await stream.run({ signal, flow: brake, emit });
    writer.end("data: [DONE]\n\n");
  } catch (error) {
    writer.end(`data: ${toErrorJson(error)}\n\n`);
  }
}

class SseWriter {
  readonly #response: Body;
  readonly #isChunked: boolean;
  readonly #brake: Brake;
  readonly #idleText: string | undefined;
  readonly #pulse: IdleTimer | undefined;
  #isBehind = false;
  #pending = "";
  #scheduled = false;

  constructor(response: Body, brake: Brake, keepAlive: SseOptions<unknown>["keepAlive"], idleText: string | undefined) {
    this.#response = response;
    // Node makes each chunk of four pieces, which is a fifth of what it takes to write a token. Here it is one text.
    this.#isChunked = response.chunkedEncoding === true;
    if (this.#isChunked) response.chunkedEncoding = false;
    this.#brake = brake;
    this.#idleText = idleText;
    if (idleText !== undefined) this.#pulse = new IdleTimer(keepAlive.intervalMs, this.#onIdle);
    response.once("close", this.#stop);
  }

  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= batchCharsMax) return this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#flush);
  }

  end(text: string): void {
    this.#pulse?.stop();
    if (this.#isGone()) return;
    const last = this.#pending + text;
    this.#pending = "";
    this.#response.end(this.#isChunked ? toChunk(last) + lastChunk : last);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const text = this.#pending;
    this.#pending = "";
    if (text === "" || this.#isGone()) return;
    const hasRoom = this.#response.write(this.#isChunked ? toChunk(text) : text);
    this.#pulse?.touch();
    if (hasRoom || this.#isBehind) return;
    this.#isBehind = true;
    this.#response.once("drain", this.#onDrain);
    this.#brake.hold();
  };

  readonly #onDrain = (): void => {
    this.#isBehind = false;
    this.#brake.release();
  };

  readonly #onIdle = (): void => {
    if (!this.#brake.held && this.#idleText !== undefined) this.write(this.#idleText);
  };

  /** The client has all of it, or has left. */
  readonly #stop = (): void => {
    this.#pulse?.stop();
    this.#brake.release();
  };

  #isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }
}

/** RFC 9112, section 7.1. */
function toChunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

const lastChunk = "0\r\n\r\n";

/**
 * The comment is one line with no blank line behind it: openai-go and, after an `id:`, openai-python take the blank line
 * for the end of an event without data.
 */
function toIdleText<E>(
  { idleEvent }: EventStream<E>,
  form: "comment" | "chunk" | "off",
  toJson: (event: E) => string,
): string | undefined {
  if (form === "off") return undefined;
  return form === "chunk" && idleEvent !== undefined ? `data: ${toJson(idleEvent)}\n\n` : ": ping\n";
}

/* oxlint-disable no-underscore-dangle -- the interface of Node's streams has these names */
import { Socket } from "node:net";
import { fromCame } from "./bytes.ts";
import { fromRecordedError, isFromSystem } from "./error.ts";
import { Expected } from "./expected.ts";
import { isSent, type RecordedEvent } from "./format.ts";
import type { PlayedConnection } from "./load.ts";
import { acceptMark, toAccept, withoutVariable } from "./variable.ts";

/** Finds the recorded connection that begins with these bytes, or with silence. */
export type Bind = (said: string | undefined) => PlayedConnection | undefined;

/** Whoever says nothing for so long waits for the other side to begin. */
const silenceMs = 50;
/** What is later than a timer usually is was held up by this process; what follows keeps its distance, or a stream would seem to come in one piece. */
const lateMsMax = 10;

/** How a frame begins that closes (RFC 6455, section 5.5.1). */
const closeFrame = "\u0088";

/** The suite's end of a connection whose other end is a recording: what came then comes again, in its order and at its times. */
export class ReplaySocket extends Socket {
  readonly #bind: Bind;
  readonly #onStale: (said: string) => void;
  readonly #silence: NodeJS.Timeout;
  #expected: Expected | undefined;
  #accept: string | undefined;
  #isDone = false;
  #wake: () => void = () => undefined;
  /** Ends a pause. */
  #hurry: () => void = () => undefined;
  /** There is room again for what comes. */
  #ask: () => void = () => undefined;

  constructor(bind: Bind, onStale: (said: string) => void) {
    super();
    this.#bind = bind;
    this.#onStale = onStale;
    this.#silence = setTimeout(() => this.#begin(bind(undefined)), silenceMs);
  }

  override _read(): void {
    this.#ask();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#say(toBytes(chunk, encoding));
    done();
  }

  override _writev(
    chunks: { chunk: Buffer | string; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#say(chunks.map(({ chunk, encoding }) => toBytes(chunk, encoding)).join(""));
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#isDone = true;
    this.#wake();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#silence);
    this.#wake();
    this.#hurry();
    this.#ask();
    // Node's sockets tell of their end by themselves.
    super._destroy(error, done);
  }

  // There is nothing that could keep the process.
  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  override resetAndDestroy(): this {
    return this.destroy();
  }

  #say(bytes: string): void {
    clearTimeout(this.#silence);
    const said = withoutVariable(bytes);
    this.#accept ??= toAccept(bytes);
    if (this.#expected === undefined) this.#begin(this.#bind(said));
    if (this.#expected?.take(said) === false && !this.#isLastWord(said)) this.#onStale(said);
    this.#wake();
  }

  /**
   * The answer to a frame that closes a WebSocket. Where much was still on its way when the server closed, it never came to
   * be sent, and nobody would have heard it.
   */
  #isLastWord(said: string): boolean {
    return this.#accept !== undefined && this.#expected?.isWhole === true && said.startsWith(closeFrame);
  }

  #begin(recorded: PlayedConnection | undefined): void {
    if (recorded === undefined) return;
    this.#expected = new Expected(recorded);
    void this.#play(recorded.events, this.#expected);
  }

  async #play(events: Iterable<RecordedEvent>, expected: Expected): Promise<void> {
    let [parts, lastAt, last] = [0, 0, performance.now()];
    for (const event of events) {
      const isOwn = isSent(event) || ("end" in event && event.end === "suite");
      if (isSent(event)) parts++;
      const isDue = (): boolean => (isOwn ? (isSent(event) ? expected.count >= parts : this.#isDone) : true);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      while (!isDue() && !this.destroyed) await new Promise<void>((resolve) => (this.#wake = resolve));
      const dueAt = isOwn ? performance.now() : last + event.at - lastAt;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.#until(dueAt);
      if (this.destroyed) return;
      const now = performance.now();
      [lastAt, last] = [event.at, now - dueAt > lateMsMax ? now : Math.max(dueAt, last)];
      // oxlint-disable-next-line no-await-in-loop -- as a socket does, which reads no more than it is asked for
      if (!this.#hear(event)) await new Promise<void>((resolve) => (this.#ask = resolve));
    }
  }

  async #until(dueAt: number): Promise<void> {
    const leftMs = dueAt - performance.now();
    if (leftMs > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    // Two pieces that came one after the other are read one after the other.
    else await new Promise(setImmediate);
  }

  /** False if whoever reads wants no more for now. */
  #hear(event: RecordedEvent): boolean {
    if ("broke" in event) {
      // Recordings of older suites have what these had ended themselves.
      if (isFromSystem(event.broke)) this.destroy(fromRecordedError(event.broke));
    } else if ("end" in event) {
      if (event.end === "server") this.push(null);
    } else {
      const came = fromCame(event);
      const text = this.#accept === undefined ? came : came?.replace(acceptMark, this.#accept);
      if (text !== undefined) return this.push(Buffer.from(text, "latin1")) || this.destroyed;
    }
    return true;
  }
}

function toBytes(chunk: Buffer | string, encoding: BufferEncoding): string {
  return (typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk).toString("latin1");
}

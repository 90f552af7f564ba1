import { Readable } from "node:stream";
import type { EventStream } from "../base/contract.ts";

export interface SseOptions<E> {
  readonly keepAlive: { readonly form: "comment" | "chunk" | "off"; readonly intervalMs: number };
  /** Called with each event before it is written; throwing ends the stream with the error. */
  readonly check: (event: E) => void;
  /** The last event of a stream that failed, as JSON. */
  readonly toErrorJson: (error: unknown) => string;
}

/** A batch is handed on when it is this long, even if more is ready in the same tick. */
const batchCharsMax = 65_536;
/** A reader that takes nothing for so long is gone, whatever its socket says. */
const stallMs = 30_000;

/**
 * The body of an SSE answer: one `data:` line for each event, `data: [DONE]` at the end. Events that are ready in the
 * same tick leave in one write. A slow reader stops the reading of events, and a reader that leaves ends it.
 *
 * The events are read from the first moment on, so that whoever produces them is always told when it is over.
 */
export function createSseBody<E>(stream: EventStream<E>, options: SseOptions<E>): Readable {
  const { keepAlive, check, toErrorJson } = options;
  const toJson = stream.toJson ?? JSON.stringify;
  const iterator = stream.events[Symbol.asyncIterator]();
  const idle = toIdleText(stream, keepAlive.form, toJson);
  let pending = "";
  let flowing = true;
  let scheduled = false;
  let wake: (() => void) | undefined;
  let stall: NodeJS.Timeout | undefined;

  const body = new Readable({
    read() {
      flowing = true;
      clearTimeout(stall);
      stall = undefined;
      wake?.();
    },
    destroy(error, callback) {
      clearInterval(pulse);
      clearTimeout(stall);
      wake?.();
      Promise.resolve(iterator.return?.()).then(
        () => callback(error),
        (failure: Error) => callback(error ?? failure),
      );
    },
  });

  const flush = (): void => {
    scheduled = false;
    if (pending === "" || body.destroyed) return;
    flowing = body.push(pending);
    pending = "";
    pulse?.refresh();
    if (!flowing) stall ??= setTimeout(() => body.destroy(), stallMs);
  };
  const write = (text: string): void => {
    pending += text;
    if (scheduled) return;
    scheduled = true;
    // Runs when everything that is ready has been read, since promises are settled first.
    process.nextTick(flush);
  };
  const room = async (): Promise<void> => {
    if (pending.length < batchCharsMax && flowing) return;
    flush();
    if (flowing || body.destroyed) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    wake = undefined;
  };
  const pulse = idle === undefined ? undefined : setInterval(() => flowing && write(idle), keepAlive.intervalMs);

  const pump = async (): Promise<void> => {
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) break;
        check(value);
        write(`data: ${toJson(value)}\n\n`);
        if (pending.length >= batchCharsMax || !flowing) await room();
        if (body.destroyed) return;
      }
      write("data: [DONE]\n\n");
    } catch (error) {
      if (body.destroyed) return;
      write(`data: ${toErrorJson(error)}\n\n`);
    }
    flush();
    clearInterval(pulse);
    body.push(null);
  };
  void pump();
  return body;
}

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

import { createBrake } from "./brake.ts";
import type { EventStream } from "./reply.ts";

export interface EventBodyOptions {
  /** Aborts when the client leaves; a body that is cancelled stops the stream all the same. */
  readonly signal: AbortSignal;
  /** Called with each event before it is written; throwing ends the stream with that failure. */
  readonly check: (event: unknown) => void;
  /** The data of the last event where the stream went well; undefined for none. */
  readonly end?: string | undefined;
  /** The data of the last event of a stream that failed. */
  readonly toFailure: (error: unknown) => string;
}

/** So much is kept for a slow reader before the stream is told to wait. */
const queueBytesMax = 65_536;

/** A stream of events as server-sent events, for servers that speak web streams. */
export function toEventBody(stream: EventStream<unknown>, options: EventBodyOptions): ReadableStream<Uint8Array> {
  const { check, end, toFailure } = options;
  const left = new AbortController();
  const signal = AbortSignal.any([options.signal, left.signal]);
  const brake = createBrake();
  const encoder = new TextEncoder();
  const start = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const write = (data: string, id = ""): void => {
      if (left.signal.aborted) return;
      controller.enqueue(encoder.encode(`${id}data: ${data}\n\n`));
      if ((controller.desiredSize ?? 1) <= 0) brake.hold();
    };
    const emit = (event: unknown): void => {
      check(event);
      write(stream.toJson?.(event) ?? JSON.stringify(event), stream.toId && `id: ${stream.toId()}\n`);
    };
    try {
      await stream.run({ signal, flow: brake, emit });
      if (end !== undefined) write(end);
    } catch (error) {
      write(toFailure(error));
    }
    if (!left.signal.aborted) controller.close();
  };
  return new ReadableStream(
    {
      start: (controller) => void start(controller),
      pull: () => brake.release(),
      cancel(reason) {
        left.abort(reason);
        brake.release();
      },
    },
    { highWaterMark: queueBytesMax, size: ({ byteLength }) => byteLength },
  );
}

import { Writable } from "node:stream";
import type { EventStream } from "../../src/base/contract.ts";
import { createBrake, type Listener } from "../../src/base/listener.ts";
import { type SseOptions, writeSse } from "../../src/edge/sse.ts";

type Options = Pick<SseOptions<unknown>, "keepAlive" | "check">;

export const options: Options = { keepAlive: { form: "off", intervalMs: 1000 }, check: () => undefined };

export function withKeepAlive(form: "comment" | "chunk"): Options {
  return { ...options, keepAlive: { form, intervalMs: 1000 } };
}

/** A client: what is written to it, what it has taken of that, and whether it takes more. */
export interface Client {
  readonly response: Writable;
  readonly writes: string[];
  /** Takes what was written last, and lets more come. */
  take(): void;
  text(): string;
}

/** One that takes nothing unless it is told to; `eager` takes everything. */
export function createClient(kind: "slow" | "eager" = "eager"): Client {
  const writes: string[] = [];
  const waiting: (() => void)[] = [];
  const response = new Writable({
    decodeStrings: false,
    highWaterMark: 65_536,
    write(text: string, _, done) {
      writes.push(text);
      if (kind === "eager") done();
      else waiting.push(done);
    },
  });
  return { response, writes, take: () => waiting.shift()?.(), text: () => writes.join("") };
}

/** Writes a stream to a client, as the edge does: whoever leaves aborts the signal. */
export function write<E>(stream: EventStream<E>, client: Client, given: Options = options): Promise<void> {
  const leaving = new AbortController();
  client.response.once("close", () => leaving.abort(new Error("left")));
  return writeSse(stream, client.response, {
    ...given,
    toErrorJson: (error) => JSON.stringify({ error: String(error) }),
    signal: leaving.signal,
    brake: createBrake(),
  });
}

export function toStream<E>(...events: E[]): EventStream<E> {
  return {
    run: async ({ emit }) => {
      for (const event of events) emit(event);
    },
  };
}

/** Events that come when the test says so. */
export function createSource() {
  const over = Promise.withResolvers<void>();
  let to: Listener<unknown> | undefined;
  const source = {
    /** How it was ended from outside; undefined until then. */
    left: undefined as unknown,
    give: (value: unknown): void => {
      try {
        to?.emit(value);
      } catch (thrown) {
        source.left = thrown;
        over.reject(thrown);
      }
    },
    end: over.resolve,
    stream: {
      run(listener: Listener<unknown>): Promise<void> {
        to = listener;
        listener.signal.addEventListener("abort", () => {
          source.left = listener.signal.reason;
          over.reject(listener.signal.reason);
        });
        return over.promise;
      },
    },
  };
  return source;
}

/** An endless model that obeys the brake: how much it has said, and whether it was told to stop. */
export function createEndless(size = 1000) {
  const source = { said: 0, left: false };
  const stream: EventStream<string> = {
    async run({ signal, flow, emit }) {
      for (;;) {
        if (signal.aborted) {
          source.left = true;
          throw signal.reason;
        }
        emit(`${source.said++}`.padEnd(size, "."));
        if (flow.held) await flow.free();
      }
    },
  };
  return { source, stream };
}

import type { Readable } from "node:stream";
import { vi } from "vitest";
import type { SseOptions } from "../../src/edge/sse.ts";

export const options: SseOptions<unknown> = {
  keepAlive: { form: "off", intervalMs: 1000 },
  check: () => undefined,
  toErrorJson: (error) => JSON.stringify({ error: String(error) }),
};

export function withKeepAlive(form: "comment" | "chunk"): SseOptions<unknown> {
  return { ...options, keepAlive: { form, intervalMs: 1000 } };
}

export async function* toEvents<E>(...events: E[]): AsyncGenerator<E> {
  yield* events;
}

/** Events that come when the test says so. */
export function createSource() {
  const wants: ((result: IteratorResult<unknown>) => void)[] = [];
  const source = {
    pulled: 0,
    returned: 0,
    give: (value: unknown): void => wants.shift()?.({ done: false, value }),
    end: (): void => wants.shift()?.({ done: true, value: undefined }),
    events: {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          source.pulled++;
          return new Promise<IteratorResult<unknown>>((resolve) => void wants.push(resolve));
        },
        return: () => {
          source.returned++;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    },
  };
  return source;
}

/** An endless model, and how often it was asked. */
export function createEndless(size = 1000) {
  const source = { pulled: 0, returned: false };
  async function* produce(): AsyncGenerator<string> {
    try {
      for (;;) yield `${source.pulled++}`.padEnd(size, ".");
    } finally {
      source.returned = true;
    }
  }
  return { source, events: produce() };
}

/** What is pushed, and what a reader gets of it. */
export function watch(body: Readable): { readonly pushes: (string | null)[]; readonly read: string[] } {
  const watched = { pushes: [] as (string | null)[], read: [] as string[] };
  const push = body.push.bind(body);
  vi.spyOn(body, "push").mockImplementation((chunk: string | null) => {
    watched.pushes.push(chunk);
    return push(chunk);
  });
  body.on("data", (bytes: Buffer) => void watched.read.push(bytes.toString()));
  return watched;
}

import { createBrake, type Listener } from "../base/listener.ts";

/** So many events wait for the reader before the flow is held. */
const waitingMax = 256;

/**
 * A run, or anything else that takes a listener, as an async generator: it gives the events and returns what the work
 * resolves with. A reader that is slow holds the flow, and one that leaves aborts the signal. It is for programs that
 * embed the gateway; inside nobody iterates.
 *
 * @example
 * const events = toIterable((to) => runAgent(request, to));
 * for await (const event of events) if (event.type === "text-delta") process.stdout.write(event.text);
 *
 * @throws whatever the work rejects with, after the events that came before.
 */
export async function* toIterable<E, R>(
  work: (to: Listener<E>) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<E, R, undefined> {
  const left = new AbortController();
  const flow = createBrake();
  const waiting: E[] = [];
  let wake = Promise.withResolvers<void>();
  const emit = (event: E): void => {
    waiting.push(event);
    if (waiting.length >= waitingMax) flow.hold();
    wake.resolve();
  };
  const outcome = work({
    signal: signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]),
    flow,
    emit,
  });
  let settled = false;
  const end = (): void => {
    settled = true;
    wake.resolve();
  };
  outcome.then(end, end);
  try {
    for (;;) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event;
      flow.release();
      if (settled && waiting.length === 0) return await outcome;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    left.abort(new Error("the reader left"));
    flow.release();
  }
}

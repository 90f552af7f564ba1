import type { ModelEvent } from "./model.ts";

/**
 * A generator queues `return()` behind the `next()` that is waiting; this lets it through, so that the wait ends: `left`
 * aborts first.
 */
export function leaveAtOnce(
  events: AsyncGenerator<ModelEvent, undefined>,
  left: AbortController,
): AsyncIterable<ModelEvent> {
  const iterator: AsyncIterator<ModelEvent, undefined> = {
    next: () => events.next(),
    return() {
      left.abort();
      return events.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

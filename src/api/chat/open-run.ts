import type { RunEvent } from "../../run/run-event.ts";

/**
 * How long a stream that the model has accepted may stay undecided. Most failures of a model come at once and shall be
 * a real status; but a client and the proxies before it want to see headers while a model thinks.
 */
const graceMs = 150;

const undecided = Symbol("undecided");

export interface OpenRun {
  /** The model that answers, as `provider/model`. */
  readonly model: string;
  readonly events: AsyncIterable<RunEvent>;
}

/**
 * Reads a run until its HTTP status is certain: the first thing the model says, or a little while after it has
 * accepted the call. Throws the run's error if that comes first. The returned events begin where this stopped reading.
 */
export async function openRun(events: AsyncIterable<RunEvent>): Promise<OpenRun> {
  const iterator = events[Symbol.asyncIterator]();
  let model: string | undefined;
  for (;;) {
    const next = iterator.next();
    const result = model === undefined ? await next : await withinGrace(next);
    if (result === undecided) return { model: model ?? "", events: resume(iterator, next) };
    if (!result.done && result.value.type === "run-error") throw result.value.error;
    if (!result.done && result.value.type === "run-start") continue;
    if (!result.done && result.value.type === "model-start") {
      ({ model } = result.value);
      continue;
    }
    return { model: model ?? "", events: resume(iterator, Promise.resolve(result)) };
  }
}

/** No timer outlives the wait: most models speak long before it is over, and there is one for each stream. */
async function withinGrace<T>(next: Promise<T>): Promise<T | typeof undecided> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<typeof undecided>((resolve) => {
    timer = setTimeout(resolve, graceMs, undecided);
  });
  try {
    return await Promise.race([next, grace]);
  } finally {
    clearTimeout(timer);
  }
}

/** Not a generator: one that was never started would not pass `return` on, and the run would be left open. */
function resume(iterator: AsyncIterator<RunEvent>, first: Promise<IteratorResult<RunEvent>>): AsyncIterable<RunEvent> {
  let pending: Promise<IteratorResult<RunEvent>> | undefined = first;
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        const next = pending ?? iterator.next();
        pending = undefined;
        return next;
      },
      async return() {
        await iterator.return?.();
        return { done: true, value: undefined };
      },
    }),
  };
}

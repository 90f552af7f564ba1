import { type Flow, type Listener, openFlow } from "./listener.ts";

/** All that was emitted, and how the work ended. */
export interface Heard<E, R> {
  readonly events: E[];
  readonly result: R | undefined;
  readonly error: unknown;
}

export interface Hearing<E> {
  readonly signal?: AbortSignal;
  readonly flow?: Flow;
  /** Called with each event after it was kept; what it throws, the listener throws. */
  readonly onEvent?: (event: E) => void;
}

/** Listens to the end. Fails if something is emitted after it. */
export async function hear<E, R>(
  work: (to: Listener<E>) => Promise<R>,
  { signal = new AbortController().signal, flow = openFlow, onEvent }: Hearing<E> = {},
): Promise<Heard<E, R>> {
  const events: E[] = [];
  let isOver = false;
  const emit = (event: E): void => {
    if (isOver) throw new Error(`emitted after the end: ${JSON.stringify(event)}`);
    events.push(event);
    onEvent?.(event);
  };
  try {
    return { events, result: await work({ signal, flow, emit }), error: undefined };
  } catch (error) {
    return { events, result: undefined, error };
  } finally {
    isOver = true;
  }
}

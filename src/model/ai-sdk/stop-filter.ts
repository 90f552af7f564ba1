import { StopSearch } from "../stop.ts";
import type { ModelEvent } from "../model.ts";

/** Ends an answer before the first stop sequence, for a vendor whose API knows none. */
export interface StopWatch {
  /** True once a stop sequence has come: the answer is over. */
  readonly stopped: boolean;
  /** The events that may be shown. Text that may be the beginning of a stop sequence is held back. */
  pass(event: ModelEvent): ModelEvent[];
  /** What was held back in vain. */
  finish(): ModelEvent[];
}

export function createStopWatch(sequences: readonly string[]): StopWatch {
  const search = new StopSearch(sequences);
  let stopped = false;
  const toEvents = (text: string): ModelEvent[] => (text === "" ? [] : [{ type: "text-delta", text }]);
  return {
    get stopped() {
      return stopped;
    },
    pass(event) {
      if (stopped) return [];
      if (sequences.length === 0) return [event];
      if (event.type !== "text-delta") return [...toEvents(search.release()), event];
      const released = search.add(event.text);
      ({ stopped } = released);
      return toEvents(released.text);
    },
    finish: () => toEvents(search.release()),
  };
}

import { firstIndexOf, heldLength } from "../stop.ts";
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
  let held = "";
  let stopped = false;
  const release = (): ModelEvent[] => {
    const text = held;
    held = "";
    return text === "" ? [] : [{ type: "text-delta", text }];
  };
  return {
    get stopped() {
      return stopped;
    },
    pass(event) {
      if (stopped) return [];
      if (sequences.length === 0) return [event];
      if (event.type !== "text-delta") return [...release(), event];
      const text = held + event.text;
      const stopAt = firstIndexOf(text, sequences);
      stopped = stopAt >= 0;
      const end = stopped ? stopAt : text.length - heldLength(text, sequences);
      held = stopped ? "" : text.slice(end);
      return end === 0 ? [] : [{ type: "text-delta", text: text.slice(0, end) }];
    },
    finish: release,
  };
}

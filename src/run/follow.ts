import { GatewayError } from "../base/errors.ts";
import { type Listener, untilFree } from "../base/listener.ts";
import type { RunRecord, RunStore } from "../session/run-store.ts";
import type { Recording } from "./recording.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import { toAnswer, toExpired } from "./run-outcome.ts";
import { RunWatch } from "./run-watch.ts";

export interface FollowParts {
  readonly store: Pick<RunStore, "find" | "events">;
  /** The run, while this process carries it. */
  readonly findRecording: (id: string) => Recording | undefined;
  /** Resolves when something may have come of a run that another process carries, or a while later. */
  readonly untilNews: (id: string, signal: AbortSignal) => Promise<void>;
}

/** The events of one page that is read of the store. */
const pageEvents = 500;

/** Behind every event of a run: for who wants to hear its end alone. */
export const afterAll = Number.MAX_SAFE_INTEGER;

/**
 * Hears a run that is logged, from the event behind number `after`: first what was, then what comes, each event once and
 * in order; it resolves and rejects as the run has ended. It does not brake the run: while its own flow is held it takes
 * nothing, and reads what it has missed when it is free. Rejects with the signal's reason, and with `run_not_found` or
 * `run_expired`.
 */
export async function followRun(
  id: string,
  after: number,
  to: Listener<RunEvent>,
  parts: FollowParts,
): Promise<RunAnswer> {
  const { store, findRecording, untilNews } = parts;
  let seq = after;
  for (;;) {
    await untilFree(to.flow, to.signal);
    const recording = findRecording(id);
    if (recording === undefined) {
      const run = await mustFind(store, id);
      seq = await readTo(run.lastSeq, id, seq, to, store);
      if (run.endedAt !== undefined) return toAnswer(run);
      await untilNews(id, to.signal);
      continue;
    }
    // The watch first, then the store up to what the watch has: nothing falls between the two.
    const watch = new RunWatch(recording, to);
    try {
      seq = await readTo(watch.from - 1, id, seq, to, store);
      const passed = await watch.pass(seq);
      if (passed.outcome?.error !== undefined) throw passed.outcome.error;
      if (passed.outcome !== undefined) return passed.outcome.answer;
      ({ seq } = passed);
    } finally {
      watch.stop();
    }
  }
}

/** Passes on what the store has, up to number `last` and maybe beyond. Resolves to the last number that was passed. */
async function readTo(
  last: number,
  id: string,
  after: number,
  to: Listener<RunEvent>,
  store: FollowParts["store"],
): Promise<number> {
  let seq = after;
  while (seq < last) {
    const { events } = await store.events(id, seq, pageEvents);
    if (events.length === 0) throw toExpired(id);
    await untilFree(to.flow, to.signal);
    for (const event of events) {
      // What was read and not taken is read again: a page is no more than what one writes at once.
      if (to.flow.held) break;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this process or one like it
      to.emit(JSON.parse(event) as RunEvent);
      seq += 1;
    }
    await untilFree(to.flow, to.signal);
  }
  return seq;
}

export async function mustFind(store: Pick<RunStore, "find">, id: string): Promise<RunRecord> {
  const run = await store.find(id);
  if (run === undefined) throw toUnknown(id);
  return run;
}

export function toUnknown(id: string): GatewayError {
  return new GatewayError("run_not_found", `There is no run '${id.slice(0, 64)}'.`, { param: "id" });
}

import { AsyncLocalStorage } from "node:async_hooks";
import { show } from "../expect.ts";
import type { Result } from "../verdict.ts";

export interface StrayWatch {
  /** What is lost in there is this watch's. */
  readonly run: <T>(call: () => T) => T;
  readonly stop: () => void;
  readonly toResults: () => Result[];
}

/** Which of the runs that go on in this process it is that does something. */
const current = new AsyncLocalStorage<object>();

type Lost = Map<Promise<unknown>, string>;

/** The process is asked once for all that go on, be they as many as a self-test has; each keeps what it has lost. */
const watched = new Map<object, Lost>();

function onRejection(reason: unknown, promise: Promise<unknown>): void {
  const own = current.getStore();
  // Of what comes from nowhere each has to think that it is its own.
  for (const [watch, lost] of watched) if ((own ?? watch) === watch) lost.set(promise, show(reason));
}

/** Somebody has come late for it, as who reads one stream to its end and then looks at the other: it was not lost. */
function onHandled(promise: Promise<unknown>): void {
  for (const lost of watched.values()) lost.delete(promise);
}

/** A promise that an SDK or a case has lost is a finding of its own, not the end of the run. */
export function watchStrayRejections(): StrayWatch {
  const lost: Lost = new Map();
  const own = {};
  if (watched.size === 0) process.on("unhandledRejection", onRejection).on("rejectionHandled", onHandled);
  watched.set(own, lost);
  return {
    run: (call) => current.run(own, call),
    stop: () => {
      watched.delete(own);
      if (watched.size === 0) process.off("unhandledRejection", onRejection).off("rejectionHandled", onHandled);
    },
    toResults: () =>
      [...lost.values()].slice(0, 20).map((reason, index) => ({
        id: `STRAY-${String(index + 1).padStart(2, "0")}`,
        group: "STRAY",
        level: "MUST",
        requirement: "No answer leads an SDK into an unhandled rejection.",
        source: "A Node process ends on one by default.",
        verdict: "fail",
        expected: "no unhandled rejection",
        actual: reason,
        ms: 0,
        exchanges: [],
        notes: [],
      })),
  };
}

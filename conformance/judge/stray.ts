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

/** The process is asked once for all that go on, be they as many as a self-test has; each keeps what it has lost. */
const watched = new Map<object, string[]>();

function onRejection(reason: unknown): void {
  const own = current.getStore();
  // Of what comes from nowhere each has to think that it is its own.
  for (const [watch, reasons] of watched) if ((own ?? watch) === watch) reasons.push(show(reason));
}

/** A promise that an SDK or a case has lost is a finding of its own, not the end of the run. */
export function watchStrayRejections(): StrayWatch {
  const reasons: string[] = [];
  const own = {};
  if (watched.size === 0) process.on("unhandledRejection", onRejection);
  watched.set(own, reasons);
  return {
    run: (call) => current.run(own, call),
    stop: () => {
      watched.delete(own);
      if (watched.size === 0) process.off("unhandledRejection", onRejection);
    },
    toResults: () =>
      reasons.slice(0, 20).map((reason, index) => ({
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

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

/** A promise that an SDK or a case has lost is a finding of its own, not the end of the run. */
export function watchStrayRejections(): StrayWatch {
  const reasons: string[] = [];
  const own = {};
  const onRejection = (reason: unknown): void => {
    // Of what comes from nowhere each has to think that it is its own.
    if ((current.getStore() ?? own) === own) reasons.push(show(reason));
  };
  process.on("unhandledRejection", onRejection);
  return {
    run: (call) => current.run(own, call),
    stop: () => void process.off("unhandledRejection", onRejection),
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

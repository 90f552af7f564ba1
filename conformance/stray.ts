import { show } from "./expect.ts";
import type { Result } from "./verdict.ts";

/** A promise that an SDK or a case has lost is a finding of its own, not the end of the run. */
export function watchStrayRejections(): { stop(): void; toResults(): Result[] } {
  const reasons: string[] = [];
  const onRejection = (reason: unknown): void => void reasons.push(show(reason));
  process.on("unhandledRejection", onRejection);
  return {
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

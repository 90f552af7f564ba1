import type { Level } from "./case.ts";
import type { Exchange } from "./lens/exchange.ts";

/**
 * pass: met. fail: a MUST or EXT case is not met. warn: a SHOULD case is not met. skip: it cannot be decided here.
 * error: the suite itself failed, or its machine. not-run: the subject had stopped answering. xfail: not met, as the
 * baseline says. xpass: met, though the baseline says otherwise.
 */
export type Verdict = "pass" | "fail" | "warn" | "skip" | "error" | "not-run" | "xfail" | "xpass";

/** What one case showed on one subject through one lens. */
export interface Result {
  readonly id: string;
  readonly group: string;
  readonly level: Level;
  readonly requirement: string;
  readonly source: string;
  /** The SDK major that it was run with; undefined where the case does not depend on it. */
  readonly sdk?: number;
  readonly verdict: Verdict;
  /** What would have been right; with `actual`, for fail, warn and xfail. */
  readonly expected?: string;
  readonly actual?: string;
  /** Why it was skipped, what went wrong, or why the baseline expects a failure. */
  readonly reason?: string;
  readonly notes: readonly string[];
  readonly ms: number;
  readonly exchanges: readonly Exchange[];
}

export const verdicts: readonly Verdict[] = ["pass", "fail", "warn", "skip", "error", "not-run", "xfail", "xpass"];

export function countVerdicts(results: readonly Result[]): Record<Verdict, number> {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

/** The exit status of the whole command. */
export const exitStatus = { fine: 0, failed: 1, usage: 2, gone: 3, erred: 4 } as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** What the results are worth: that the server failed is certain, whatever else went wrong in the suite. */
export function toExitStatus(results: readonly Result[], failOn: "must" | "should"): ExitStatus {
  const has = (...wanted: readonly Verdict[]): boolean => results.some(({ verdict }) => wanted.includes(verdict));
  if (has("fail", "xpass") || (failOn === "should" && has("warn"))) return exitStatus.failed;
  return has("error") ? exitStatus.erred : exitStatus.fine;
}

import type { Level } from "./case.ts";
import type { Exchange } from "./lens/exchange.ts";

/**
 * pass: met. fail: a MUST or EXT case is not met. warn: a SHOULD case is not met. skip: it cannot be decided here.
 * error: the harness or the transport failed. xfail: not met, as the baseline says. xpass: met, though the baseline
 * says otherwise.
 */
export type Verdict = "pass" | "fail" | "warn" | "skip" | "error" | "xfail" | "xpass";

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

export const verdicts: readonly Verdict[] = ["pass", "fail", "warn", "skip", "error", "xfail", "xpass"];

export function countVerdicts(results: readonly Result[]): Record<Verdict, number> {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

/** Exit statuses: 0 fine, 1 failed, 2 usage, 3 the subject cannot be reached. */
export function toExitStatus(results: readonly Result[], failOn: "must" | "should"): 0 | 1 {
  const bad = results.some(
    ({ verdict }) =>
      verdict === "fail" || verdict === "error" || verdict === "xpass" || (verdict === "warn" && failOn === "should"),
  );
  return bad ? 1 : 0;
}

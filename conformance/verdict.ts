import type { Level } from "./case.ts";
import type { Exchange } from "./lens/exchange.ts";

/**
 * pass: met. fail: a MUST or EXT case is not met. warn: a SHOULD or DOC case is not met. skip: it cannot be decided here.
 * not-claimed: it needs what the server neither has nor claims in its manifest. error: the suite itself failed, or its machine. not-run: the subject had stopped answering. xfail: not met, as the
 * baseline says. xpass: met, though the baseline says otherwise. stale: the recording that is replayed does not have what
 * the case asks.
 */
export type Verdict =
  | "pass"
  | "fail"
  | "warn"
  | "skip"
  | "not-claimed"
  | "error"
  | "not-run"
  | "xfail"
  | "xpass"
  | "stale";

/** What one case showed on one subject through one lens. */
export interface Result {
  readonly id: string;
  readonly group: string;
  readonly level: Level;
  readonly requirement: string;
  readonly source: string;
  /** The SDK major that it was run with; undefined where the case does not depend on it. */
  readonly sdk?: number;
  /** The case came after the set that the run is judged by: it fails no run. */
  readonly after?: boolean;
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

export const verdicts: readonly Verdict[] = [
  "pass",
  "fail",
  "warn",
  "skip",
  "not-claimed",
  "error",
  "not-run",
  "xfail",
  "xpass",
  "stale",
];

/** How many there are of each verdict; those of cases that came after the set are one number of their own. */
export function countVerdicts(results: readonly Result[]): Record<Verdict | "after", number> {
  const names = [...verdicts, "after"] as const;
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<Verdict | "after", number>;
  for (const { verdict, after } of results) counts[after === true ? "after" : verdict]++;
  return counts;
}

/** From which level on what is not met fails the run: `doc` takes DOC as seriously as MUST, `should` all of them. */
export type FailOn = "must" | "doc" | "should";

/** The exit status of the whole command. */
export const exitStatus = { fine: 0, failed: 1, usage: 2, gone: 3, erred: 4 } as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** What the results are worth: that the server failed is certain, whatever else went wrong in the suite. */
export function toExitStatus(all: readonly Result[], failOn: FailOn): ExitStatus {
  const results = all.filter(({ after }) => after !== true);
  const has = (...wanted: readonly Verdict[]): boolean => results.some(({ verdict }) => wanted.includes(verdict));
  const warned = results.some(
    ({ verdict, level }) => verdict === "warn" && (failOn === "should" || (failOn === "doc" && level === "DOC")),
  );
  if (has("fail", "xpass") || warned) return exitStatus.failed;
  return has("error", "stale") ? exitStatus.erred : exitStatus.fine;
}

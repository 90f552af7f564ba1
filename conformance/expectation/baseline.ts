import { parse } from "yaml";
import { isObject } from "../expect.ts";
import type { Result } from "../verdict.ts";

/** Cases that are known not to be met, each with the reason. A case that is met all the same fails the run. */
export type Baseline = ReadonlyMap<string, string>;

export class BaselineError extends Error {
  override readonly name = "BaselineError";
}

/**
 * Reads YAML or JSON: a map from case ids, with `@7` behind them for one SDK major only, to the reason. Throws
 * `BaselineError`.
 */
export function parseBaseline(text: string, knownIds: ReadonlySet<string>): Baseline {
  const value: unknown = parse(text) ?? {};
  if (!isObject(value)) throw new BaselineError("A baseline is a map from case ids to reasons.");
  return new Map(
    Object.entries(value).map(([id, reason]) => {
      if (!knownIds.has(id.replace(/@\d+$/, "")))
        throw new BaselineError(`The baseline names the case ${id}, which does not exist.`);
      if (typeof reason !== "string" || reason.trim() === "")
        throw new BaselineError(`The baseline gives no reason for ${id}.`);
      return [id, reason.trim()];
    }),
  );
}

export function applyBaseline(result: Result, baseline: Baseline): Result {
  const reason = baseline.get(`${result.id}@${result.sdk}`) ?? baseline.get(result.id);
  if (reason === undefined) return result;
  if (result.verdict === "fail" || result.verdict === "warn") return { ...result, verdict: "xfail", reason };
  if (result.verdict === "pass")
    return { ...result, verdict: "xpass", reason: `the baseline expects it to fail: ${reason}` };
  return result;
}

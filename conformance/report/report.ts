import { toClientVerdicts } from "../tell/client-verdicts.ts";
import type { RunOutcome } from "../judge/engine.ts";
import { toFindings } from "../tell/findings.ts";
import { createMask, maskDeep, maskExchange, toSecrets } from "../tell/mask.ts";
import type { Pace } from "../judge/pace.ts";
import type { Report } from "../shapes.ts";
import { toSlowness } from "../judge/slow.ts";
import type { Capabilities, CapabilityFinding, Subject } from "../reach/subject.ts";
import { countVerdicts, type Result } from "../verdict.ts";

export interface ReportParts {
  readonly suite: string;
  readonly set: string;
  readonly subject: Subject;
  /** How the reports call the subject. */
  readonly name: string;
  /** Which version of the subject it is, if somebody has said so. */
  readonly version?: string;
  readonly capabilities: Capabilities;
  /** Where the server's manifest stands, if it has one. */
  readonly manifest?: string;
  readonly pace: Pace;
  readonly sdks: readonly { readonly major: number; readonly version: string }[];
  readonly seed: number;
  readonly started: Date;
  readonly outcome: RunOutcome;
}

/** One run as the published schema describes it (conformance/schemas.yaml, ConformanceReport), without secrets. */
export function toReport({
  suite,
  set,
  subject,
  name,
  version,
  capabilities,
  manifest,
  pace,
  sdks,
  seed,
  started,
  outcome,
}: ReportParts): Report {
  const { results, requests, seconds, died } = outcome;
  const secrets = toSecrets(subject);
  const mask = createMask(secrets);
  const counts = countVerdicts(results);
  const slow = died === undefined ? toSlowness(results, capabilities, pace) : undefined;
  // What the exchanges show, and what the rules read in them, is masked by then.
  const shown = results.map((result) => maskFindings(result, secrets)) as unknown as Report["results"];
  const report = {
    format: 1,
    suite,
    set,
    started: started.toISOString(),
    seconds: Math.round(seconds * 10) / 10,
    requests,
    seed,
    subject: {
      name,
      ...(version === undefined ? {} : { version }),
      baseUrl: subject.baseUrl,
      model: subject.model,
      profile: subject.profile,
    },
    sdks: [...sdks],
    timeout: pace,
    capabilities: maskDeep(Object.fromEntries([...capabilities].map(withoutExchanges)), mask),
    ...(manifest === undefined ? {} : { manifest: mask(manifest) }),
    counts,
    summary: toClosingLine({ counts }),
    ...(slow === undefined ? {} : { slow }),
    ...(died === undefined
      ? {}
      : { died: { ...maskDeep(died, mask), exchanges: died.exchanges.map((one) => maskExchange(one, secrets)) } }),
    findings: toFindings(shown),
    // Of what is no Chat Completions they say nothing.
    ...(subject.profile === "websocket" ? {} : { clients: toClientVerdicts(shown) }),
    results: shown,
  };
  // The engine's results are what the schema says, but for read-only marks.
  return report as unknown as Report;
}

/** What went over the wire stands in the report where something is found in it. */
function withoutExchanges([name, { exchanges: _calls, ...finding }]: [string, CapabilityFinding]) {
  return [name, finding] as const;
}

/** Only what came from the subject is masked; the words of the suite may speak of bearer tokens. */
function maskFindings(result: Result, secrets: readonly string[]): Result {
  const { id, group, level, requirement, source, exchanges, ...found } = result;
  return {
    id,
    group,
    level,
    requirement,
    source,
    ...maskDeep(found, createMask(secrets)),
    exchanges: exchanges.map((one) => maskExchange(one, secrets)),
  };
}

/**
 * `12 passed, 1 failed, 3 skipped`: what test runners print last, and what people look for; what there is of other verdicts
 * stands behind it under its own name, so that every number is one of the report's counts.
 */
export function toClosingLine({ counts }: Pick<Report, "counts">): string {
  const of = (name: string): number => counts[name] ?? 0;
  const others = ["not-claimed", "warn", "error", "not-run", "xfail", "xpass", "stale"]
    .filter((name) => of(name) > 0)
    .map((name) => `${of(name)} ${name.replace("-", " ")}`);
  const after = of("after") > 0 ? [`${of("after")} after the set`] : [];
  return [`${of("pass")} passed`, `${of("fail")} failed`, `${of("skip")} skipped`, ...others, ...after].join(", ");
}

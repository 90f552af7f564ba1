import { canExplain, type Cause, toEvidence } from "./cause.ts";
import { causes as known } from "./causes.ts";
import type { Report } from "../shapes.ts";

type Result = Report["results"][number];
export type Finding = NonNullable<Report["findings"]>[number];

/** What fails a run comes before what only warns, and a client that breaks before all else. */
const weights: readonly string[] = ["fail", "xpass", "error", "stale", "warn"];
const levels: readonly string[] = ["MUST", "EXT", "SHOULD", "DOC"];

/**
 * What there is to mend: everything that was found, each thing once. Results of one case are one finding, whichever SDK has
 * seen it; cases that a rule traces to one cause are one, too. Worst first.
 */
export function toFindings(results: readonly Result[], causes: readonly Cause[] = known): Finding[] {
  const findings = [false, true].flatMap((after) => {
    const found = results.filter((one) => weights.includes(one.verdict) && (one.after === true) === after);
    return toGroups(found, causes).map(([title, members]) => toFinding(title, members, after));
  });
  return toNamed(findings).toSorted((a, b) => toWeight(a) - toWeight(b));
}

/** Those of the report; one that an older suite has written has none, and they are made of its results. */
export function listFindings({ findings, results }: Report): readonly Finding[] {
  return findings ?? toFindings(results);
}

export function isFound(verdict: Result["verdict"]): boolean {
  return weights.includes(verdict);
}

/** How reports name a result, and link to it. */
export function toResultName({ id, sdk }: Pick<Result, "id" | "sdk">): string {
  return sdk === undefined ? id : `${id}@${sdk}`;
}

/** The cases in few words: the first ones, and how many more. */
export function toCaseList(cases: readonly string[], shownMax = 5): string {
  const rest = cases.length - shownMax;
  return `${cases.slice(0, shownMax).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

interface Shown {
  readonly cause: Cause;
  readonly title: string;
}

type Group = readonly [shown: Shown | undefined, members: readonly Result[]];

/** Where several rules speak of one case, the one that explains most cases has it. */
function toGroups(found: readonly Result[], causes: readonly Cause[]): Group[] {
  let open = Map.groupBy(found, ({ id }) => id);
  const shown = new Map([...open].map(([id, ofCase]) => [id, toShown(ofCase, causes)]));
  const groups: Group[] = [];
  for (;;) {
    const cases = [...open.keys()];
    const titles = Map.groupBy(
      cases.flatMap((id) => (shown.get(id) ?? []).map((one) => ({ id, ...one }))),
      ({ title }) => title,
    );
    const [most] = [...titles.values()].toSorted((a, b) => b.length - a.length);
    if (most === undefined || most.length < 2) break;
    const ids = new Set(most.map(({ id }) => id));
    groups.push([most[0], [...ids].flatMap((id) => open.get(id) ?? [])]);
    open = new Map([...open].filter(([id]) => !ids.has(id)));
  }
  return [...groups, ...[...open.values()].map((ofCase): Group => [undefined, ofCase])];
}

/** All results of the case have to show the cause: a case that fails otherwise with one SDK has more to tell. */
function toShown(ofCase: readonly Result[], causes: readonly Cause[]): Shown[] {
  return causes.flatMap((cause) => {
    const titles = ofCase.map((result) => explain(cause, result));
    const [title] = titles;
    return title !== undefined && !titles.includes(undefined) ? [{ cause, title }] : [];
  });
}

function explain(cause: Cause, result: Result): string | undefined {
  const evidence = canExplain(cause, result) ? toEvidence(result) : undefined;
  return evidence === undefined ? undefined : cause.shows(evidence);
}

/** The case that is worst comes first: it is the one to look at. */
function toFinding(shown: Shown | undefined, results: readonly Result[], after: boolean): Finding {
  const rank = ({ verdict, level }: Result): number => weights.indexOf(verdict) * 10 + levels.indexOf(level);
  const members = results.toSorted((a, b) => rank(a) - rank(b));
  const cases = [...new Set(members.map(({ id }) => id))];
  const worst = (order: readonly string[], of: readonly string[]): string =>
    order.find((one) => of.includes(one)) ?? order[0]!;
  const verdict = worst(
    weights,
    members.map((one) => one.verdict),
  );
  const binding = members.filter((one) => one.verdict === verdict).map(({ level }) => level);
  const finding = {
    id: shown?.cause.id ?? cases[0]!,
    title: shown?.title ?? members[0]!.requirement,
    verdict,
    level: worst(levels, binding),
    cases,
    results: members.map(toResultName),
    ...(after ? { after: true } : {}),
  };
  // Both words come from results, which the schema has checked.
  return finding as Finding;
}

/** A rule that tells of two things has two findings, and each needs a name of its own. */
function toNamed(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const count = (seen.get(finding.id) ?? 0) + 1;
    seen.set(finding.id, count);
    return count === 1 ? finding : { ...finding, id: `${finding.id}-${count}` };
  });
}

function toWeight({ verdict, level, after }: Finding): number {
  return (after === true ? 100 : 0) + weights.indexOf(verdict) * 10 + levels.indexOf(level);
}

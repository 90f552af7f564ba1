import { compareIds } from "../folder.ts";
import type { Report } from "../shapes.ts";
import { toNewestFirst } from "./version.ts";

type Result = Report["results"][number];
type Verdict = Result["verdict"];

/** A server, with all reports that there are of it. */
export interface Entry {
  readonly name: string;
  /** Its part of an address; no two servers have the same. */
  readonly slug: string;
  /** The newest version first, and of one version the newest run. */
  readonly reports: readonly Report[];
  /** The newest run of the newest version: what is held against others. */
  readonly latest: Report;
}

/** A requirement, and what became of it at each server. */
export interface Requirement {
  readonly id: string;
  readonly group: string;
  readonly level: Result["level"];
  readonly requirement: string;
  readonly source: string;
  /** Those that have run it, in the order of the servers. */
  readonly outcomes: readonly Outcome[];
}

export interface Outcome {
  readonly entry: Entry;
  readonly verdict: Verdict;
  /** One for each SDK major that it was run with, the worst first. */
  readonly results: readonly Result[];
}

/** The servers, by name. */
export function toEntries(reports: readonly Report[]): Entry[] {
  const byName = [...Map.groupBy(reports, ({ subject }) => subject.name)].toSorted(([a], [b]) => compareNames(a, b));
  const taken = new Set<string>();
  return byName.map(([name, ofServer]) => {
    const newest = toNewestFirst(ofServer);
    return { name, slug: toSlug(name, taken), reports: newest, latest: newest[0]! };
  });
}

/** Every requirement that a newest report speaks of; its words are those of the newest suite. */
export function toRequirements(entries: readonly Entry[]): Requirement[] {
  const results = entries.flatMap((entry) => entry.latest.results.map((result) => ({ entry, result })));
  const byId = [...Map.groupBy(results, ({ result }) => result.id)].toSorted(([a], [b]) => compareIds(a, b));
  return byId.map(([id, ofCase]) => {
    const newest = ofCase.toSorted((a, b) => Date.parse(b.entry.latest.started) - Date.parse(a.entry.latest.started));
    const { group, level, requirement, source } = newest[0]!.result;
    const outcomes = [...Map.groupBy(ofCase, ({ entry }) => entry)].map(([entry, ofServer]) =>
      toOutcome(
        entry,
        ofServer.map(({ result }) => result),
      ),
    );
    return { id, group, level, requirement, source, outcomes };
  });
}

/** The verdict of a case whose SDK majors do not agree is the worst of them. */
export function toOutcome(entry: Entry, results: readonly Result[]): Outcome {
  const ordered = results.toSorted((a, b) => severity.indexOf(a.verdict) - severity.indexOf(b.verdict));
  return { entry, verdict: ordered[0]!.verdict, results: ordered };
}

const severity: readonly Verdict[] = [
  "fail",
  "xpass",
  "error",
  "warn",
  "xfail",
  "not-run",
  "skip",
  "not-claimed",
  "pass",
];

/** Not met, whatever became of the run for it. */
export function isUnmet(verdict: Verdict): boolean {
  return ["fail", "warn", "xfail"].includes(verdict);
}

export interface Score {
  readonly met: number;
  readonly decided: number;
}

/** How many of the cases of a level, or a group, that could be decided are met; those after the set count nowhere. */
export function toScore(results: readonly Result[]): Score {
  const inSet = results.filter(({ after }) => after !== true);
  const cases = [...Map.groupBy(inSet, ({ id }) => id).values()].map((ofCase) => ofCase.map(({ verdict }) => verdict));
  const decided = cases.filter((verdicts) =>
    verdicts.some((verdict) => verdict === "pass" || verdict === "xpass" || isUnmet(verdict)),
  );
  const met = decided.filter((verdicts) => !verdicts.some(isUnmet));
  return { met: met.length, decided: decided.length };
}

export function compareNames(a: string, b: string): number {
  return a.localeCompare(b, "en", { sensitivity: "base", numeric: true }) || compareIds(a, b);
}

function toSlug(name: string, taken: Set<string>): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  const base = words === "" ? "server" : words;
  let slug = base;
  for (let count = 2; taken.has(slug); count++) slug = `${base}-${count}`;
  taken.add(slug);
  return slug;
}

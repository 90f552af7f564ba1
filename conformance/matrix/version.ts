import type { Report } from "../shapes.ts";

/** A version with an order: its numbers, and what stands before a release, as `rc.1`; both piece by piece. */
interface Version {
  readonly numbers: readonly number[];
  readonly before: readonly string[];
}

/**
 * By version, and what is of one version by date: somebody may look at an old version after the new one. Where one of the
 * versions has no order, as `nightly` or a commit, the date alone decides, lest the rest be ordered by two measures.
 */
export function toNewestFirst(reports: readonly Report[]): Report[] {
  const versions = new Map(reports.map((report) => [report, parseVersion(report.subject.version)]));
  const isOrdered = [...versions.values()].every((version) => version !== undefined);
  return reports.toSorted((a, b) => {
    const byVersion = isOrdered ? compareVersions(versions.get(b)!, versions.get(a)!) : 0;
    return byVersion || Date.parse(b.started) - Date.parse(a.started);
  });
}

/** Semantic versions, and those that leave out the last number; a `v` before and what is built, behind `+`, say nothing. */
function parseVersion(text = ""): Version | undefined {
  const match = /^v?(\d{1,15}(?:\.\d{1,15}){1,3})(?:-([\w.-]+))?(?:\+[\w.-]+)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, numbers = "", before] = match;
  return { numbers: numbers.split(".").map(Number), before: before?.split(".") ?? [] };
}

function compareVersions(a: Version, b: Version): number {
  for (let place = 0; place < Math.max(a.numbers.length, b.numbers.length); place++) {
    const difference = (a.numbers[place] ?? 0) - (b.numbers[place] ?? 0);
    if (difference !== 0) return difference;
  }
  // A release is newer than all that stood before it.
  if (a.before.length === 0 || b.before.length === 0) return b.before.length - a.before.length;
  for (let place = 0; place < Math.max(a.before.length, b.before.length); place++) {
    const difference = comparePieces(a.before[place], b.before[place]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** As semver.org has it: numbers by size and before words, words by their letters, and more pieces are newer than fewer. */
function comparePieces(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return Number(a) - Number(b);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : 1;
}

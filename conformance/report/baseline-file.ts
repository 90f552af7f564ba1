import { stringify } from "yaml";
import { toLine } from "../tell/progress.ts";
import type { Report } from "../shapes.ts";

/**
 * What this run failed as a baseline to begin with: a line for each case, and for single SDK majors where the others are
 * well. The reasons are for a person to write; until then each says what was found.
 */
export function toBaselineFile({ results, subject, set }: Report): string {
  const lines: Record<string, string> = {};
  for (const [id, ofCase] of Map.groupBy(results, (result) => result.id)) {
    const failed = ofCase.filter(isKnown);
    if (failed.length === 0) continue;
    const names = failed.length === ofCase.length ? [id] : failed.map(({ sdk }) => `${id}@${sdk}`);
    for (const [place, name] of names.entries()) lines[name] = toReason(failed[place]!);
  }
  const head = [
    `What ${subject.name.replaceAll(/\s+/g, " ")} is known to fail of ${set}. Put a reason in the place of each TODO, or mend it.`,
  ];
  return `${head.map((line) => `# ${line}`).join("\n")}\n${Object.keys(lines).length === 0 ? "" : stringify(lines, { lineWidth: 0 })}`;
}

/** What fails a run now, or was known before. */
function isKnown({ verdict }: Report["results"][number]): boolean {
  return verdict === "fail" || verdict === "xfail";
}

function toReason({ verdict, reason, expected, actual }: Report["results"][number]): string {
  // A reason that somebody has written stays.
  if (verdict === "xfail" && reason !== undefined) return reason;
  const finding = toLine(`expected ${expected}, got ${actual}`);
  return `TODO: ${finding.slice(0, 200)}`;
}

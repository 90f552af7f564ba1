import { listFindings, toCaseList, toResultName } from "../tell/findings.ts";
import { toLine } from "../tell/progress.ts";
import type { Report } from "../shapes.ts";

/** Workflow commands that make GitHub show each finding beside the run; it shows few of them, so each thing comes once. */
export function toAnnotations(report: Report): string[] {
  const { results, died } = report;
  const death = died === undefined ? [] : [`::error title=The server died::${escapeMessage(died.message)}`];
  const inSet = listFindings(report).filter(({ after }) => after !== true);
  const findings = inSet.map(({ verdict, title, cases, results: names }) => {
    const found = results.filter((one) => names.includes(toResultName(one)));
    const { expected, actual, reason } = found[0] ?? {};
    const said = expected === undefined ? (reason ?? "") : `expected ${expected}, got ${actual ?? ""}`;
    const majors = cases.length > 1 ? [] : found.flatMap(({ sdk }) => sdk ?? []);
    const name = majors.length === 0 ? toCaseList(cases) : `${cases[0]} (openai ${majors.join(", ")})`;
    const example = cases.length > 1 ? `${cases[0]}: ` : "";
    return `::${verdict === "warn" ? "warning" : "error"} title=${escapeProperty(name)}::${escapeMessage(`${title} — ${example}${said}`)}`;
  });
  return [...death, ...findings];
}

/** What a server has said moves no cursor of whoever reads the log either. */
function escapeMessage(text: string): string {
  const lines = text.split("\n").map(toLine).join("\n");
  return lines.replaceAll("%", "%25").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

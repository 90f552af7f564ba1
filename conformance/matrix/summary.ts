import { toLine } from "../tell/progress.ts";
import { type Finding, listFindings, toCaseList } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";
import { type Entry, toEntries, toScore } from "./entry.ts";

/** The matrix as one page of Markdown: the servers, and of each what breaks clients. */
export function toSummary(reports: readonly Report[]): string {
  const entries = toEntries(reports);
  const rows = entries.flatMap(({ name, reports: ofServer }) => ofServer.map((report) => toRow(name, report)));
  const head = ["Server", "Version", "Set", "Run", "MUST", "SHOULD", "DOC", "To mend"];
  return [
    "<!-- Written by `conformance matrix --markdown`; do not edit. -->",
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n"),
    ...entries.map(toFindingList),
  ]
    .join("\n\n")
    .concat("\n");
}

function toRow(name: string, report: Report): string[] {
  const shares = (["MUST", "SHOULD", "DOC"] as const).map((level) => {
    const { met, decided } = toScore(report.results.filter((one) => one.level === level));
    return decided === 0 ? "–" : `${met}/${decided}`;
  });
  const { subject, set, started } = report;
  return [
    toText(name),
    toText(subject.version ?? "–"),
    set,
    started.slice(0, 10),
    ...shares,
    `${listInSet(report).length}`,
  ];
}

function toFindingList({ name, latest }: Entry): string {
  const binding = listInSet(latest).filter(({ verdict }) => verdict === "fail" || verdict === "xpass");
  const lines = binding.map(({ title, cases }) => `- ${toProse(title)} (${toCaseList(cases)})`);
  return [`## ${toText(name)}`, lines.length === 0 ? "No MUST that could be decided fails." : lines.join("\n")].join(
    "\n\n",
  );
}

function listInSet(report: Report): readonly Finding[] {
  return listFindings(report).filter(({ after, verdict }) => after !== true && verdict !== "error");
}

/** Words of the suite may have code in them; what of a server stands there is no markup either. */
function toProse(text: string): string {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return toText(text);
  return pieces.map((piece, index) => (index % 2 === 1 ? `\`${piece}\`` : toText(piece))).join("");
}

function toText(text: string): string {
  const line = toLine(text.toWellFormed()).replaceAll(/\s+/g, " ");
  return line.replaceAll(/[\\`*_{}[\]<>|#!~&]/g, (character) => `\\${character}`);
}

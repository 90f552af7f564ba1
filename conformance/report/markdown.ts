import { toClaim } from "../expectation/manifest.ts";
import { type Finding, isFound, listFindings } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";
import { toClosingLine } from "./report.ts";
import { toShellLine } from "./repro.ts";

type Result = Report["results"][number];

/** A summary for people, in the Markdown that CI systems show beside a run. The worst comes first. */
export function toMarkdown(report: Report): string {
  const { subject, seconds, requests, sdks, results } = report;
  const findings = listFindings(report);
  const inSet = findings.filter(({ after }) => after !== true);
  const majors = sdks.map(({ version }) => version).join(", ");
  return [
    `# Conformance of ${toText(subject.name)}`,
    `**${toClosingLine(report)}** · ${results.length} results, ${requests} requests, ${seconds} s · openai ${majors} · set ${report.set}, suite ${report.suite}`,
    toWait(report),
    toDeath(report),
    toSection(
      "To fix",
      inSet.filter(({ verdict }) => verdict !== "warn"),
      report,
    ),
    toSection(
      "Worth fixing",
      inSet.filter(({ verdict }) => verdict === "warn"),
      report,
    ),
    toSection(
      "After this set",
      findings.filter(({ after }) => after === true),
      report,
    ),
    toClients(report),
    toCapabilities(report),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

/** How long a call might take, and whether that was too short for the server. */
function toWait({ timeout, slow }: Report): string {
  const waited = timeout === undefined ? "" : `A call might take ${timeout.ms / 1000} s: ${toText(timeout.why)}.`;
  return slow === undefined ? waited : `${waited}\n\n**${toText(slow)}**`.trim();
}

/** The one cause, and what sends the last call again. */
function toDeath({ died }: Report): string {
  if (died === undefined) return "";
  const [last] = died.exchanges;
  const repro = last === undefined ? "" : `\n\n${toIndented(toShellLine(last))}`;
  return `## The server died\n\n${toText(died.message)}.${repro}`;
}

/** As code, which no text can end. */
function toIndented(text: string): string {
  return text
    .slice(0, 2000)
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

/** A row for each finding, and under one of several cases a row for each of them. */
function toSection(title: string, findings: readonly Finding[], { results }: Report): string {
  if (findings.length === 0) return "";
  const byId = Map.groupBy(results, ({ id }) => id);
  const rows = findings.flatMap(({ title: cause, level, cases }) => {
    const members = cases.map((id) => toRow(id, byId.get(id) ?? []));
    return cases.length === 1
      ? members
      : [`| **${cases.length} cases** | ${level} | **${toText(cause)}** | | |`, ...members];
  });
  return [
    `## ${title}`,
    "",
    "| case | level | requirement | expected | found |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function toRow(id: string, ofCase: readonly Result[]): string {
  const found = ofCase.filter(({ verdict }) => isFound(verdict));
  const [first] = found;
  const majors = found.flatMap(({ sdk }) => sdk ?? []);
  const where = majors.length === 0 ? "" : ` (openai ${majors.join(", ")})`;
  return `| ${id}${where} | ${first?.level} | ${toText(first?.requirement)} | ${toText(first?.expected)} | ${toText(first?.actual ?? first?.reason)} |`;
}

function toClients({ clients = [] }: Report): string {
  if (clients.length === 0) return "";
  const rows = clients.map(({ name, says }) => `| ${name} | ${toText(says)} |`);
  return ["## Which clients can be used", "", "| client | |", "| --- | --- |", ...rows].join("\n");
}

function toCapabilities({ capabilities, manifest }: Report): string {
  const rows = Object.entries(capabilities).map(
    ([name, { present, why, claimed }]) =>
      `| ${name} | ${present ? "yes" : "no"} | ${toClaim(claimed)} | ${toText(why)} |`,
  );
  const said = manifest === undefined ? [] : [`Its manifest is ${toText(manifest)}.`, ""];
  return [
    "## What the subject can do",
    "",
    ...said,
    "| capability | | | seen |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** Nothing that a server has said may become markup. */
function toText(text = ""): string {
  const line = text.replaceAll(/\s+/g, " ").slice(0, 300);
  return line.replaceAll(/[\\`*_{}[\]<>|#!~&]/g, (character) => `\\${character}`);
}

import { listFindings, toResultName } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";

type Result = Report["results"][number];

/**
 * JUnit XML as Jenkins's schema has it: a suite for each group, a case for each case and SDK. A SHOULD that is not met
 * is `skipped` with its finding, since JUnit has no warning and CI systems would fail on anything else.
 */
export function toJunit(report: Report): string {
  const causes = toCauses(report);
  const groups = Map.groupBy(report.results, ({ group }) => group);
  const suites = [...groups].map(([group, results]) => toSuite(group, results, report, causes));
  if (report.died !== undefined) suites.unshift(toDeath(report.died));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escape(report.subject.name)}">\n${suites.join("\n")}\n</testsuites>\n`;
}

/** A suite of its own, so that a CI system shows the one cause, and not hundreds of consequences. */
function toDeath({ message }: NonNullable<Report["died"]>): string {
  const one = `<testcase name="The server answers to the end" classname="conformance.subject" time="0.000">`;
  const error = `<error type="died" message="${escape(message)}"/>`;
  return `  <testsuite name="subject" tests="1" failures="0" errors="1" skipped="0" time="0.000">\n    ${one}${error}</testcase>\n  </testsuite>`;
}

/** Under the name of a result what it has in common with those of other cases. */
type Causes = ReadonlyMap<string, string>;

function toCauses(report: Report): Causes {
  const shared = listFindings(report).filter(({ cases }) => cases.length > 1);
  return new Map(
    shared.flatMap(({ title, cases, results }) =>
      results.map((name) => [name, `Cause: ${title} (${cases.length} cases)\n`] as const),
    ),
  );
}

function toSuite(group: string, results: readonly Result[], { started, subject }: Report, causes: Causes): string {
  const later = results.filter(({ after, verdict }) => after === true && verdict !== "pass").length;
  const count = (...verdicts: string[]): number =>
    results.filter(({ after, verdict }) => after !== true && verdicts.includes(verdict)).length;
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const attributes = {
    name: group,
    tests: results.length,
    failures: count("fail", "xpass"),
    errors: count("error", "stale"),
    skipped: count("skip", "not-claimed", "warn", "xfail", "not-run") + later,
    time: seconds.toFixed(3),
    timestamp: started.slice(0, 19),
    hostname: new URL(subject.baseUrl).hostname,
  };
  const cases = results.map((result) => toCase(result, causes.get(toResultName(result)) ?? ""));
  return `  <testsuite ${toAttributes(attributes)}>\n${cases.join("\n")}\n  </testsuite>`;
}

function toCase(result: Result, cause: string): string {
  const name = result.sdk === undefined ? result.id : `${result.id} with openai ${result.sdk}`;
  const attributes = {
    name: `${name}: ${result.requirement}`,
    classname: `conformance.${result.group}`,
    time: (result.ms / 1000).toFixed(3),
  };
  const body = toFinding(result, cause);
  return body === ""
    ? `    <testcase ${toAttributes(attributes)}/>`
    : `    <testcase ${toAttributes(attributes)}>${body}</testcase>`;
}

function toFinding({ verdict, after, level, expected, actual, reason, source }: Result, cause: string): string {
  const finding = expected === undefined ? (reason ?? "") : `expected ${expected}, got ${actual ?? ""}`;
  if (after === true && verdict !== "pass")
    return `<skipped message="${escape(`after the set: ${verdict}: ${finding}`)}"/>`;
  switch (verdict) {
    case "fail":
    case "xpass":
      return `<failure type="${level}" message="${escape(finding || reason || "")}">${escape(`${cause}${source}`)}</failure>`;
    case "error":
    case "stale":
      return `<error type="${verdict}" message="${escape(finding)}">${escape(`${cause}${source}`)}</error>`;
    case "warn":
    case "xfail":
    case "not-claimed":
    case "not-run":
    case "skip":
      return `<skipped message="${escape(`${verdict}: ${cause}${finding}`)}"/>`;
    case "pass":
      return "";
  }
}

function toAttributes(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${escape(String(value))}"`)
    .join(" ");
}

/** XML 1.0 has no way to write most control characters at all. */
function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- control characters are what is to be found
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\n", "&#10;")
      .replaceAll("\r", "&#13;")
      .replaceAll("\t", "&#9;")
  );
}

import { toFindings } from "../tell/findings.ts";
import { createReport, nasty } from "../report/report.fixture.ts";
import type { Report } from "../shapes.ts";

/** Two servers, one of them in two versions, whose first has failed what the second meets and was run last. */
export function createReports(): Report[] {
  const report = createReport();
  const named = (name: string, version: string, started: string, results = report.results): Report => ({
    ...report,
    started,
    findings: toFindings(results),
    subject: { ...report.subject, name, version },
    results,
  });
  const mended = report.results.map((result) =>
    result.id === "SS-02" ? { ...result, verdict: "pass" as const } : result,
  );
  return [
    named("alpha", "1.0", "2026-05-06T00:00:00Z"),
    named("alpha", "2.0", "2026-03-04T00:00:00Z", mended),
    named(nasty, nasty, "2026-02-03T00:00:00Z"),
  ];
}

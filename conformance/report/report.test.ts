import { expect, test } from "vitest";
import { checkConformanceReport } from "../shapes.ts";
import { toBadge } from "./badge.ts";
import { toAnnotations } from "./github.ts";
import { toHtml } from "./html.ts";
import { toJunit } from "./junit.ts";
import { toMarkdown } from "./markdown.ts";
import { createReport, key } from "./report.fixture.ts";
import { toClosingLine } from "./report.ts";
import { parseTargets } from "./write.ts";

test("a report, read back from its JSON, is what the published schema says", () => {
  const copy: unknown = JSON.parse(JSON.stringify(createReport()));
  expect(checkConformanceReport(copy)).toBeUndefined();
  expect(checkConformanceReport({ ...(copy as object), format: 2 })).toMatchObject({ param: "format" });
});

test("no form of a report has the key in it", () => {
  const report = createReport();
  const forms = [JSON.stringify(report), toHtml([report]), toMarkdown(report), toAnnotations(report).join("\n")];
  for (const text of forms) {
    expect(text).not.toContain(key);
    expect(text).not.toContain(Buffer.from(`:${key}`).toString("base64").slice(4, -4));
  }
});

test("the closing line counts as test runners do", () => {
  expect(toClosingLine(createReport())).toBe(
    "1 passed, 1 failed, 1 skipped, 1 warn, 1 error, 1 not run, 1 xfail, 1 xpass",
  );
});

test("the page loads nothing and holds nothing that a subject said as markup", () => {
  const page = toHtml([createReport(), createReport()]);
  expect(page.match(/<\/script>/gi)).toHaveLength(3);
  expect(page.match(/<script/gi)).toHaveLength(3);
  expect(page).not.toMatch(/\s(src|href|action)\s*=\s*["']?(https?:)?\/\//i);
  expect(page).not.toMatch(/<(link|img|iframe|object|embed|base|form)\b/i);
  expect(page).not.toMatch(/@import|url\(\s*["']?(?!data:)/i);
  expect(page).toContain("default-src 'none'");
  const [, data = ""] = /id="reports">(.*?)<\/script>/s.exec(page) ?? [];
  expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify([createReport(), createReport()])));
});

test("Markdown has nothing of a subject's as markup, and one line for each finding", () => {
  const text = toMarkdown(createReport());
  const unescaped = text.replaceAll(/\\[\\`*_{}[\]<>|#!~&]/g, "");
  expect(unescaped).not.toMatch(/<|&|`|\]\(/);
  for (const row of unescaped.split("\n").filter((line) => /^\| (SS|ERR)-/.test(line)))
    expect(row.split("|")).toHaveLength(7);
  expect(text.match(/^\| SS-02 \(openai 7\)/gm)).toHaveLength(1);
  expect(text.match(/^# /gm)).toHaveLength(1);
});

test("annotations are one line each, and no words of a subject are a command", () => {
  const lines = toAnnotations(createReport());
  expect(lines.map((line) => line.split("::")[1])).toEqual([
    "error title=The server died",
    "error title=SS-02 (openai 7)",
    "error title=ERR-03",
    "error title=ERR-01",
    "warning title=SS-03",
  ]);
  for (const line of lines) expect(line).not.toMatch(/[\r\n]/);
  expect(lines[1]).toContain("100%25 met: yes. — expected this, got ");
});

test("the badge counts the MUST cases that were decided", () => {
  const report = createReport();
  expect(JSON.parse(toBadge(report))).toEqual({
    schemaVersion: 1,
    label: "openai conformance",
    message: "1/4 MUST",
    color: "red",
  });
  expect(JSON.parse(toBadge({ ...report, results: report.results.slice(0, 1) }))).toMatchObject({
    color: "brightgreen",
  });
  expect(JSON.parse(toBadge({ ...report, results: [] }))).toMatchObject({ message: "0/0 MUST", color: "lightgrey" });
});

test.each(["junit", "junit=", "=file", "pdf=file", ""])("'%s' is no report", (text) => {
  expect(() => parseTargets([text], "/tmp")).toThrow("is no report");
});

test("a report's file may have an equals sign and is looked for where the command was called", () => {
  expect(parseTargets(["json=a=b.json", "md=/x.md"], "/tmp")).toEqual([
    { kind: "json", path: "/tmp/a=b.json" },
    { kind: "md", path: "/x.md" },
  ]);
});

test("what has one cause is one finding in every form", () => {
  const cause = {
    id: "a-rule",
    title: "One cause.",
    verdict: "fail",
    level: "MUST",
    cases: ["SS-02", "SS-03"],
    results: ["SS-02@7", "SS-03"],
  } as const;
  const report = { ...createReport(), findings: [{ ...cause, cases: [...cause.cases], results: [...cause.results] }] };
  const markdown = toMarkdown(report);
  expect(markdown).toContain("| **2 cases** | MUST | **One cause.** | | |\n| SS-02 (openai 7) |");
  expect(markdown.match(/^\| SS-0/gm)).toHaveLength(2);
  expect(toAnnotations(report).filter((line) => line.includes("One cause."))).toHaveLength(1);
  expect(toAnnotations(report)).toContainEqual(
    expect.stringMatching(/^::error title=SS-02%2C SS-03::One cause\. — SS-02: /),
  );
  expect(toJunit(report).match(/Cause: One cause\. \(2 cases\)/g)).toHaveLength(2);
  expect(JSON.parse(/id="reports">(.*?)<\/script>/s.exec(toHtml([report]))?.[1] ?? "[]")).toMatchObject([
    { findings: [cause] },
  ]);
});

test("a report of an older suite is grouped when it is read", () => {
  const { findings, ...old } = createReport();
  expect(findings?.length).toBeGreaterThan(0);
  expect(toMarkdown(old)).toBe(toMarkdown({ ...old, ...(findings === undefined ? {} : { findings }) }));
});

// The kept reports are what the suite writes, and the kept page is what the command makes of them.
import { readdirSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { createConformanceCommand } from "../../conformance/command.ts";
import { toEntries } from "../../conformance/matrix/entry.ts";
import { toSite } from "../../conformance/matrix/site.ts";
import { toSummary } from "../../conformance/matrix/summary.ts";
import { toCompactFile } from "../../conformance/report/compact.ts";
import { checkConformanceReport, type Report } from "../../conformance/shapes.ts";
import type { Terminal } from "../../conformance/terminal.ts";
import { servers } from "../../tools/matrix/servers.ts";
import { read, root } from "./pages.fixture.ts";

const folder = "docs/matrix/reports";
const names = readdirSync(`${root}/${folder}`).toSorted();
const texts = new Map(names.map((name) => [name, read(`${folder}/${name}`)]));
const reports = [...texts.values()].map((text) => JSON.parse(text) as Report);

test.for(names)("%s is a compact report, with a version and without a trace of the machine", (name) => {
  const text = texts.get(name) ?? "";
  const report = JSON.parse(text) as Report;
  expect(checkConformanceReport(report)).toBeUndefined();
  expect(toCompactFile(report)).toBe(text);
  expect(report.subject.version).toMatch(/\d/);
  expect(text.match(/\/(?:tmp|home|root|work)\/[\w./-]+/g) ?? []).toEqual([]);
  expect(report.results.filter(({ verdict }) => verdict === "error" || verdict === "not-run")).toEqual([]);
});

test("each server was run in the version that tools/matrix/package.json has, alone and behind the gateway", () => {
  const { dependencies } = JSON.parse(read("tools/matrix/package.json")) as { dependencies: Record<string, string> };
  const toVersion = (slug: string): string | undefined =>
    (JSON.parse(texts.get(`${slug}.json`) ?? "{}") as Partial<Report>).subject?.version;
  const wanted = servers.map(({ slug, name, package: alias = name }) => [
    slug,
    dependencies[alias]?.replace(/^npm:.*@/, ""),
  ]);
  expect(servers.map(({ slug }) => [slug, toVersion(slug)])).toEqual(wanted);
  const slugs = servers.flatMap(({ slug }) => [slug, `clawgate-${slug}`]);
  // Beside these there may be what others have sent.
  expect(names).toEqual(expect.arrayContaining([...slugs, "clawgate"].map((slug) => `${slug}.json`)));
  // Nor does the page say them once more; 1.2.3 is an example.
  expect(read("docs/matrix/README.md").match(/(?<![\d.])\d+\.\d+\.\d+(?![\d.])/g)).toEqual(["1.2.3"]);
});

test("the commands of the page have options that there are", () => {
  const page = read("docs/matrix/README.md").replaceAll(/"[^"]*"/g, "");
  const terminal = {} as Terminal;
  const command = createConformanceCommand(terminal);
  const known = [command, ...command.commands].flatMap(({ options }) => options.map(({ long }) => long));
  const used = [...page.matchAll(/\s(--[a-z][a-z-]*)/g)].map(([, flag]) => flag);
  expect(used.length).toBeGreaterThan(7);
  for (const flag of used) expect(known).toContain(flag);
});

test("at least eight servers are there, each with a run of everything", () => {
  expect(toEntries(reports).length).toBeGreaterThanOrEqual(8);
  for (const { subject, results } of reports) {
    const groups = new Set(results.map(({ group }) => group));
    expect(groups.size, subject.name).toBeGreaterThanOrEqual(16);
  }
});

test("results.md is what `conformance matrix --markdown` makes of the reports", () => {
  expect(read("docs/matrix/results.md")).toBe(toSummary(reports));
});

test("the pages of the reports lead to each other", () => {
  const pages = new Map([...toSite(reports)].map(({ path, text }) => [path, text]));
  for (const [path, text] of pages) {
    const links = path.endsWith(".html") ? text.matchAll(/\s(?:href|src)="([^"#:,]+)(?:#([^"]*))?"/g) : [];
    for (const [, file = "", anchor] of links) {
      const target = pages.get(posix.join(posix.dirname(path), file));
      if (target === undefined) expect.fail(`${path} leads to ${file}`);
      if (anchor !== undefined && !target.includes(`id="${anchor}"`)) expect.fail(`${path} leads to ${file}#${anchor}`);
    }
  }
  expect(pages.size).toBeGreaterThan(300);
});

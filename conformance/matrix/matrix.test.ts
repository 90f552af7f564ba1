import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { plain } from "../tell/paint.ts";
import { runConformance } from "../program.ts";
import { toCompact, toCompactFile } from "../report/compact.ts";
import { createReport, key } from "../report/report.fixture.ts";
import { checkConformanceReport, type Report } from "../shapes.ts";
import type { Terminal } from "../terminal.ts";
import { createReports } from "./matrix.fixture.ts";
import { toSite } from "./site.ts";
import { toSummary } from "./summary.ts";

const toPages = (reports = createReports()): Map<string, string> =>
  new Map([...toSite(reports, "guide.html")].map(({ path, text }) => [path, text]));

test("there is a page for each server and each requirement", () => {
  const ids = createReport().results.map(({ id }) => id);
  expect([...toPages().keys()].toSorted()).toEqual(
    [
      "style.css",
      "script.js",
      "index.html",
      "requirements.html",
      "servers/alpha.html",
      "servers/script-script-alert-1-script-quoted-2j-x-b-a-b-error-x-h.html",
      ...ids.map((id) => `requirements/${id}.html`),
    ].toSorted(),
  );
});

test("every link leads to a page of the site, and to a place in it", () => {
  const pages = toPages();
  let count = 0;
  for (const [path, text] of pages) {
    if (!path.endsWith(".html")) continue;
    for (const [, address = ""] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (["data:,", "guide.html"].includes(address)) continue;
      const [file = "", anchor] = address.split("#");
      const target = file === "" ? path : posix.join(dirname(path), file);
      expect([...pages.keys()], `${path} → ${address}`).toContain(target);
      if (anchor !== undefined) expect(pages.get(target), `${path} → ${address}`).toContain(`id="${anchor}"`);
      count++;
    }
  }
  expect(count).toBeGreaterThan(100);
});

test("what a server has said is text, and no page loads anything else or has a script or a style within", () => {
  for (const [path, text] of toPages()) {
    if (!path.endsWith(".html")) continue;
    expect(text.match(/<script[^>]*>/g), path).toHaveLength(1);
    expect(text, path).not.toMatch(/<style|\sstyle=|\son\w+=|<(?:img|iframe|object|embed|base|form)\b/i);
    expect(text, path).toContain("default-src &#39;none&#39;");
    expect(text, path).not.toContain(key);
    // oxlint-disable-next-line no-control-regex -- HTML has no way to write them
    expect(text, path).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  }
});

test("a server's history says what got better, and the pages compare its newest report", () => {
  const pages = toPages();
  expect(pages.get("servers/alpha.html")).toContain("better: SS-02");
  expect(pages.get("servers/alpha.html")?.match(/>the first</g)).toHaveLength(1);
  const requirement = pages.get("requirements/SS-02.html") ?? "";
  expect(requirement).toContain("Not met by 1");
  expect(requirement).toContain("Met by 1");
  // What went over the wire stands with it.
  expect(requirement).toContain("POST http://127.0.0.1:1/v1/x");
  expect(pages.get("index.html")?.match(/<td>[12]\.0<\/td>/g)).toEqual(["<td>2.0</td>", "<td>1.0</td>"]);
});

test("the summary is a table that nothing of a server breaks, and what fails of each newest report", () => {
  const text = toSummary(createReports());
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  for (const row of rows) expect(row.replaceAll(/\\./g, "").split("|"), row).toHaveLength(10);
  expect(rows).toHaveLength(5);
  expect(text).toContain("## alpha\n\n- A requirement, 100% met: yes. (ERR-03)\n");
});

test("a compact report is one of the schema, finds the same, and keeps the call that decided", () => {
  const report = createReport();
  const long = "x".repeat(5000);
  const results = report.results.map((one) => ({
    ...one,
    exchanges: one.exchanges.map((call) => ({ ...call, requestBody: long, reads: [{ atMs: 1, text: long }] })),
  }));
  const text = toCompactFile({ ...report, results });
  const compact = JSON.parse(text) as Report;
  expect(checkConformanceReport(compact)).toBeUndefined();
  expect(compact.findings).toEqual(report.findings);
  expect(compact.results.map(({ exchanges }) => exchanges.length)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
  expect(compact.results[1]?.exchanges[0]?.requestBody).toMatch(/^x{1000}… \(5000 characters\)$/);
  expect(toCompact(compact)).toEqual(compact);
});

interface Ended {
  readonly status: number;
  readonly output: string;
  readonly notes: string;
}

async function runMatrix(folder: string, words: readonly string[]): Promise<Ended> {
  let [status, output, notes] = [0, "", ""];
  const terminal: Terminal = {
    environment: {},
    cwd: folder,
    print: (text) => terminal.write(`${text}\n`),
    write: (text) => void (output += text),
    note: (text) => void (notes += `${text}\n`),
    paint: { print: plain, note: plain },
    interactive: false,
    fail: (failed) => void (status = failed),
  };
  await runConformance(terminal, ["matrix", ...words]);
  return { status, output, notes };
}

function createFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-matrix-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("the command reads a folder, and makes the same of the same", async () => {
  const files = Object.fromEntries(createReports().map((report, index) => [`${index}.json`, JSON.stringify(report)]));
  const folder = createFolder(files);
  const { status, output } = await runMatrix(folder, [".", "--to", "site", "--markdown", "results.md"]);
  expect([status, output]).toEqual([0, "3 reports: 14 files in site, results.md\n"]);
  expect(readdirSync(join(folder, "site")).toSorted()).toEqual([
    "index.html",
    "requirements",
    "requirements.html",
    "script.js",
    "servers",
    "style.css",
  ]);
  expect(readFileSync(join(folder, "results.md"), "utf8")).toBe(toSummary(createReports()));
  expect(toPages()).toEqual(toPages(createReports().toReversed()));
});

test("every broken report is named, with the place, and nothing is written", async () => {
  const [report] = createReports();
  const wrong = { ...report, results: report?.results.map((one) => ({ ...one, verdict: "perhaps" })) };
  const folder = createFolder({
    "a.json": '{"format":',
    "b.json": JSON.stringify(wrong),
    "c.json": JSON.stringify(report),
  });
  const { status, notes } = await runMatrix(folder, [".", "--to", "site"]);
  expect(status).toBe(2);
  expect(notes).toMatch(/Cannot read the report a\.json: .*JSON/);
  expect(notes).toContain("b.json is not a JSON report of this suite: /results/0/verdict must be equal to one of");
  expect(readdirSync(folder)).not.toContain("site");
});

test.for<readonly [words: readonly string[], says: string]>([
  [["."], "Where to? Say --to <folder>"],
  [[".", "--to", "site"], "There is no .json file in ."],
  [["nowhere", "--to", "site"], "Cannot read the folder nowhere"],
])("matrix %j says what is missing", async ([words, says]) => {
  const { status, notes } = await runMatrix(createFolder({}), words);
  expect(notes).toContain(says);
  expect(status).toBe(2);
});

// Writes docs/defence.md: what attackers, accidents and defects do, what comes of it, and the test that shows it, which must be
// there. `--check` only compares. `--verdicts` reads the reports of `npm test` and `npm run test:defence`, writes
// reports/defence.md with how each row went, and ends with 1 if one of them did not pass.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DefenceGroup, DefenceRow } from "./defence/row.ts";
import { groups } from "./defence/groups.ts";
import { settle, type Shown, toLink, toTable } from "./shown.ts";

const root = join(import.meta.dirname, "..");

/** What vitest's JSON report is read for. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

function toPage(verdict?: (row: DefenceRow) => string): string {
  const count = groups.flatMap(({ rows }) => rows);
  const shown = count.filter(({ reason }) => reason === undefined).length;
  const head = [
    "",
    "what is done",
    "what has to come of it",
    "shown by",
    ...(verdict === undefined ? [] : ["verdict"]),
  ];
  const toSection = ({ title, rows }: DefenceGroup): string =>
    `## ${title}\n\n${toTable(
      head,
      rows.map((row) => [
        row.id,
        row.done,
        row.outcome,
        [...row.shown.map(toLink), ...(row.reason === undefined ? [] : [`**not whole:** ${row.reason}`])].join("<br>"),
        ...(verdict === undefined ? [] : [verdict(row)]),
      ]),
    )}`;
  return `${[
    "<!-- Written by tools/defence.ts; change that, and its rows. -->",
    "# Defence",
    `What is done to a gateway by attackers, accidents and defects, and what has to come of it. Of ${count.length} rows ${shown} are shown by the tests that they name; the others say why not. \`*.defence.ts\` run with \`npm run test:defence\`, the rest with \`npm test\`.`,
    ...groups.map(toSection),
  ].join("\n\n")}\n`;
}

/** By file, from the root: the titles of its tests with how each went. */
function readReports(): ReadonlyMap<string, readonly { readonly title: string; readonly status: string }[]> {
  const results = new Map<string, readonly { readonly title: string; readonly status: string }[]>();
  for (const name of ["tests", "defence"]) {
    const file = join(root, "reports", `${name}.json`);
    if (!existsSync(file))
      throw new Error(`reports/${name}.json is not there: run \`npm test\` and \`npm run test:defence\``);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format is vitest's
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    for (const { name: path, assertionResults } of report.testResults)
      results.set(path.slice(root.length + 1), assertionResults);
  }
  return results;
}

/** The title of a table's test has placeholders, which the report has filled in. */
function toPattern(title: string): RegExp {
  const parts = title.split(/%[a-z]|\$[\w.]+/i).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(parts.join(".*"), "s");
}

function judge(reports: ReturnType<typeof readReports>, { file, title }: Shown): "passed" | "failed" | "did not run" {
  // What looks after each file of tests has no title of its own in a report, but fails the file.
  if (file.endsWith(".setup.ts")) return "passed";
  // A suite's tests are told of the files that run it.
  const found = file.endsWith(".suite.ts") ? [...reports.values()].flat() : (reports.get(file) ?? []);
  const tests = found.filter((test) => toPattern(title).test(test.title));
  if (tests.some(({ status }) => status === "failed")) return "failed";
  return tests.some(({ status }) => status === "passed") ? "passed" : "did not run";
}

if (process.argv.includes("--verdicts")) {
  const reports = readReports();
  let bad = 0;
  const page = toPage(({ shown, reason }) => {
    const verdicts = new Set(shown.map((test) => judge(reports, test)));
    verdicts.delete("passed");
    if (verdicts.size > 0) bad++;
    return verdicts.size > 0 ? [...verdicts].join(", ") : reason === undefined ? "holds" : "open";
  });
  writeFileSync(join(root, "reports/defence.md"), page);
  console.log(`reports/defence.md: ${bad} rows whose test failed or did not run`);
  process.exitCode = bad === 0 ? 0 : 1;
} else settle("docs/defence.md", toPage());

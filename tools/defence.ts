// Writes docs/defence.md: what attackers, accidents and defects do, what comes of it, and the test that shows it, which must be
// there. `--check` only compares. `--verdicts` reads the reports of `npm run test:all` and `npm run test:defence`, writes
// reports/defence.md with how each row went, and ends with 1 if one of them did not pass.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertApplies, type Break, toEdits } from "./defence/break.ts";
import { breaks } from "./defence/breaks.ts";
import { groups } from "./defence/groups.ts";
import { type Ends, type FileEnd, judge, readReport } from "./defence/report.ts";
import type { DefenceGroup, DefenceRow } from "./defence/row.ts";
import { readSeen, toBreakId } from "./defence/seen.ts";
import { withoutFence } from "./history/without-fence.ts";
import { settle, toLink, toTable } from "./shown.ts";

const root = join(import.meta.dirname, "..");

const rows = groups.flatMap((group) => group.rows);
const byRow = new Map<string, Break[]>();
for (const taken of breaks) for (const id of taken.rows) byRow.set(id, [...(byRow.get(id) ?? []), taken]);

/** Throws where the table of breaks is not that of the rows, or no longer that of the code. */
function assertBreaks(): void {
  assertApplies(root, [...breaks.flatMap(toEdits), ...withoutFence]);
  for (const { id, shown, unbroken } of rows) {
    if (shown.length > 0 && !byRow.has(id) && (unbroken ?? "").trim() === "")
      throw new Error(`the row ${id} has a test, and neither a break nor a reason why it has none`);
  }
  for (const { rows: ids, tests = [] } of breaks) {
    for (const id of ids) {
      const row = rows.find((one) => one.id === id);
      if (row === undefined) throw new Error(`a break is of the row ${id}, which does not exist`);
      if (row.unbroken !== undefined) throw new Error(`the row ${id} has a break, and a reason why it has none`);
      if (tests.length > 0 && !row.shown.some(({ title }) => tests.includes(title)))
        throw new Error(`a break of the row ${id} names none of its tests`);
    }
  }
}

const seen = readSeen(root);

/** The files whose change takes the defence of a row away, and whether its tests were seen to notice; or why there are none. */
function toWithout({ id, unbroken }: DefenceRow): string {
  const ofRow = byRow.get(id) ?? [];
  const files = new Set(ofRow.flatMap(toEdits).map(({ file }) => file));
  const links = [...files].map((file) => `[${file}](../${file})`);
  const isSeen = ofRow.length > 0 && ofRow.every((taken) => seen.has(toBreakId(taken)));
  return unbroken ?? [...links, ...(isSeen ? ["seen"] : [])].join("<br>");
}

function toIntroduction(): string {
  const whole = rows.filter(({ reason }) => reason === undefined).length;
  const broken = rows.filter(({ id }) => byRow.has(id)).length;
  const proven = breaks.filter((taken) => seen.has(toBreakId(taken))).length;
  return `What is done to a gateway by attackers, accidents and defects, and what has to come of it. Of ${rows.length} rows ${whole} are shown by the tests that they name; the others say why not. \`*.defence.ts\` run with \`npm run test:defence\`, the rest with \`npm run test:all\`.

What is linked as "without it" is where the defence stands. \`npm run prove\` takes it away in a copy, by a change of a line or two, and has to see a test of the row fail while the gateway still answers. There are ${breaks.length} such changes for ${broken} rows; ${proven === breaks.length ? "all of them were" : `${proven} of them were`} noticed, as they stand here, in rounds that were kept (\`npm run prove -- --record\`): "seen" are the rows all of whose changes were.`;
}

function toPage(verdict?: (row: DefenceRow) => string): string {
  const head = ["", "what is done", "what has to come of it", "shown by", "without it"];
  if (verdict !== undefined) head.push("verdict");
  const toCells = (row: DefenceRow): readonly string[] => [
    row.id,
    row.done,
    row.outcome,
    [...row.shown.map(toLink), ...(row.reason === undefined ? [] : [`**not whole:** ${row.reason}`])].join("<br>"),
    toWithout(row),
    ...(verdict === undefined ? [] : [verdict(row)]),
  ];
  const toSection = (group: DefenceGroup): string => `## ${group.title}\n\n${toTable(head, group.rows.map(toCells))}`;
  const banner = "<!-- Written by tools/defence.ts; change that, and its rows. -->";
  return `${[banner, "# Defence", toIntroduction(), ...groups.map(toSection)].join("\n\n")}\n`;
}

/** By file, from the root: how its tests went. */
function readReports(): Ends {
  const ends = new Map<string, FileEnd>();
  for (const name of ["tests", "defence"]) {
    const report = readReport(join(root, "reports", `${name}.json`), root);
    if (report === undefined)
      throw new Error(`reports/${name}.json is not there: run \`npm run test:all\` and \`npm run test:defence\``);
    for (const [file, end] of report) ends.set(file, end);
  }
  return ends;
}

assertBreaks();
if (process.argv.includes("--verdicts")) {
  const reports = readReports();
  let bad = 0;
  const page = toPage(({ shown, reason }) => {
    const verdicts = new Set(shown.map((test) => judge(reports, test).status));
    verdicts.delete("passed");
    if (verdicts.size > 0) bad++;
    return verdicts.size > 0 ? [...verdicts].join(", ") : reason === undefined ? "holds" : "open";
  });
  writeFileSync(join(root, "reports/defence.md"), page);
  console.log(`reports/defence.md: ${bad} rows whose test failed or did not run`);
  process.exitCode = bad === 0 ? 0 : 1;
} else settle("docs/defence.md", toPage());

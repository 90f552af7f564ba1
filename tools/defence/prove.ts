// Takes each defence away, in a copy of the checkout, and runs the tests that show its rows: `npm run prove`, or with the
// ids of rows, `npm run prove -- A01 F03`. One of the tests has to fail, while an agent still answers: then it was the
// defence that is missing, and not the gateway. Ends with 1 if a test did not notice. `--record` keeps what was seen, for
// docs/defence.md.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { show, type Shown } from "../shown.ts";
import { type Break, toEdits } from "./break.ts";
import { breaks } from "./breaks.ts";
import { type Copy, createCopy } from "./copy.ts";
import { groups } from "./groups.ts";
import { type Ends, judge } from "./report.ts";
import { runShown } from "./run-shown.ts";
import { recordSeen } from "./seen.ts";

const checkout = join(import.meta.dirname, "../..");
const rows = new Map(groups.flatMap((group) => group.rows).map((row) => [row.id, row]));
/** What has to work all the same. */
const alive = show("test/smoke.test.ts", "an agent answers, whole and streamed");
/** What ends in one of these was broken, not its defence; a client whose gateway has gone is told so by the first kind. */
const crash = /^(?:TypeError(?!: (?:fetch failed|terminated))|ReferenceError|SyntaxError)\b/;

const toRows = (ids: readonly string[]) =>
  ids.map((id) => {
    const row = rows.get(id);
    if (row === undefined) throw new Error(`there is no row ${id}`);
    return row;
  });

/** What of a row's tests a break is held against. */
function toShown(taken: Break, shown: readonly Shown[]): readonly Shown[] {
  return shown.filter(({ title }) => taken.tests?.includes(title) ?? true);
}

const toTests = (taken: Break): readonly Shown[] => toRows(taken.rows).flatMap(({ shown }) => toShown(taken, shown));

/** Why a failure shows nothing, or nothing if it does. */
function doubt(failure: string, says: string): string | undefined {
  if (crash.test(failure)) return "crashed";
  return failure.includes(says) ? undefined : `said nothing of "${says}"`;
}

const toLine = (text: string): string => text.split("\n", 1)[0]?.slice(0, 160) ?? "";

const toFiles = (taken: Break): string => [...new Set(toEdits(taken).map(({ file }) => file))].join(", ");

/** Says how each row went without its defence; returns how many of them nobody noticed. */
function report(taken: Break, ends: Ends): number {
  const files = toFiles(taken);
  const control = judge(ends, alive);
  if (control.status !== "passed") {
    const why = toLine(control.failures[0] ?? control.status);
    console.log(`${taken.rows.join(", ")}: ${files}: THE GATEWAY IS BROKEN, not the defence: ${why}`);
    return taken.rows.length;
  }
  let missed = 0;
  for (const { id, shown } of toRows(taken.rows)) {
    const says = (typeof taken.says === "object" ? taken.says[id] : taken.says) ?? "";
    const told = toShown(taken, shown).map((test) => ({ test, ...judge(ends, test) }));
    const seen = told.flatMap(({ test, failures }) => failures.map((failure) => ({ test, failure })));
    const noticed = seen.find(({ failure }) => doubt(failure, says) === undefined);
    if (noticed !== undefined) {
      console.log(`${id}: ${files}: noticed by "${noticed.test.title}": ${toLine(noticed.failure)}`);
      continue;
    }
    missed++;
    console.log(`${id}: ${files}: NOT NOTICED: ${taken.from.trim()} → ${taken.to.trim()}`);
    for (const { test, status } of told) console.log(`    ${status}: ${test.file}: ${test.title}`);
    for (const { failure } of seen) console.log(`    ${doubt(failure, says)}: ${toLine(failure)}`);
  }
  return missed;
}

/** Of the tests those that fail as things are, so that their failing would say nothing. */
async function findFailing(root: string, chosen: readonly Break[]): Promise<ReadonlySet<Shown>> {
  const tests = [alive, ...chosen.flatMap(toTests)];
  const ends = await runShown(root, tests);
  return new Set(tests.filter((test) => judge(ends, test).status !== "passed"));
}

/** Returns how many rows nobody noticed the loss of. */
async function prove(copy: Copy, chosen: readonly Break[]): Promise<number> {
  const failing = await findFailing(copy.root, chosen);
  let missed = 0;
  for (const taken of chosen) {
    const tests = [alive, ...toTests(taken)];
    const bad = tests.find((test) => failing.has(test));
    if (bad !== undefined) {
      console.log(`${taken.rows.join(", ")}: ${toFiles(taken)}: "${bad.title}" does not pass as things are`);
      missed += taken.rows.length;
      continue;
    }
    const putBack = copy.change(toEdits(taken));
    const unseen = report(taken, await runShown(copy.root, tests));
    putBack();
    missed += unseen;
    if (isRecorded) recordSeen(checkout, taken, unseen === 0);
  }
  return missed;
}

const { values, positionals: wanted } = parseArgs({
  options: { record: { type: "boolean", default: false } },
  allowPositionals: true,
});
const isRecorded = values.record;
toRows(wanted);
const chosen = breaks.filter((taken) => wanted.length === 0 || taken.rows.some((id) => wanted.includes(id)));
if (chosen.length === 0) throw new Error("no break takes the defence of these rows away");
const copy = createCopy(checkout);
process.once("exit", copy.remove);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const missed = await prove(copy, chosen);
console.log(
  `${chosen.length} breaks, ${new Set(chosen.flatMap((taken) => taken.rows)).size} rows; not noticed: ${missed}`,
);
process.exitCode = missed === 0 ? 0 : 1;

import { type Finding, listFindings, toCaseList } from "../tell/findings.ts";
import type { Shade } from "../tell/paint.ts";
import type { Report } from "../shapes.ts";
import type { Terminal } from "../terminal.ts";
import { toLine } from "../tell/progress.ts";
import { wrap } from "../tell/wrap.ts";

const shades: Readonly<Record<Finding["verdict"], Shade>> = {
  fail: "bad",
  xpass: "bad",
  error: "bad",
  stale: "bad",
  warn: "odd",
};

/** Behind a verdict and a level. */
const indent = 13;

/** What there is to mend, each thing once, after a run has told of every result; what only warns is counted. */
export function tellFindings(report: Report, words: string, terminal: Terminal): void {
  const findings = listFindings(report).filter(({ after }) => after !== true);
  const shown = findings.filter(({ verdict, cases }) => verdict !== "warn" || cases.length > 1);
  if (shown.length > 0) terminal.print(`\n${toHead(findings, shown.length)}\n`);
  for (const { verdict, level, title, cases } of shown) {
    const mark = terminal.paint.print(shades[verdict], verdict.padEnd(5));
    terminal.print(`${mark} ${level.padEnd(6)} ${wrap(toLine(title), indent)}`);
    terminal.print(`${" ".repeat(indent)}${toCaseList(cases)}`);
  }
  // What is said of a capability is no case.
  const id = shown.flatMap(({ cases }) => cases).find((one) => !one.startsWith("CAP-"));
  if (id !== undefined) terminal.print(`\n\`${words} explain ${id}\` says why, \`repro ${id}\` shows it.`);
  if (findings.length > 0) terminal.print("");
}

function toHead(findings: readonly Finding[], shown: number): string {
  const results = findings.reduce((sum, one) => sum + one.results.length, 0);
  const rest = findings.length - shown;
  const others = rest === 0 ? "" : `; ${rest} warn of one case each: see above`;
  return `To mend: ${findings.length} thing${findings.length === 1 ? "" : "s"}, seen in ${results} result${results === 1 ? "" : "s"}${others}.`;
}

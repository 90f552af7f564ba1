import type { Case } from "../case.ts";
import { toCatalogue } from "../tell/catalogue.ts";
import { runCases } from "../judge/engine.ts";
import type { Host } from "../host.ts";
import { createMask, maskExchange, toSecrets } from "../tell/mask.ts";
import { proofs } from "../proof/proofs.ts";
import { toHtml } from "../report/html.ts";
import { toMarkdown } from "../report/markdown.ts";
import { toMutants } from "../self-test/mutants.ts";
import { toShellLine, toSnippet } from "../report/repro.ts";
import { parseTargets, writeText } from "../report/write.ts";
import { listGroups, refuseIdleGlobs, selectCases } from "../judge/select.ts";
import { listSets, loadSet } from "../sets.ts";
import type { Report } from "../shapes.ts";
import type { Profile } from "../reach/subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { exitStatus } from "../verdict.ts";
import { toLine } from "../tell/progress.ts";
import { loadReport } from "./load-report.ts";
import type { RunFlags } from "./run.ts";
import { waitForSubject } from "./wait-for-subject.ts";
import { withSubject } from "./with-subject.ts";

interface ListFlags {
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly profile?: Profile;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function listCases(
  cases: readonly Case[],
  { only, skip, profile = "gateway", json, markdown }: ListFlags,
  host: Host,
  terminal: Terminal,
): void {
  refuseIdleGlobs(cases, [...only, ...skip]);
  const selected = selectCases(cases, { only, skip, profile });
  if (selected.length === 0) throw new UsageError(`No case is left to list with the profile ${profile}.`);
  if (json === true) {
    terminal.print(
      JSON.stringify(
        selected.map(({ id, level, requirement, source, needs = [] }) => ({ id, level, requirement, source, needs })),
        null,
        2,
      ),
    );
    return;
  }
  if (markdown === true) return terminal.print(toCatalogue(selected, host).trimEnd());
  for (const { id, level, requirement } of selected)
    terminal.print(`${id.padEnd(9)} ${level.padEnd(6)} ${requirement}`);
}

export async function explainCase(cases: readonly Case[], name: string, host: Host, terminal: Terminal): Promise<void> {
  const { id, level, requirement, source, needs = [], eachSdk } = findCase(cases, name);
  terminal.print(`${terminal.paint.print("strong", `${id} (${level})`)}\n\n${requirement}\n\nWhy: ${source}`);
  if (needs.length > 0) terminal.print(`Needs: ${needs.join(", ")}`);
  if (eachSdk === true) terminal.print("Runs once for each major of the SDK.");
  const set = listSets().at(-1);
  const frozen = set === undefined ? undefined : loadSet(set).levels.get(id);
  if (frozen !== undefined && frozen !== level)
    terminal.print(
      `A run is judged by the set ${set}, in which it still is ${frozen}; from the next set on it is ${level}.`,
    );
  const proof = proofs.get(id);
  if (proof !== undefined) {
    const { client, use, well, broken } = proof;
    terminal.print(
      `\nBreaks: ${client}, ${use}.\n  On a server that is well it shows ${well}\n  With the fault ${proof.fault} it shows ${broken}`,
    );
    terminal.print(`  \`${host.words} prove ${id}\` runs it here.`);
  }
  const faults = [...toMutants(cases), ...(host.mutants ?? [])].filter(({ killedBy }) => killedBy.includes(id));
  if (faults.length > 0) terminal.print("\nProven by these faults, which it must find in the self-test:");
  for (const fault of faults) terminal.print(`  ${fault.id}: ${fault.what}`);
}

/** Runs the case and prints what it sent, ready to be pasted into a shell; the key is read from the environment. */
export async function reproCase(
  cases: readonly Case[],
  id: string,
  flags: RunFlags,
  host: Host,
  terminal: Terminal,
): Promise<void> {
  const one = findCase(cases, id);
  await withSubject(flags, host, terminal, async (target) => {
    const probed = await waitForSubject(target, { terminal });
    const { subject } = probed;
    const { results, died } = await runCases({
      ...probed,
      cases: [one],
      sdks: flags.sdk.slice(0, 1),
      concurrency: 1,
      seed: flags.seed,
      baseline: new Map(),
    });
    const mask = createMask(toSecrets(subject));
    for (const result of results) {
      const { verdict, expected, actual, reason, exchanges } = result;
      terminal.print(`# ${id}: ${one.requirement}`);
      terminal.print(
        // On one line: what comes after the comment is pasted into a shell.
        `# ${verdict}${toLine(mask(expected === undefined ? (reason === undefined ? "" : `: ${reason}`) : `: expected ${expected}, got ${actual}`))}`,
      );
      if (flags.baseUrl === undefined)
        terminal.print("# The server that this was run on has ended; start one and put its address in.");
      if (exchanges.length === 0)
        terminal.print("# It sent nothing of its own: it looks at an answer that several cases share.");
      const shown = exchanges.map((exchange) => maskExchange(exchange, toSecrets(subject)));
      for (const exchange of shown) terminal.print(`\n${toShellLine(exchange, Object.keys(subject.headers ?? {}))}`);
      const chat = shown.find(({ url, requestBody }) => url.endsWith("/chat/completions") && requestBody !== "");
      if (chat !== undefined) terminal.print(`\n${toSnippet(chat, subject.baseUrl)}`);
      if (verdict === "fail" || verdict === "warn") terminal.fail(exitStatus.failed);
      if (verdict === "error") terminal.fail(exitStatus.erred);
    }
    if (died !== undefined) {
      terminal.note(toLine(mask(died.message)));
      terminal.fail(exitStatus.gone);
    }
  });
}

/** What changed from one report to another. */
export function diffReports(a: string, b: string, terminal: Terminal): void {
  const before = new Map(loadReport(a, terminal).results.map((result) => [toKey(result), result]));
  let worse = 0;
  for (const result of loadReport(b, terminal).results) {
    const known = before.get(toKey(result));
    before.delete(toKey(result));
    if (known?.verdict === result.verdict) continue;
    const change = toRank(result.verdict) - toRank(known?.verdict ?? "absent");
    if (change > 0) worse++;
    const [shade, sign] =
      change > 0 ? (["bad", "-"] as const) : change < 0 ? (["good", "+"] as const) : (["faint", "="] as const);
    terminal.print(
      `${terminal.paint.print(shade, sign)} ${toKey(result)}: ${known?.verdict ?? "absent"} → ${result.verdict}`,
    );
  }
  for (const [key, { verdict }] of before) terminal.print(`? ${key}: ${verdict} → absent`);
  if (worse > 0) terminal.fail(1);
}

/** How bad a verdict is. */
function toRank(verdict: string): number {
  return ["fail", "error", "xpass", "not-run", "stale"].includes(verdict) ? 2 : verdict === "warn" ? 1 : 0;
}

/** A grid of several subjects. */
export function mergeReports(files: readonly string[], to: readonly string[], terminal: Terminal): void {
  const targets = parseTargets(to, terminal.cwd, ["html", "md"]);
  const reports = files.map((file) => loadReport(file, terminal));
  for (const { kind, path } of targets) {
    writeText(path, kind === "html" ? toHtml(reports) : reports.map(toMarkdown).join("\n"));
  }
  if (targets.length === 0) terminal.print(reports.map(toMarkdown).join("\n"));
}

function toKey({ id, sdk }: Report["results"][number]): string {
  return sdk === undefined ? id : `${id}@${sdk}`;
}

function findCase(cases: readonly Case[], id: string): Case {
  const found = cases.find((one) => one.id.toLowerCase() === id.toLowerCase());
  if (found === undefined) throw new UsageError(`There is no case ${id}. ${listGroups(cases)}`);
  return found;
}

import { resolve } from "node:path";
import type { Case } from "../case.ts";
import { waitForSubject } from "../commands/wait-for-subject.ts";
import { createStatusLine } from "../tell/status-line.ts";
import { type SubjectFlags, type Target, withSubject } from "../commands/with-subject.ts";
import { toOrdered } from "../folder.ts";
import type { Host } from "../host.ts";
import { proofs } from "../proof/proofs.ts";
import { tryToWrite, writeText } from "../report/write.ts";
import type { Capabilities } from "../reach/subject.ts";
import type { Terminal } from "../terminal.ts";
import { exitStatus } from "../verdict.ts";
import { toChoice } from "./choice.ts";
import { toKillTable } from "./kill-table.ts";
import { runTrials, type WithGolden } from "./lanes.ts";
import { toMutants } from "./mutants.ts";
import { type Golden, toUnnamed, toUnproven } from "./self-test.ts";
import { toMutantTrial, toVariantTrial } from "./trials.ts";
import { variants } from "./variants.ts";

interface SelfTestFlags extends SubjectFlags {
  readonly only: readonly string[];
  readonly table: readonly string[];
}

/** Proves the suite: no legal variant is blamed, every mutant is killed, every MUST case kills one. */
export async function runSelfTest(
  cases: readonly Case[],
  flags: SelfTestFlags,
  host: Host,
  terminal: Terminal,
): Promise<void> {
  const mutants = toOrdered([...toMutants(cases), ...(host.mutants ?? [])]);
  // Before a server is started for nothing.
  const isChosen = toChoice(flags.only, cases, mutants);
  const chosen = { variants: variants.filter(isChosen), mutants: mutants.filter(isChosen) };
  const trials = [
    ...chosen.mutants.map((mutant) => toMutantTrial(mutant, cases)),
    ...chosen.variants.map((variant) => toVariantTrial(variant, cases)),
  ];
  const withGolden: WithGolden = (use) =>
    withSubject(flags, host, terminal, async (target) =>
      use(toGolden(target, await waitForSubject(target, { terminal }))),
    );
  // Only its own server can the suite start several times.
  const many = flags.baseUrl === undefined && flags.start === undefined;
  const status = createStatusLine(terminal);
  let passed = 0;
  let failed = 0;
  const show = (ok: boolean, line: string): void => {
    if (ok) passed++;
    else failed++;
    const word = ok ? terminal.paint.print("good", "ok  ") : terminal.paint.print("bad", "FAIL");
    status.print(`${word}  ${line}`);
  };
  await runTrials(
    trials,
    { withGolden, many },
    {
      begin: ({ name }) => status.show(`${passed + failed} of ${trials.length}, ${name}`),
      end: ({ name }, { ok, words }) => show(ok, `${name}: ${words}`),
    },
  );
  status.end();
  // The server has not been there, or has left on the way, and that was told.
  if (passed + failed < trials.length) return;
  if (flags.only.length === 0) {
    for (const id of toUnproven(cases, mutants)) show(false, `case ${id}: no mutant proves that it can fail`);
    for (const id of toUnnamed(cases, proofs)) show(false, `case ${id}: no client is named that breaks without it`);
  }
  const written = flags.table.map((file) => {
    const path = resolve(terminal.cwd, file);
    return tryToWrite(terminal, path, () => writeText(path, toKillTable(file, cases, mutants, variants)));
  });
  terminal.print(`${chosen.variants.length} legal variants, ${chosen.mutants.length} mutants`);
  const closing = `${passed} passed, ${failed} failed`;
  terminal.print(terminal.paint.print(failed > 0 ? "bad" : "good", closing));
  if (failed > 0) terminal.fail(exitStatus.failed);
  else if (!written.every(Boolean)) terminal.fail(exitStatus.erred);
}

/** The server as it is changed: it can be started once more with another configuration no more. */
function toGolden({ subject }: Target, ready: { readonly capabilities: Capabilities }): Golden {
  const capabilities = new Map(ready.capabilities);
  capabilities.set("own", { present: false, why: "the server is changed on its way" });
  return { subject, capabilities };
}

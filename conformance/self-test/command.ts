import { resolve } from "node:path";
import type { Case } from "../case.ts";
import { waitForSubject } from "../commands/wait-for-subject.ts";
import { createStatusLine } from "../commands/status-line.ts";
import { type SubjectFlags, withSubject } from "../commands/with-subject.ts";
import { toOrdered } from "../folder.ts";
import type { Host } from "../host.ts";
import { runPool } from "../pool.ts";
import { proofs } from "../proof/proofs.ts";
import { tryToWrite, writeText } from "../report/write.ts";
import type { Terminal } from "../terminal.ts";
import { exitStatus } from "../verdict.ts";
import { toChoice } from "./choice.ts";
import { toKillTable } from "./kill-table.ts";
import type { Mutant } from "./mutant.ts";
import { mutants as generic, toOwnMutants } from "./mutants.ts";
import { type Golden, testMutant, testVariant, toUnnamed, toUnproven } from "./self-test.ts";
import { variants } from "./variants.ts";

/** Each is a server of its own, which mostly waits. */
const mutantsAtOnce = 4;

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
  const mutants = toOrdered([...generic, ...(host.mutants ?? []), ...toOwnMutants(host.cases ?? [])]);
  // Before a server is started for nothing.
  const isChosen = toChoice(flags.only, cases, mutants);
  await withSubject(flags, host, terminal, async (target) => {
    const capabilities = new Map((await waitForSubject(target, { terminal })).capabilities);
    // A changed server cannot be started once more with another configuration.
    capabilities.set("own", { present: false, why: "the server is changed on its way" });
    await testAll({ cases, mutants, isChosen }, { subject: target.subject, capabilities }, flags, terminal);
  });
}

interface Tried {
  readonly cases: readonly Case[];
  readonly mutants: readonly Mutant[];
  readonly isChosen: ReturnType<typeof toChoice>;
}

async function testAll(
  { cases, mutants, isChosen }: Tried,
  golden: Golden,
  { only, table }: SelfTestFlags,
  terminal: Terminal,
): Promise<void> {
  const chosen = { variants: variants.filter(isChosen), mutants: mutants.filter(isChosen) };
  const all = chosen.variants.length + chosen.mutants.length;
  const status = createStatusLine(terminal);
  let passed = 0;
  const failed: string[] = [];
  const begin = (what: string): void => status.show(`${passed + failed.length} of ${all}, ${what}`);
  const show = (ok: boolean, line: string): void => {
    if (ok) passed++;
    else failed.push(line);
    const word = ok ? terminal.paint.print("good", "ok  ") : terminal.paint.print("bad", "FAIL");
    status.print(`${word}  ${line}`);
  };
  for (const variant of chosen.variants) {
    begin(`variant ${variant.id}`);
    const blamed = await testVariant(variant, cases, golden);
    show(
      blamed.length === 0,
      `variant ${variant.id}: ${blamed.length === 0 ? "not blamed" : `blamed by ${blamed.join("; ")}`}`,
    );
  }
  const tryMutant = async (mutant: Mutant): Promise<void> => {
    begin(`mutant ${mutant.id}`);
    const killers = await testMutant(mutant, cases, golden);
    const missed = mutant.killedBy.filter((id) => !killers.includes(id));
    const found = missed.length === 0 ? `killed by ${killers.join(", ")}` : `not found by ${missed.join(", ")}`;
    show(missed.length === 0, `mutant ${mutant.id}: ${found}`);
  };
  await runPool(
    chosen.mutants.filter(({ alone }) => alone !== true),
    mutantsAtOnce,
    tryMutant,
  );
  await runPool(
    chosen.mutants.filter(({ alone }) => alone === true),
    1,
    tryMutant,
  );
  status.end();
  if (only.length === 0) {
    for (const id of toUnproven(cases, mutants)) show(false, `case ${id}: no mutant proves that it can fail`);
    for (const id of toUnnamed(cases, proofs)) show(false, `case ${id}: no client is named that breaks without it`);
  }
  const written = table.map((file) => {
    const path = resolve(terminal.cwd, file);
    return tryToWrite(terminal, path, () => writeText(path, toKillTable(file, cases, mutants, variants)));
  });
  terminal.print(`${chosen.variants.length} legal variants, ${chosen.mutants.length} mutants`);
  const closing = `${passed} passed, ${failed.length} failed`;
  terminal.print(terminal.paint.print(failed.length > 0 ? "bad" : "good", closing));
  if (failed.length > 0) terminal.fail(exitStatus.failed);
  else if (!written.every(Boolean)) terminal.fail(exitStatus.erred);
}

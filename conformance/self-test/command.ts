import { resolve } from "node:path";
import type { Case } from "../case.ts";
import { waitForSubject } from "../commands/run.ts";
import { type SubjectFlags, withSubject } from "../commands/with-subject.ts";
import { toOrdered } from "../folder.ts";
import type { Host } from "../host.ts";
import { runPool } from "../pool.ts";
import { writeText } from "../report/write.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { toKillTable } from "./kill-table.ts";
import type { Mutant } from "./mutant.ts";
import { mutants as generic, toOwnMutants } from "./mutants.ts";
import { type Golden, testMutant, testVariant, toUnproven } from "./self-test.ts";
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
  await withSubject(flags, host, terminal, async (target) => {
    const capabilities = new Map((await waitForSubject(target)).capabilities);
    // A changed server cannot be started once more with another configuration.
    capabilities.set("own", { present: false, why: "the server is changed on its way" });
    const mutants = toOrdered([...generic, ...(host.mutants ?? []), ...toOwnMutants(host.cases ?? [])]);
    await testAll({ cases, mutants }, { subject: target.subject, capabilities }, flags, terminal);
  });
}

async function testAll(
  { cases, mutants }: { readonly cases: readonly Case[]; readonly mutants: readonly Mutant[] },
  golden: Golden,
  { only, table }: SelfTestFlags,
  terminal: Terminal,
): Promise<void> {
  const names = new Set([...mutants, ...variants, ...cases].map(({ id }) => id));
  const unknown = only.filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no mutant, variant or case ${unknown.join(", ")}; \`list\` shows the cases.`);
  const isChosen = ({ id, killedBy = [] }: { id: string; killedBy?: readonly string[] }): boolean =>
    only.length === 0 || only.includes(id) || killedBy.some((name) => only.includes(name));
  let passed = 0;
  const failed: string[] = [];
  const show = (ok: boolean, line: string): void => {
    if (ok) passed++;
    else failed.push(line);
    terminal.print(`${ok ? "ok  " : "FAIL"}  ${line}`);
  };
  for (const variant of variants.filter(isChosen)) {
    const blamed = await testVariant(variant, cases, golden);
    show(
      blamed.length === 0,
      `variant ${variant.id}: ${blamed.length === 0 ? "not blamed" : `blamed by ${blamed.join("; ")}`}`,
    );
  }
  const tryMutant = async (mutant: Mutant): Promise<void> => {
    const killers = await testMutant(mutant, cases, golden);
    const missed = mutant.killedBy.filter((id) => !killers.includes(id));
    const found = missed.length === 0 ? `killed by ${killers.join(", ")}` : `not found by ${missed.join(", ")}`;
    show(missed.length === 0, `mutant ${mutant.id}: ${found}`);
  };
  const chosen = mutants.filter(isChosen);
  await runPool(
    chosen.filter(({ alone }) => alone !== true),
    mutantsAtOnce,
    tryMutant,
  );
  await runPool(
    chosen.filter(({ alone }) => alone === true),
    1,
    tryMutant,
  );
  if (only.length === 0)
    for (const id of toUnproven(cases, mutants)) show(false, `case ${id}: no mutant proves that it can fail`);
  for (const file of table) writeText(resolve(terminal.cwd, file), toKillTable(file, cases, mutants, variants));
  terminal.print(`${variants.length} legal variants, ${mutants.length} mutants`);
  terminal.print(`${passed} passed, ${failed.length} failed`);
  if (failed.length > 0) terminal.fail(1);
}

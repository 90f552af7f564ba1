import type { Case } from "../case.ts";
import { fitsGlob, listGroups, matches } from "../judge/select.ts";
import { UsageError } from "../terminal.ts";
import type { Mutant } from "./mutant.ts";
import { variants } from "./variants.ts";

/** What is known of a mutant or a variant before it runs. */
interface Tried {
  readonly id: string;
  readonly killedBy?: readonly string[];
}

/**
 * Which mutants and variants `--only` means: by their names, and by those of the cases that must find them and of their
 * groups. Throws where that is nothing, for a self-test of nothing proves nothing.
 */
export function toChoice(
  only: readonly string[],
  cases: readonly Case[],
  mutants: readonly Mutant[],
): (tried: Tried) => boolean {
  const tried: readonly Tried[] = [...mutants, ...variants];
  const chosen = new Set(only.length === 0 ? tried : only.flatMap((glob) => choose(glob, cases, tried)));
  return (one) => chosen.has(one);
}

function choose(glob: string, cases: readonly Case[], tried: readonly Tried[]): readonly Tried[] {
  const named = cases.filter((one) => matches(one, glob)).map(({ id }) => id);
  const found = tried.filter(
    ({ id, killedBy = [] }) => fitsGlob(id, glob) || killedBy.some((name) => named.includes(name)),
  );
  if (found.length > 0) return found;
  if (named.length > 0) throw new UsageError(`No mutant is proven by ${named.join(", ")}, so there is nothing to try.`);
  throw new UsageError(
    `There is no mutant, variant, case or group ${glob}. ${listGroups(cases)} \`explain\` shows the mutants of a case; ` +
      `the variants are ${variants.map(({ id }) => id).join(", ")}.`,
  );
}

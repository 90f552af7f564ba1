import type { Case } from "../case.ts";
import type { Waiting } from "./crowd.ts";
import type { Change, Mutant } from "./mutant.ts";
import { type Golden, testMutant, testVariant } from "./self-test.ts";

/** One change of the golden server, and what the cases must make of it. */
export interface Trial extends Waiting {
  readonly name: string;
  /** Nothing else may use its golden server meanwhile: cases that are run on it read counters which others would move. */
  readonly alone: boolean;
  readonly run: (golden: Golden) => Promise<Outcome>;
}

export interface Outcome {
  readonly ok: boolean;
  readonly words: string;
}

export function toVariantTrial(variant: Change, cases: readonly Case[]): Trial {
  return {
    name: `variant ${variant.id}`,
    alone: true,
    longestMs: 0,
    async run(golden) {
      const blamed = await testVariant(variant, cases, golden);
      const ok = blamed.length === 0;
      return { ok, words: ok ? "not blamed" : `blamed by ${blamed.join("; ")}` };
    },
  };
}

export function toMutantTrial(mutant: Mutant, cases: readonly Case[]): Trial {
  const limits = cases.filter(({ id }) => mutant.killedBy.includes(id)).map(({ limitMs = 0 }) => limitMs);
  return {
    name: `mutant ${mutant.id}`,
    alone: mutant.alone === true,
    longestMs: Math.max(0, ...limits),
    async run(golden) {
      const killers = await testMutant(mutant, cases, golden);
      const missed = mutant.killedBy.filter((id) => !killers.includes(id));
      const ok = missed.length === 0;
      return { ok, words: ok ? `killed by ${killers.join(", ")}` : `not found by ${missed.join(", ")}` };
    },
  };
}

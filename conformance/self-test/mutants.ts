import type { Case } from "../case.ts";
import { cases } from "../cases.ts";
import { toOrdered } from "../folder.ts";
import type { Mutant } from "./mutant.ts";

/** The faults of all these cases, by id. Throws if a case finds one that stands nowhere. */
export function toMutants(list: readonly Case[]): readonly Mutant[] {
  const mutants = list.flatMap(({ id, faults = [] }) =>
    faults.map((fault): Mutant => {
      const others = list.filter(({ finds = [] }) => finds.includes(fault.id));
      return { ...fault, killedBy: [id, ...others.map((other) => other.id)] };
    }),
  );
  const known = new Set(mutants.map(({ id }) => id));
  for (const { id, finds = [] } of list)
    for (const fault of finds) if (!known.has(fault)) throw new Error(`${id} finds ${fault}, which no case has`);
  return toOrdered(mutants);
}

/** Every mutant of the suite. */
export const mutants = toMutants(cases);

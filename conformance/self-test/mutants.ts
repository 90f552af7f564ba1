import type { Case } from "../case.ts";
import { cases } from "../cases.ts";
import { loadFolder, toOrdered } from "../folder.ts";
import { isMutantList, type Mutant } from "./mutant.ts";

/** The faults that stand beside their case. */
export function toOwnMutants(list: readonly Case[]): Mutant[] {
  return list.flatMap(({ id, faults = [] }) => faults.map((fault) => ({ ...fault, killedBy: [id] })));
}

/** Every mutant, by id. */
export const mutants = toOrdered([
  ...(await loadFolder(new URL("mutants/", import.meta.url), isMutantList)),
  ...toOwnMutants(cases),
]);

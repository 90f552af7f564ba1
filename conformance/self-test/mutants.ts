import { loadFolder } from "../folder.ts";
import { isMutantList } from "./mutant.ts";

/** Every mutant, by id. */
export const mutants = await loadFolder(new URL("mutants/", import.meta.url), isMutantList);

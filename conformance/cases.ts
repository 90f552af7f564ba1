import { isCaseList } from "./case.ts";
import { loadFolder } from "./folder.ts";

/** Every case of the suite, by id. */
export const cases = await loadFolder(new URL("cases/", import.meta.url), isCaseList);

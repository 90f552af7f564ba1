import { type Cause, isCauseList } from "./cause.ts";
import { loadFolder } from "../folder.ts";

/** What several cases may find at once; each stands beside the cases that it is about. */
export const causes: readonly Cause[] = await loadFolder(new URL("../cases/", import.meta.url), isCauseList);

import type { Break } from "./break.ts";
import { authentication } from "./breaks/authentication.ts";

/** In the order of the rows. */
export const breaks: readonly Break[] = [...authentication];

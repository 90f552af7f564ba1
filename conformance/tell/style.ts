import { readFileSync } from "node:fs";

/** What reports and the pages of the matrix have in common; the style of each comes after it. */
export const sharedStyle = readFileSync(new URL("page/style.css", import.meta.url), "utf8");

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One thing to type, and what is shown to come of it; undefined where nothing is shown. */
export interface Line {
  readonly text: string;
  readonly shown: string | undefined;
}

/** The shell of a page, from top to bottom: a console is typed prompt by prompt, anything else at once. */
export function linesOf(checkout: string, page: string, heading?: string): Line[] {
  const whole = readFileSync(join(checkout, page), "utf8");
  const text = heading === undefined ? whole : (whole.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "");
  return [...text.matchAll(/^```(sh|console)\n([^]*?)^```$/gm)].flatMap(([, language, block = ""]) =>
    language === "sh" ? [{ text: block.trimEnd(), shown: undefined }] : toPrompts(block),
  );
}

function toPrompts(block: string): Line[] {
  const parts = block.split(/^\$ /m).filter((part) => part !== "");
  return parts.map((part) => {
    const end = part.indexOf("\n");
    const shown = part.slice(end + 1);
    return { text: part.slice(0, end), shown: shown === "" ? undefined : shown };
  });
}

// Writes what is known of the conformance suite by its cases alone: its catalogue, and the numbers in the READMEs. Whoever adds a
// case touches nothing of it. `--check` only compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cases } from "../conformance/cases.ts";
import { toCatalogue } from "../conformance/tell/catalogue.ts";
import { mutants } from "../conformance/self-test/mutants.ts";
import { variants } from "../conformance/self-test/variants.ts";
import { settle } from "./shown.ts";

/** The words behind each number. */
const figures: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "README.md": { requirements: cases.length },
  "conformance/README.md": { mutants: mutants.length, "legal variants": variants.length },
};

settle("conformance/catalogue.md", toCatalogue(cases));
for (const [file, counts] of Object.entries(figures)) {
  const text = readFileSync(join(import.meta.dirname, "..", file), "utf8");
  settle(
    file,
    Object.entries(counts).reduce((page, [words, count]) => {
      const stated = new RegExp(`\\b\\d+ ${words}\\b`);
      if (!stated.test(page)) throw new Error(`${file} does not say how many ${words} there are`);
      return page.replace(stated, `${count} ${words}`);
    }, text),
  );
}

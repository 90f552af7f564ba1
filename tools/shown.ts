import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");

/** A test that shows a row of a table: its file, from the root, and its title as it is written there. */
export interface Shown {
  readonly file: string;
  readonly title: string;
}

export const show = (file: string, title: string): Shown => ({ file, title });

/** A link from a page in `docs/`. Throws if there is no such test. */
export function toLink({ file, title }: Shown): string {
  const source = join(root, file);
  if (!existsSync(source)) throw new Error(`a page in docs/ would name ${file}, which does not exist`);
  if (!readFileSync(source, "utf8").includes(title)) throw new Error(`${file} has no test "${title}"`);
  return `[${title.replaceAll("|", "\\|")}](../${file})`;
}

export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map(() => "---"), ...rows];
  return all.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Writes a page, or with `--check` sets the status of the process if it is not what stands there. */
export function settle(path: string, text: string): void {
  const file = join(root, path);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    console.error(`${relative(root, file)} is not what its tool writes: run \`npm run generate\``);
    process.exitCode = 1;
  }
}

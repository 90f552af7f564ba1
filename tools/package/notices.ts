import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The licences of what the bundle has taken in: one section for each package, by the files that came from it. */
export function toNotices(files: readonly string[]): string {
  const folders = new Set(files.map(toPackageFolder).filter((folder) => folder !== undefined));
  const sections = [...folders].map(toSection).toSorted();
  return `# Third-party software in this package\n\n${[...new Set(sections)].join("\n")}`;
}

/** `…/node_modules/@scope/name`, of a file below it. */
function toPackageFolder(file: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll("\\", "/"))?.[0];
}

function toSection(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
  if (license === undefined) throw new Error(`${name} is in the bundle, but its package.json names no licence.`);
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
    .map((file) => `\n${readFileSync(join(folder, file), "utf8").trim()}\n`);
  return `## ${name} ${version} (${license})\n${texts.join("")}`;
}

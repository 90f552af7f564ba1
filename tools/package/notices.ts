import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundled } from "./bundled.ts";

/** The licences of what the bundle has taken in: one section for each package. */
export function toNotices(bundled: readonly Bundled[]): string {
  return `# Third-party software in this package\n\n${bundled.map(toSection).join("\n")}`;
}

function toSection({ folder, name, version, license }: Bundled): string {
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
    .map((file) => `\n${readFileSync(join(folder, file), "utf8").trim()}\n`);
  return `## ${name} ${version} (${license})\n${texts.join("")}`;
}

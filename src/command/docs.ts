import { copyFileSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { toGeneratedFile } from "../base/contract.ts";
import type { Terminal } from "./terminal.ts";

/** Each file of the package and its name in the static site. */
const pages = {
  "docs.html": "index.html",
  "openapi.json": "openapi.json",
  "openapi-3.2.json": "openapi-3.2.json",
  "errors.md": "errors.md",
  "request-fields.md": "request-fields.md",
  "config.md": "config.md",
};

export function createDocsCommand(terminal: Terminal): Command {
  return new Command("docs")
    .description("write the documentation as static files, for any web server")
    .option("--out <folder>", "where to write", "clawgate-docs")
    .action(({ out }: { out: string }) => {
      const folder = resolve(terminal.cwd, out);
      mkdirSync(folder, { recursive: true });
      for (const [source, name] of Object.entries(pages)) {
        copyFileSync(toGeneratedFile(source), join(folder, name));
      }
      terminal.print(join(folder, "index.html"));
    });
}

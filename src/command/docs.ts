import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { toPagePolicy } from "../api/reference.ts";
import { ConfigError } from "../base/config/config-error.ts";
import { toWriteReason } from "../base/config/file-trust.ts";
import { toGeneratedFile, toPackageFile } from "../base/contract.ts";
import { makeFolder } from "../base/make-folder.ts";
import { showStatus } from "./status-line.ts";
import type { Terminal } from "./terminal.ts";

/** Further files of the package, as they are. */
const files = ["openapi.json", "openapi-3.2.json", "errors.md", "request-fields.md", "config.md"];

export function createDocsCommand(terminal: Terminal): Command {
  return new Command("docs")
    .description("write the documentation as static files, for any web server")
    .option("--out <folder>", "where to write", parseFolder, "clawgate-docs")
    .action(({ out }: { out: string }) => {
      const folder = resolve(terminal.cwd, out);
      try {
        makeFolder(folder);
        writeReference(folder, (name) => showStatus(terminal, name));
        for (const name of files) cpSync(toGeneratedFile(name), join(folder, name));
      } catch (cause) {
        throw toRefusal(folder, cause);
      } finally {
        showStatus(terminal, undefined);
      }
      terminal.print(join(folder, "index.html"));
    });
}

/** Without a name the working directory would be full of it. */
function parseFolder(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must name a folder.");
}

function toRefusal(folder: string, cause: unknown): unknown {
  if (!(cause instanceof Error && "code" in cause)) return cause;
  return new ConfigError(
    `Cannot write ${folder}: ${toWriteReason(cause as NodeJS.ErrnoException, "name another folder with --out")}.`,
    {
      cause,
    },
  );
}

/** The pages under the names that a gateway serves them by, so that what links to one leads to the other. */
function writeReference(folder: string, begin: (name: string) => void): void {
  const source = fileURLToPath(toGeneratedFile("reference/"));
  for (const name of ["docs.md", "llms.txt"]) cpSync(join(source, name), join(folder, name));
  cpSync(toPackageFile("reference/scalar.js"), join(folder, "docs.js"));
  const pages = readdirSync(join(source, "docs"), { recursive: true, encoding: "utf8" });
  for (const name of ["index.html", ...pages.map((page) => join("docs", page))]) {
    if (!name.endsWith(".html")) continue;
    begin(name);
    makeFolder(join(folder, name, ".."));
    writeFileSync(join(folder, name), toCopy(readFileSync(join(source, name), "utf8")));
  }
}

/**
 * A page that no gateway serves: its policy stands in it, there is nothing to try, and the reference is the file that web servers
 * give for a folder. A page cannot say itself who may frame it.
 */
function toCopy(page: string): string {
  const policy = toPagePolicy(page).replace("connect-src 'self'", "connect-src 'none'");
  return page
    .replace(
      '<meta charset="utf-8" />',
      `<meta charset="utf-8" />\n<meta http-equiv="content-security-policy" content="${policy}" />`,
    )
    .replace("<body>", "<body data-copy>")
    .replace(/class="home" href="((?:\.\.\/)+)docs"/, 'class="home" href="$1index.html"');
}

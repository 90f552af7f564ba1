// Copies the two libraries of the page from node_modules into page/, as they are but for one import, since a browser finds
// no packages by their names. Run it after another version of them was installed: `node tools/page-vendor.ts`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

export interface Vendored {
  /** The file of the package that it is. */
  readonly source: string;
  /** In page/. */
  readonly file: string;
  readonly text: string;
}

const sources = [
  { name: "preact", module: "dist/preact.mjs", file: "preact.js" },
  { name: "preact", module: "hooks/dist/hooks.mjs", file: "preact-hooks.js" },
  { name: "htm", module: "dist/htm.mjs", file: "htm.js" },
] as const;

/** What page/ is to have of other people. */
export function listVendored(): readonly Vendored[] {
  return sources.map(({ name, module, file }) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      version: string;
      license: string;
    };
    const source = join(folder, module);
    const code = readFileSync(source, "utf8")
      .replaceAll('"preact"', '"./preact.js"')
      .replace(/\n\/\/# sourceMappingURL=.*\s*$/, "");
    const head = `/* ${module} of ${name} ${version}, ${license}; its licence is in page/licences/${name}.txt. Made by tools/page-vendor.ts. */`;
    return { source, file, text: `${head}\n${code.trimEnd()}\n` };
  });
}

if (import.meta.main) {
  for (const { file, text } of listVendored()) writeFileSync(join(root, "page", file), text);
  for (const { name } of sources)
    writeFileSync(join(root, `page/licences/${name}.txt`), readFileSync(join(root, "node_modules", name, "LICENSE")));
}

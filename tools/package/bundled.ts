import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A package of which something is in the bundle. */
export interface Bundled {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX identifier (https://spdx.org/licenses). */
  readonly license: string;
}

/** Licences that ask for no more than their text, which THIRD-PARTY.md has. Another one needs somebody's decision. */
const permissive = new Set(["MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "BlueOak-1.0.0"]);

/** The packages that these files came from, each once, by name. Throws for one whose licence is none of the above. */
export function listBundled(files: readonly string[]): readonly Bundled[] {
  const folders = new Set(files.map(toPackageFolder).filter((folder) => folder !== undefined));
  const packages = new Map(Array.from(folders, readPackage).map((found) => [`${found.name}@${found.version}`, found]));
  return [...packages.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `…/node_modules/@scope/name`, of a file below it. */
function toPackageFolder(file: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll("\\", "/"))?.[0];
}

function readPackage(folder: string): Bundled {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Partial<Bundled>;
  if (name === undefined || version === undefined) throw new Error(`${folder}/package.json has no name or no version.`);
  if (license === undefined || !permissive.has(license))
    throw new Error(
      `${name}@${version} is in the bundle, and its licence is ${license ?? "not named"}. ` +
        `Known to be permissive are ${[...permissive].join(", ")} (tools/package/bundled.ts).`,
    );
  return { folder, name, version, license };
}

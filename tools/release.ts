// Makes a release. `set 0.2.0` writes the version wherever it stands and settles the changelog, to be looked at and committed;
// `build` makes release/: both packages, the notes, a bill of materials of each and the digests of all. It publishes nothing.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { notesOf, settleChangelog } from "./release/changelog.ts";
import { readVersions, writeVersion } from "./release/places.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "release");
const changelogPath = join(root, "CHANGELOG.md");
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    stdio: ["ignore", "pipe", "inherit"],
  });

function set(version: string): void {
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) throw new Error(`'${version}' is no version: MAJOR.MINOR.PATCH`);
  const changelog = readFileSync(changelogPath, "utf8");
  writeFileSync(changelogPath, settleChangelog(changelog, version, new Date().toISOString().slice(0, 10)));
  writeVersion(root, version);
  run("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund");
  run("npm", "run", "generate");
  // What the page of changes compares the next version with.
  copyFileSync(join(root, "generated/reference/inventory.json"), join(root, `openapi/released/${version}.json`));
  console.log(`${version}: look at \`git diff\`, run \`npm run check\`, commit, tag \`v${version}\``);
}

/** The version, if all places agree on it and the tag is of it. */
function readVersion(tag: string | undefined): string {
  const found = readVersions(root);
  const version = found[0]?.[1] ?? "";
  const wrong = found.filter(([, other]) => other !== version);
  if (wrong.length > 0) throw new Error(`${wrong[0]?.[0]} says ${wrong[0]?.[1]}, package.json ${version}`);
  if (tag !== undefined && tag !== `v${version}`) throw new Error(`the tag ${tag} is not that of version ${version}`);
  return version;
}

function build(tag: string | undefined, repository: string | undefined): void {
  const version = readVersion(tag);
  const notes = notesOf(readFileSync(changelogPath, "utf8"), tag === undefined ? undefined : version);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  // The documents in a package link to what only a checkout has.
  const sources = repository === undefined ? [] : ["--", "--sources", `${repository}/blob/${tag ?? "HEAD"}`];
  run("npm", "run", "build", ...sources);
  run("npm", "run", "build:suite", ...sources);
  for (const folder of ["dist", "dist-conformance"]) {
    // Where a package comes from is known where it is built; without it the registry takes no provenance.
    if (repository !== undefined) run("npm", "pkg", "set", `repository.url=git+${repository}.git`, "--prefix", folder);
    run("npm", "pack", `./${folder}`, "--pack-destination", out);
  }
  copyFileSync(join(root, "dist/sbom.cdx.json"), join(out, `clawgate-${version}.cdx.json`));
  writeFileSync(join(out, `clawgate-conformance-${version}.cdx.json`), toSuiteSbom());
  writeFileSync(join(out, "notes.md"), `${notes}\n`);
  writeFileSync(join(out, "SHA256SUMS"), toSums());
  for (const name of readdirSync(out)) console.log(join("release", name));
}

interface Bom {
  readonly metadata: { readonly component: { readonly name: string } };
}

/** All that an installation of the suite brings along, as the lock has it. */
function toSuiteSbom(): string {
  const about = ["--package-lock-only", "--omit", "dev", "--workspace", "conformance"];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format is npm's, which names it in the document
  const bom = JSON.parse(run("npm", "sbom", "--sbom-format", "cyclonedx", ...about)) as Bom;
  // npm takes the folder's name for the package's.
  const component = { ...bom.metadata.component, name: "@clawgate/conformance" };
  return `${JSON.stringify({ ...bom, metadata: { ...bom.metadata, component } }, null, 2)}\n`;
}

function toSums(): string {
  const sum = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(join(out, name)))
      .digest("hex");
  return readdirSync(out)
    .filter((name) => name !== "notes.md")
    .map((name) => `${sum(name)}  ${name}\n`)
    .join("");
}

function main(): void {
  const options = { tag: { type: "string" }, repository: { type: "string" } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [command, version = ""] = positionals;
  if (command === "set") set(version);
  else if (command === "build") build(values.tag, values.repository);
  else throw new Error("npm run release -- set VERSION | build [--tag vVERSION] [--repository URL]");
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

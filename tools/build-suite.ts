// Makes dist-conformance/, which is the package of the conformance suite that is published: `npm pack ./dist-conformance`.
// One file for each of the sources: cases are found in their folder, as in a checkout. `--sources URL` says where
// all of the checkout can be read.
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { mendLinks } from "./package/pages.ts";
import { toSuiteManifest } from "./package/suite-manifest.ts";

const root = join(import.meta.dirname, "..");
const suite = join(root, "conformance");
const dist = join(root, "dist-conformance");
const manifest = toSuiteManifest(suite);
const { sources } = parseArgs({ options: { sources: { type: "string" } } }).values;

/** What is loaded by its place and not by an import. */
const loaded = readdirSync(join(suite, "cases"))
  .filter((name) => /(?<!\.(?:test|fixture))\.ts$/.test(name))
  .map((name) => `cases/${basename(name, ".ts")}`);
const input = Object.fromEntries(["index", "main", ...loaded].map((name) => [name, join(suite, `${name}.ts`)]));

const external = Object.keys(manifest.dependencies).map((name) => new RegExp(`^${name}(?:/|$)`));

rmSync(dist, { recursive: true, force: true });

const code = await rolldown({
  cwd: suite,
  input,
  platform: "node",
  external,
});
const { output } = await code.write({
  dir: dist,
  preserveModules: true,
  preserveModulesRoot: suite,
  entryFileNames: "[name].js",
});
const taken = output
  .flatMap((part) => (part.type === "chunk" ? part.moduleIds : []))
  .find((id) => /\/node_modules\//.test(id));
if (taken !== undefined) throw new Error(`${taken} is used by the suite, but is no dependency in its package.json.`);

const types = await rolldown({
  cwd: suite,
  input: { index: join(suite, "index.ts") },
  platform: "node",
  external,
  plugins: [
    dts({
      emitDtsOnly: true,
      tsconfig: join(root, "tsconfig.json"),
      // By its own path: of what it finds in node_modules the compiler declares nothing.
      compilerOptions: { paths: { "@clawgate/contract": [join(root, "contract/index.ts")] } },
    }),
  ],
});
await types.write({ dir: dist });

const beside = /\.(?:md|yaml|yml)$/;
const copied = [
  ...readdirSync(suite).filter((name) => beside.test(name)),
  "bin",
  "examples",
  "report/page",
  "matrix/page",
  "tell/page",
  "generated/request.json",
  "proof/proofs.json",
  "sets",
];
for (const name of copied) cpSync(join(suite, name), join(dist, name), { recursive: true });
cpSync(join(root, "LICENSE"), join(dist, "LICENSE"));
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
mendLinks({ root: suite, dist, sources: sources === undefined ? undefined : `${sources}/conformance` });

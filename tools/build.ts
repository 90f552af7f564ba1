// Makes dist/, which is the package that is published: `npm pack ./dist`. The gateway is a bundle, so that it starts in
// half the time, takes a quarter less memory, and needs nothing else to be installed. `--sources URL` says where the sources can
// be read, to which the documents in the package then link.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { takeBuiltinsPlain, takeTlsWhenUsed } from "./package/builtins.ts";
import { listBundled } from "./package/bundled.ts";
import { createChunkOf } from "./package/chunks.ts";
import { toManifest } from "./package/manifest.ts";
import { toNotices } from "./package/notices.ts";
import { compactSources } from "./package/compact.ts";
import { copyPages } from "./package/pages.ts";
import { toSbom } from "./package/sbom.ts";
import { listVendored } from "./page-vendor.ts";
import { toComponent, toNotice } from "./reference-vendor.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const { sources } = parseArgs({ options: { sources: { type: "string" } } }).values;
const published = { index: "src/index.ts", client: "generated/client/index.ts" };

const chunkOf = createChunkOf(join(root, "contract/"));

rmSync(dist, { recursive: true, force: true });

const code = await rolldown({
  cwd: root,
  // The workers are files of their own beside the others, as channel.ts and json-check.ts look for them.
  input: {
    ...published,
    cli: "src/cli.ts",
    worker: "src/session/sqlite/worker.ts",
    "json-check-worker": "src/run/json-check-worker.ts",
  },
  platform: "node",
  // Loaded where somebody installed it; the suite is a package of its own.
  external: [/^@ai-sdk\//, "@clawgate/conformance"],
  plugins: [takeBuiltinsPlain(), takeTlsWhenUsed(), compactSources()],
  // `depd` evaluates code to keep a function's length; it is called by nobody here.
  checks: { eval: false },
});
const { output } = await code.write({
  dir: join(dist, "lib"),
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  codeSplitting: {
    groups: [
      { name: (id, modules) => (chunkOf(id, modules) === "small" ? "small" : null), debugName: "small", priority: 1 },
      { name: (id, modules) => (chunkOf(id, modules) === "base" ? "base" : null), debugName: "base" },
    ],
    minShareCount: 3,
  },
  comments: false,
});

const types = await rolldown({
  cwd: root,
  input: published,
  platform: "node",
  plugins: [
    dts({
      emitDtsOnly: true,
      tsconfig: join(root, "tsconfig.json"),
      // By its own path: of what it finds in node_modules the compiler declares nothing.
      compilerOptions: { paths: { "@clawgate/contract": [join(root, "contract/index.ts")] } },
    }),
  ],
});
await types.write({ dir: join(dist, "lib") });

mkdirSync(join(dist, "generated"));
for (const name of readdirSync(join(root, "generated"))) {
  if (/\.(?:json|html|md)$/.test(name)) cpSync(join(root, "generated", name), join(dist, "generated", name));
}
cpSync(join(root, "generated/reference"), join(dist, "generated/reference"), { recursive: true });
mkdirSync(join(dist, "reference"));
cpSync(join(root, "reference/scalar.js"), join(dist, "reference/scalar.js"));
mkdirSync(join(dist, "page"));
for (const name of readdirSync(join(root, "page"))) {
  if (/\.(?:css|html|js|svg)$/.test(name)) cpSync(join(root, "page", name), join(dist, "page", name));
}
for (const name of ["bin", "LICENSE"]) cpSync(join(root, name), join(dist, name), { recursive: true });
const modules = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
const bundled = listBundled([...modules, ...listVendored().map(({ source }) => source)]);
writeFileSync(join(dist, "THIRD-PARTY.md"), toNotices(bundled) + toNotice());
writeFileSync(join(dist, "sbom.cdx.json"), toSbom(root, "clawgate", bundled, [toComponent()]));
writeFileSync(join(dist, "package.json"), `${JSON.stringify(toManifest(root), null, 2)}\n`);
copyPages({ root, dist, sources });

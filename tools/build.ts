// Makes dist/, what the published package runs: the compiled sources, and the generated files that they read.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/@typescript/native/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
for (const name of readdirSync(join(root, "generated"))) {
  const compiled = name.endsWith(".ts") && !name.endsWith(".d.ts");
  if (!compiled && name !== "client") cpSync(join(root, "generated", name), join(root, "dist/generated", name));
}
cpSync(join(root, "conformance/report/page"), join(root, "dist/conformance/report/page"), { recursive: true });

// Makes dist/, what the published package runs: the compiled sources, and the generated files that they read.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = (args: readonly string[]): void => {
  const program = join(root, "node_modules/@typescript/native/bin/tsc");
  execFileSync(process.execPath, [program, ...args], { cwd: root, stdio: "inherit" });
};
tsc(["-p", "tsconfig.build.json"]);
// `clawgate/client` imports nothing, and so needs no bundle.
tsc(["-p", "tsconfig.client-build.json"]);
for (const name of readdirSync(join(root, "generated"))) {
  const compiled = name.endsWith(".ts") && !name.endsWith(".d.ts");
  if (!compiled && name !== "client") cpSync(join(root, "generated", name), join(root, "dist/generated", name));
}
cpSync(join(root, "conformance/report/page"), join(root, "dist/conformance/report/page"), { recursive: true });

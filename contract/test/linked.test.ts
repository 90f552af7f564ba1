import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

// An API of somebody else's, in a folder of its own, that `npm install` has linked the checkout's folder into.

const contract = join(import.meta.dirname, "..");
const execute = promisify(execFile);

test(
  "what is generated from another folder's document runs there, with nothing but ajv beside it",
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "contract-linked-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "@clawgate"), { recursive: true });
    symlinkSync(contract, join(modules, "@clawgate/contract"));
    symlinkSync(join(contract, "../node_modules/ajv"), join(modules, "ajv"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const name of ["openapi.yaml", "schemas.yaml"]) cpSync(join(contract, "test/store", name), join(folder, name));
    writeFileSync(
      join(folder, "generate.ts"),
      'import { generate } from "@clawgate/contract/generate";\nawait generate({ document: "openapi.yaml", out: "generated" });\n',
    );
    writeFileSync(
      join(folder, "own.ts"),
      `import { bind } from "@clawgate/contract";
import { operations } from "./generated/operations.ts";
const answer = bind(operations.getItem, () => ({ status: 404, body: { problem: "no tea" } }));
const readText = () => "tea";
console.log(JSON.stringify(await answer({ readText, readBody: async () => undefined, signal: new AbortController().signal, context: {} })));
`,
    );
    const run = (name: string) => execute(process.execPath, [name], { cwd: folder });
    await run("generate.ts");
    expect(JSON.parse((await run("own.ts")).stdout)).toMatchObject({ status: 404, body: { problem: "no tea" } });
  },
);

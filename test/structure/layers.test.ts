import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { expect, onTestFinished, test } from "vitest";
import rules from "../../.dependency-cruiser.mjs";
import { loadFiles } from "./sources.ts";

const root = join(import.meta.dirname, "../..");

/** The rules that a repository of invented files breaks: each has the text that it has. */
async function findBreaches(files: Readonly<Record<string, string>>): Promise<string[]> {
  const baseDir = mkdtempSync(join(tmpdir(), "clawgate-layers-"));
  onTestFinished(() => rmSync(baseDir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(baseDir, path)), { recursive: true });
    writeFileSync(join(baseDir, path), text);
  }
  const { tsConfig: _, ...options } = rules.options;
  const ruleSet = { forbidden: rules.forbidden, options };
  const { output } = await cruise(["src", "conformance"], { ...options, baseDir, validate: true, ruleSet });
  return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
}

const value = "export const x = 1;";
const uses = (target: string): string => `import { x } from "${target}";\nexport const y = x;`;
const usesType = (target: string): string => `import type { X } from "${target}";\nexport type Y = X;`;
const others = { "src/cli.ts": value, "conformance/a.ts": value };

test.for<[what: string, files: Record<string, string>, rule: string]>([
  ["up", { "src/run/a.ts": uses("../api/b.ts"), "src/api/b.ts": value }, "run-imports-downwards"],
  ["up for a type", { "src/base/a.ts": usesType("../edge/b.ts"), "src/edge/b.ts": value }, "base-imports-downwards"],
  [
    "up at run time",
    { "src/base/a.ts": 'await import("../run/b.ts");', "src/run/b.ts": value },
    "base-imports-downwards",
  ],
  [
    "to a neighbour",
    { "src/model/a.ts": uses("../session/b.ts"), "src/session/b.ts": value },
    "model-imports-downwards",
  ],
  ["in a circle", { "src/run/a.ts": uses("./b.ts"), "src/run/b.ts": usesType("./a.ts") }, "no-cycle"],
  ["to no layer", { "src/run/a.ts": uses("../helper/b.ts"), "src/helper/b.ts": value }, "in-a-layer"],
  ["past the door", { "src/run/a.ts": uses("../../generated/b.ts"), "generated/b.ts": value }, "one-door-to-generated"],
  [
    "to an adapter",
    { "src/run/a.ts": uses("../tool/mcp/b.ts"), "src/tool/mcp/b.ts": value },
    "one-room-names-adapters",
  ],
  ["to a test", { "src/run/a.ts": uses("./b.fixture.ts"), "src/run/b.fixture.ts": value }, "not-to-tests"],
  [
    "from the suite",
    { "conformance/b.ts": uses("../src/run/a.ts"), "src/run/a.ts": value },
    "conformance-stands-apart",
  ],
  [
    "of the suite's judges up to who tells",
    { "conformance/judge/a.ts": uses("../tell/b.ts"), "conformance/tell/b.ts": value },
    "suite-judge-downwards",
  ],
  [
    "of who reaches a server up to a judge",
    { "conformance/lens/a.ts": uses("../judge/b.ts"), "conformance/judge/b.ts": value },
    "suite-lens-and-reach-downwards",
  ],
  ["of the suite", { "src/edge/a.ts": uses("../../conformance/a.ts") }, "source-stands-alone"],
  [
    "from the suite past its door",
    { "conformance/b.ts": uses("../generated/c.ts"), "generated/c.ts": value },
    "conformance-stands-apart",
  ],
  ["to nowhere", { "src/run/a.ts": uses("./gone.ts") }, "not-to-nowhere"],
])("an import %s is found", async ([, files, rule]) => {
  expect(await findBreaches({ ...others, ...files })).toContain(rule);
});

test("an import down, and one of a test, is allowed", async () => {
  const files = {
    "src/edge/a.ts": uses("../run/b.ts"),
    "src/run/b.ts": value,
    "src/run/b.test.ts": uses("../edge/a.ts"),
    "src/base/contract.ts": uses("../../generated/c.ts"),
    "generated/c.ts": value,
  };
  expect(await findBreaches({ ...others, ...files })).toEqual([]);
});

/** `clawgate gateway` and the gateway: a command is named after what it does. */
const namesakes = new Set(["gateway.ts"]);

test("no two files of src/ share a name", () => {
  const names = loadFiles(root, ["src"])
    .map(({ path }) => path.split("/").at(-1) ?? "")
    .filter((name) => !namesakes.has(name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

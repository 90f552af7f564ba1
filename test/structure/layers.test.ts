import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listImports, loadFiles, toGraph } from "./graph.ts";
import { findBreaches, layers, trees } from "./layers.ts";

const root = join(import.meta.dirname, "../..");
const graph = toGraph(loadFiles(root, ["src", ...Object.keys(trees)]));

describe("the repository", () => {
  test("imports go down the layers only, without a cycle, a barrel or a second reader of the environment", () => {
    expect(findBreaches(graph)).toEqual([]);
  });

  test("every import within the repository leads to a file", () => {
    const known = new Set(loadFiles(root, ["src", "generated", "test", ...Object.keys(trees)]).map(({ path }) => path));
    const lost = [...graph.imports].flatMap(([path, targets]) =>
      targets.filter((target) => !known.has(target)).map((target) => `${path} → ${target}`),
    );
    expect(lost).toEqual([]);
  });

  test("the graph that was checked is the real one", () => {
    expect(graph.imports.get("src/gateway.ts")).toContain("src/edge/app.ts");
    expect(graph.imports.get("src/base/contract.ts")).toContain("generated/openapi.ts");
    expect(graph.imports.get("contract/generate/generate.ts")).toContain("contract/generate/bundle.ts");
  });

  test("no name stands in two layers", () => {
    const names = layers.flat();
    expect(new Set(names).size).toBe(names.length);
  });
});

/** A graph of invented files, each with the text that it has. */
function check(files: Record<string, string>): string[] {
  return findBreaches(toGraph(Object.entries(files).map(([path, text]) => ({ path, text }))));
}

const uses = (...targets: string[]): string =>
  targets.map((target) => `import { x } from "${target}";\nexport const y = x;`).join("\n");

describe("a planted breach is found", () => {
  test.for<[name: string, files: Record<string, string>, breach: string]>([
    ["an import upwards", { "src/run/run.ts": uses("../api/chat/head.ts") }, "chat/head.ts, which is above"],
    ["an import of a neighbour", { "src/edge/app.ts": uses("../socket/socket.ts") }, "which is beside"],
    ["a neighbour in the row of models", { "src/model/a.ts": uses("../session/b.ts") }, "which is beside"],
    ["the gateway from an edge", { "src/edge/app.ts": uses("../gateway.ts") }, "which is above"],
    ["the gateway from the runtime", { "src/runtime.ts": uses("./gateway.ts") }, "which is above"],
    ["the runtime from an edge", { "src/edge/app.ts": uses("../runtime.ts") }, "which is above"],
    ["a command that knows the command line", { "src/command/a.ts": uses("../cli.ts") }, "which is beside"],
    ["the configuration from the bottom", { "src/base/errors.ts": uses("../edge/load.ts") }, "which is above"],
    [
      "generated code past the contract",
      { "src/base/errors.ts": uses("../../generated/policies.ts") },
      "only src/base/contract.ts",
    ],
    ["a file in no layer", { "src/helpers/a.ts": "export const a = 1;" }, "src/helpers/a.ts is in no layer"],
    ["a loose file in no layer", { "src/util.ts": "export const a = 1;" }, "src/util.ts is in no layer"],
    ["a type import upwards", { "src/base/log.ts": 'import type { A } from "../edge/app.ts";' }, "which is above"],
    ["a type in brackets", { "src/base/log.ts": 'export type A = import("../edge/app.ts").A;' }, "which is above"],
    ["an import at run time", { "src/base/log.ts": 'await import("../edge/app.ts");' }, "which is above"],
    ["a name passed on", { "src/base/log.ts": 'export { a } from "../edge/app.ts";\nconst b = 1;' }, "which is above"],
    ["the source from the suite", { "conformance/a.ts": uses("../src/base/errors.ts") }, "nothing from src/"],
    [
      "the source from the generator",
      { "openapi/extensions/a.ts": uses("../../src/base/errors.ts") },
      "nothing from src/",
    ],
    ["a test's fixture", { "src/edge/a.ts": uses("./a.fixture.ts") }, "imports the test file"],
    [
      "a file that needs vitest",
      { "src/edge/a.ts": uses("./b.ts"), "src/edge/b.ts": 'import { test } from "vitest";' },
      "imports the test file",
    ],
    ["the suite from the source", { "src/command/a.ts": uses("../../conformance/a.ts") }, "outside src/"],
    [
      "generated code from the suite",
      { "conformance/a.ts": uses("../generated/openapi.ts") },
      "nothing from generated/",
    ],
    ["a barrel by its name", { "src/api/chat/index.ts": "export const a = 1;" }, "src/api/chat/index.ts is a barrel"],
    [
      "a barrel by what it does",
      { "src/api/chat/all.ts": 'export * from "./head.ts";' },
      "src/api/chat/all.ts is a barrel",
    ],
    ["the environment", { "src/base/log.ts": "export const a = process.env;" }, "reads process.env"],
    ["the environment in brackets", { "src/base/log.ts": 'export const a = process["env"];' }, "reads process.env"],
    ["the environment taken apart", { "src/base/log.ts": "const { env } = process;" }, "reads process.env"],
    ["the environment by import", { "src/base/log.ts": 'import { env } from "node:process";' }, "reads process.env"],
    [
      "a cycle",
      { "src/api/chat/a.ts": uses("./b.ts"), "src/api/chat/b.ts": uses("./a.ts") },
      "cycle: src/api/chat/a.ts → src/api/chat",
    ],
    [
      "a file that imports itself",
      { "src/api/chat/a.ts": uses("./a.ts") },
      "cycle: src/api/chat/a.ts → src/api/chat/a.ts",
    ],
    [
      "a cycle of types",
      { "src/base/log.ts": typeOf("./errors.ts"), "src/base/errors.ts": typeOf("./log.ts") },
      "cycle: ",
    ],
  ])("%s", ([, files, breach]) => {
    expect(check(files).join("\n")).toContain(breach);
  });
});

function typeOf(target: string): string {
  return `import type { A } from "${target}";\nexport type B = A;`;
}

describe("what is allowed is not reported", () => {
  test.for<[name: string, files: Record<string, string>]>([
    ["down by one and by many", { "src/edge/app.ts": uses("../api/chat/head.ts", "../base/errors.ts", "./body.ts") }],
    ["the commands from the command line", { "src/cli.ts": uses("./command/agent.ts") }],
    [
      "the bottom row among itself",
      { "src/base/errors.ts": uses("./contract.ts"), "src/base/metrics.ts": uses("./errors.ts") },
    ],
    ["generated code from the contract", { "src/base/contract.ts": uses("../../generated/openapi.ts") }],
    ["a test, whatever it imports", { "src/log.test.ts": uses("../gateway.fixture.ts", "../edge/app.ts") }],
    ["the public surface", { "src/index.ts": 'export { x } from "./gateway.ts";' }],
    ["the environment where it belongs", { "src/cli.ts": "export const a = process.env;" }],
    [
      "the environment in a comment or a text",
      { "src/base/log.ts": '// process.env\nexport const a = "process.env";' },
    ],
    ["two ways to one file", { "src/api/chat/a.ts": uses("./b.ts", "./c.ts"), "src/api/chat/b.ts": uses("./c.ts") }],
  ])("%s", ([, files]) => {
    expect(check(files)).toEqual([]);
  });

  test("an import in a comment or a text is none", () => {
    const text = '// import "./a.ts";\nconst b = `import "./b.ts"`;\n/* export * from "./c.ts" */';
    expect(listImports({ path: "src/x.ts", text })).toEqual([]);
  });
});

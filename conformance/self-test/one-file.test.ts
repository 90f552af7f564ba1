// What the README promises whoever adds a case: one file, and all else is found or generated.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { Case } from "../case.ts";
import { listen } from "../test/listen.fixture.ts";
import { toMutants } from "./mutants.ts";

const root = join(import.meta.dirname, "../..");

const added = `import { defineCases } from "../case.ts";
import { expectEqual } from "../expect.ts";

export const newCases = defineCases([
  {
    id: "MOD-99",
    level: "SHOULD",
    requirement: "The list of models is answered with 200.",
    source: "A test.",
    faults: [
      {
        id: "models-teapot",
        what: "The list of models is a teapot.",
        answer: (answer, { path }) => (path.endsWith("/models") ? { ...answer, status: 418 } : answer),
      },
    ],
    async run(context) {
      expectEqual((await context.send({ path: "/models" })).status, 200, "the status");
    },
  },
]);
`;

/** A checkout with the suite in it and whatever makes its pages. */
function checkOut(): string {
  const above = mkdtempSync(join(tmpdir(), "one-file-"));
  onTestFinished(() => rmSync(above, { recursive: true }));
  // Found from below, and not looked into.
  symlinkSync(join(root, "node_modules"), join(above, "node_modules"));
  const folder = join(above, "checkout");
  for (const name of ["README.md", "package.json", "conformance", "tools/shown.ts", "tools/suite-figures.ts"])
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => !path.includes("node_modules") });
  return folder;
}

function readAll(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(names.map((name) => [name.slice(folder.length + 1), readFileSync(name, "latin1")]));
}

/** Its status and all that it says. */
async function run(cwd: string, ...words: string[]): Promise<{ status: number; said: string }> {
  return promisify(execFile)(process.execPath, words, { cwd }).then(
    ({ stdout, stderr }) => ({ status: 0, said: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      status: code,
      said: stdout + stderr,
    }),
  );
}

function startModels(): Promise<string> {
  return listen(({ url }, response) => {
    response.writeHead(url === "/v1/models" ? 200 : 404, { "content-type": "application/json" });
    response.end('{"object":"list","data":[]}');
  });
}

test("adding a case touches one file", async () => {
  const folder = checkOut();
  expect(await run(folder, "tools/suite-figures.ts", "--check")).toEqual({ status: 0, said: "" });
  writeFileSync(join(folder, "conformance/cases/new-case.ts"), added);
  const before = readAll(folder);
  expect(await run(folder, "tools/suite-figures.ts", "--check")).toMatchObject({ status: 1 });
  expect(await run(folder, "tools/suite-figures.ts")).toEqual({ status: 0, said: "" });
  const changed = [...readAll(folder)].flatMap(([name, text]) => (before.get(name) === text ? [] : [name]));
  expect(changed.toSorted()).toEqual(["README.md", "conformance/README.md", "conformance/catalogue.md"]);
  expect(readFileSync(join(folder, "conformance/catalogue.md"), "utf8")).toContain("| MOD-99 | SHOULD |");
  const words = ["self-test", "--only", "MOD-99", "--base-url", await startModels(), "--model", "m"];
  expect(await run(folder, "conformance/main.ts", ...words)).toMatchObject({
    status: 0,
    said: expect.stringMatching(
      /^ok {4}mutant models-teapot: killed by MOD-99\n0 legal variants, 1 mutants\n1 passed/m,
    ),
  });
});

test("a fault is found by the case that it stands with, and by those that name it", () => {
  const one = (id: string, more: Partial<Case>): Case => ({
    id,
    level: "MUST",
    requirement: "",
    source: "",
    run: async () => undefined,
    ...more,
  });
  const list = [one("B-02", { finds: ["late"] }), one("A-01", { faults: [{ id: "late", what: "It is late." }] })];
  expect(toMutants(list)).toEqual([{ id: "late", what: "It is late.", killedBy: ["A-01", "B-02"] }]);
  expect(() => toMutants([one("B-02", { finds: ["nothing"] })])).toThrow("B-02 finds nothing, which no case has");
});

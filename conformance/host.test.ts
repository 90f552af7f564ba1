import { expect, test } from "vitest";
import { cases } from "./cases.ts";
import { defineCases } from "./case.ts";
import { type Host, standalone } from "./host.ts";
import { runConformance } from "./program.ts";
import { plain } from "./tell/paint.ts";

async function run(words: readonly string[], host: Host): Promise<{ output: string; notes: string; status: number }> {
  let [output, notes, status] = ["", "", 0];
  const terminal = {
    environment: {},
    cwd: import.meta.dirname,
    print: (line: string) => void (output += `${line}\n`),
    write: () => undefined,
    note: (line: string) => void (notes += `${line}\n`),
    paint: { print: plain, note: plain },
    interactive: false,
    fail: (code: number) => void (status = code),
  };
  await runConformance(terminal, words, host);
  return { output, notes, status };
}

const own = defineCases([
  {
    id: "HOST-01",
    level: "EXT",
    requirement: "The host's server does what only it does.",
    source: "A test.",
    run: () => Promise.resolve(),
  },
]);
const mutants = [{ id: "host-does-not", what: "It does not.", killedBy: ["HOST-01"] }];
const host: Host = { words: "host", cases: own, mutants, titles: { HOST: "The host" } };

test("what a host brings along is listed and explained with the suite's own", async () => {
  const { output } = await run(["list", "--json"], host);
  const ids = (JSON.parse(output) as { id: string }[]).map(({ id }) => id);
  expect(ids).toHaveLength(cases.length + 1);
  expect(ids).toContain("HOST-01");
  expect((await run(["list", "--markdown"], host)).output).toContain("## HOST: The host");
  expect((await run(["explain", "HOST-01"], host)).output).toContain("host-does-not: It does not.");
});

test("the suite by itself has no case that needs a server which somebody has configured for it", async () => {
  expect(cases.filter(({ needs = [] }) => needs.includes("own"))).toEqual([]);
  expect((await run(["list"], standalone)).output).not.toMatch(/HOST-01|DIS-01/);
});

test("two cases of the same id are a mistake of the host", async () => {
  const same = own.map((one) => ({ ...one, id: "SS-01" }));
  expect(await run(["list"], { ...host, cases: same })).toMatchObject({
    status: 4,
    notes: expect.stringContaining("two have the id SS-01") as string,
  });
});

test("who names a server has to name a model, unless the host has one", async () => {
  const words = ["--base-url", "http://127.0.0.1:1/v1"];
  expect(await run(words, host)).toMatchObject({ status: 2, notes: expect.stringContaining("--model") as string });
  expect(await run(words, { ...host, model: "m" })).toMatchObject({ status: 3 });
});

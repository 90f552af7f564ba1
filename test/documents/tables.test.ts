// Holds the tables of the documentation, and what it names, against what is true.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { floors } from "../../.dependency-cruiser.mjs";
import { directives } from "../../src/model/embedded/directive-table.ts";
import { test } from "../gateway.fixture.ts";
import { pages, read, root, rowsOf } from "./pages.fixture.ts";

test("the page of the embedded agent lists every directive as the table of directives has it", () => {
  const rows = rowsOf(read("docs/embedded.md")).filter(([usage]) => usage?.startsWith("@@"));
  expect(rows).toEqual(Object.values(directives).map(({ usage, help }) => [usage, help]));
});

test.for(["README.md", "docs/configuration.md"])("%s knows no key or default that the reference has not", (page) => {
  const reference = new Map(rowsOf(read("generated/config.md")).map(([key, value]) => [key, value]));
  const rows = rowsOf(read(page)).filter(([key]) => /^(gateway|agents|models|sessions)\./.test(key ?? ""));
  expect(rows.length).toBeGreaterThan(4);
  for (const [key, value] of rows) expect([key, value]).toEqual([key, reference.get(key ?? "")]);
});

test("the page on operating names the metrics that there are", async ({ gateway }) => {
  const { request } = gateway;
  const text = await (await request("/metrics")).text();
  const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? "");
  const named = rowsOf(read("docs/operating.md")).flatMap(([name]) => (name?.startsWith("clawgate_") ? [name] : []));
  expect(named.toSorted()).toEqual(served.toSorted());
});

test("the page of commands lists every command", () => {
  const named = rowsOf(read("docs/commands.md")).flatMap(([name]) => /^npx clawgate (\w+)/.exec(name ?? "")?.[1] ?? []);
  const commands = [...read("src/command/program.ts").matchAll(/^ {2}(\w+): async/gm)].map(([, name]) => name ?? "");
  expect(named.toSorted()).toEqual(commands.toSorted());
});

test.for(pages)("every script that %s names is there", (page) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
  for (const [, script = ""] of read(page).matchAll(/`npm run (?:-s )?([\w:-]+)/g)) {
    expect(Object.keys(scripts)).toContain(script);
  }
});

test("CONTRIBUTING.md has the layers that the rule of imports holds", () => {
  const rows = rowsOf(read("CONTRIBUTING.md")).flatMap(([cell]) =>
    cell?.includes("npm ") ? [] : [cell?.split(" · ")],
  );
  const parts = new Set(readdirSync(join(root, "src")).map((name) => name.replace(/\.ts$/, "")));
  const want = floors.map((layer) => layer.filter((part) => parts.has(part))).filter((layer) => layer.length > 0);
  expect(rows).toHaveLength(want.length);
  for (const [index, layer] of want.entries()) expect(rows[index]).toEqual(expect.arrayContaining(layer));
});

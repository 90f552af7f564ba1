// Holds what README.md and CONTRIBUTING.md say against what is true.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { loadConfig } from "../src/base/config/load.ts";
import { directives } from "../src/model/embedded/directive-table.ts";
import { createProviders } from "../src/model/table.ts";
import { createAgents } from "../src/run/agents.ts";
import { testToken, test } from "../test/gateway.fixture.ts";
import { floors } from "../.dependency-cruiser.mjs";
import { createSilentLog } from "../src/base/log.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("README.md");

function blocksOf(language: string): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, found, body]) =>
    found === language && body !== undefined ? [body] : [],
  );
}

/** The cells of every table row whose first cell is code, without the code marks. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\| *`(.*)\|$/gm)].map(([, row = ""]) => {
    const [first = "", ...others] = `\`${row}`.split(/ *\| */);
    return [first.replaceAll("`", ""), ...others].map((cell) => cell.trim());
  });
}

function exampleNames(extension: string): string[] {
  return readdirSync(import.meta.dirname).filter((name) => name.endsWith(extension) && !name.endsWith(".test.ts"));
}

test("every configuration in the README can be used", async () => {
  const blocks = blocksOf("json5");
  expect(blocks.length).toBeGreaterThan(0);
  const folder = mkdtempSync(join(tmpdir(), "clawgate-readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "clawgate.json5");
  const environment = { OPENCLAW_GATEWAY_TOKEN: testToken, OPENAI_API_KEY: "key", ANTHROPIC_API_KEY: "key" };
  for (const block of blocks) {
    writeFileSync(path, block);
    const { config } = loadConfig({ path, environment, cwd: folder });
    expect(createAgents(config, await createProviders(config, import.meta.dirname, createSilentLog())).default.id).toBe(
      "main",
    );
  }
});

test.for([
  ["ts", ".ts"],
  ["yaml", ".yaml"],
] as const)("every %s block in the README is one of the examples", ([language, extension]) => {
  const files = exampleNames(extension).map((name) => read(`examples/${name}`));
  const blocks = blocksOf(language);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(files).toContain(block);
});

test("every request in the README is answered", async ({ gateway }) => {
  const { request } = gateway;
  const bodies = blocksOf("sh").flatMap((block) => [...block.matchAll(/-d '([^']*)'/g)].map(([, body]) => body ?? ""));
  expect(bodies).toHaveLength(4);
  for (const body of bodies) {
    const headers = { "content-type": "application/json" };
    const answer = await request("/v1/chat/completions", { method: "POST", headers, body });
    expect(answer.status).toBe(200);
    await answer.text();
  }
});

test("the README lists every directive as the table of directives has it", () => {
  const rows = rowsOf(readme).filter(([usage]) => usage?.startsWith("@@"));
  expect(rows).toEqual(Object.values(directives).map(({ usage, help }) => [usage, help]));
});

test("the README knows no configuration key or default that the reference does not have", () => {
  const reference = new Map(rowsOf(read("generated/config.md")).map(([key, value]) => [key, value]));
  const rows = rowsOf(readme).filter(([key]) => /^(gateway|agents|models|sessions)\./.test(key ?? ""));
  expect(rows.length).toBeGreaterThan(10);
  for (const [key, value] of rows) expect([key, value]).toEqual([key, reference.get(key ?? "")]);
});

test("the README names the metrics that there are", async ({ gateway }) => {
  const { request } = gateway;
  const text = await (await request("/metrics")).text();
  const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? "");
  const named = rowsOf(readme).flatMap(([name]) => (name?.startsWith("clawgate_") ? [name] : []));
  expect(named.toSorted()).toEqual(served.toSorted());
});

test("the README lists every command", () => {
  const named = rowsOf(readme).flatMap(([name]) => /^npx clawgate (\w+)/.exec(name ?? "")?.[1] ?? []);
  const commands = [...read("src/command/program.ts").matchAll(/^ {2}(\w+): async/gm)].map(([, name]) => name ?? "");
  expect(named.toSorted()).toEqual(commands.toSorted());
});

test.for(["README.md", "CONTRIBUTING.md"])("every file that %s names is there", (page) => {
  const text = read(page);
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target ?? "");
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) expect([link, existsSync(join(root, link))]).toEqual([link, true]);
  const scripts = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);
  for (const [, script = ""] of text.matchAll(/`npm run ([\w:]+)`/g)) expect(scripts).toContain(script);
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

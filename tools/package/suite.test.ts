import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cases } from "../../conformance/cases.ts";
import { startRegistry } from "./registry.fixture.ts";
import type { SuiteManifest } from "./suite-manifest.ts";

// What a stranger gets who installs the suite, and the gateway beside it, without a network.

const root = join(import.meta.dirname, "../..");
const token = "test-token-0123456789abcdef";
const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "clawgate-suite-"));
const installed = join(folder, "node_modules/@clawgate/conformance");
const environment = {
  PATH: `${join(process.execPath, "..")}:${process.env["PATH"]}`,
  HOME: folder,
  OPENAI_API_KEY: token,
  OPENCLAW_STATE_DIR: join(folder, "state"),
  OPENCLAW_GATEWAY_TOKEN: token,
  OPENCLAW_GATEWAY_PORT: "0",
};

const config = `{
  gateway: { http: { endpoints: { chatCompletions: { enabled: true } } } },
  models: { providers: { embedded: { api: "embedded", directives: true } } },
  agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }, { id: "beta" }] },
}`;

/** Somebody else's server: its list of models is right, and its only answer is none. */
const foreignServer = `
const list = { object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] };
const server = require("node:http").createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(request.url === "/v1/models" ? list : { answer: "none" }));
});
server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));`;

interface Ended {
  readonly status: number;
  readonly output: string;
  readonly verdicts: Readonly<Record<string, string>>;
}

async function run(program: string, ...args: string[]): Promise<string> {
  return (await execute(program, args, { cwd: folder, env: environment })).stdout;
}

/** A run of an installed program, with what its JSON report says of each case. */
async function judge(program: string, ...words: string[]): Promise<Ended> {
  const name = `${Math.random().toString(36).slice(2)}.json`;
  const file = join(folder, "node_modules/.bin", program);
  const ran = execute(file, [...words, "--report", `json=${name}`], { cwd: folder, env: environment });
  // What a program that ends with another status than 0 rejects with.
  const { code, stdout } = await ran.then(
    (ended) => ({ code: 0, stdout: ended.stdout }),
    (error: unknown) => error as { code: number; stdout: string },
  );
  const { results } = JSON.parse(readFileSync(join(folder, name), "utf8")) as {
    results: { id: string; verdict: string }[];
  };
  return {
    status: code,
    output: stdout,
    verdicts: Object.fromEntries(results.map(({ id, verdict }) => [id, verdict])),
  };
}

async function pack(dist: string): Promise<string> {
  const packed = await run("npm", "pack", join(root, dist), "--json", "--offline");
  const [tarball] = Object.values(JSON.parse(packed) as Record<string, { filename: string }>);
  return `./${tarball?.filename ?? ""}`;
}

beforeAll(async () => {
  writeFileSync(join(folder, "clawgate.json5"), config);
  writeFileSync(join(folder, "server.cjs"), foreignServer);
  const tarballs = [await pack("dist"), await pack("dist-conformance")];
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const registry = await startRegistry(root);
  try {
    await run("npm", "install", "--registry", registry.url, "--no-audit", "--no-fund", ...tarballs);
  } finally {
    registry.stop();
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("is a package that can be published: nothing private, no script, and every dependency from a registry", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as SuiteManifest;
  for (const key of ["private", "scripts", "devDependencies", "workspaces"]) expect(manifest).not.toHaveProperty(key);
  expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining(["openai", "openai-4", "yaml", "zod"]));
  for (const version of Object.values(manifest.dependencies))
    expect(version).toMatch(/^(?:npm:openai@)?\d+\.\d+\.\d+$/);
  const names = readdirSync(installed, { recursive: true }).map(String);
  expect(names.filter((name) => /\.test\.|(?<!\.d)\.ts$|^node_modules/.test(name))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(["README.md", "LICENSE", "action.yml", "catalogue.md", "fixture.md"]));
});

test("has every case of the suite, and explains one with the faults that prove it", async () => {
  const program = join(folder, "node_modules/.bin/clawgate-conformance");
  const listed = JSON.parse(await run(program, "list", "--json")) as { id: string }[];
  expect(listed.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
  expect(await run(program, "explain", "SS-13")).toMatch(/MUST[^]*Proven by/);
});

test("judges the packed gateway, which it starts, through every SDK", async () => {
  const only = "NS-01,NS-02,SS-01,SE-01,MOD-01,ROUTE-12,SESS-02,AUTH-01,SDK,REQ-01";
  const words = ["--start", "node_modules/.bin/clawgate gateway --config clawgate.json5", "--model", "openclaw"];
  const ended = await judge("clawgate-conformance", ...words, "--profile", "gateway", "--only", only);
  expect(ended.output).toMatch(/^\d+ passed, 0 failed, /m);
  expect(ended.status).toBe(0);
  expect(ended.verdicts).toMatchObject({ "NS-01": "pass", "SESS-02": "pass", "ROUTE-12": "pass" });
  expect(Object.values(ended.verdicts)).not.toContain("error");
});

test("judges a server that is nobody's, and fails for what breaks clients", async () => {
  const words = [
    "--start",
    `${process.execPath} server.cjs`,
    "--model",
    "m",
    "--only",
    "MOD-01,NS-07",
    "--report",
    "html=page.html",
  ];
  const ended = await judge("clawgate-conformance", ...words);
  expect(ended).toMatchObject({ status: 1, verdicts: { "MOD-01": "pass", "NS-07": "fail" } });
  expect(readFileSync(join(folder, "page.html"), "utf8")).toContain("<style>");
});

test("is what `clawgate conformance` runs, with the gateway's own cases", async () => {
  const ended = await judge("clawgate", "conformance", "--only", "NS-01,DIS-01,HDR-09");
  expect(ended).toMatchObject({ status: 0, verdicts: { "NS-01": "pass", "DIS-01": "pass", "HDR-09": "pass" } });
});

test("has types that hold under the strict compiler", async () => {
  const file = join(folder, "use.ts");
  writeFileSync(
    file,
    `import { type Case, defineCases, type Host, runConformance, type Terminal } from "@clawgate/conformance";
const cases: readonly Case[] = defineCases([
  { id: "X-01", level: "EXT", requirement: "x", source: "y", run: async (context) => void (await context.plain()) },
]);
const host: Host = { words: "x", cases };
export const run = (terminal: Terminal): Promise<void> => runConformance(terminal, [], host);
// @ts-expect-error A host has words.
void runConformance({} as Terminal, [], {});
`,
  );
  const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
  const types = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2024", "--skipLibCheck"];
  await run(process.execPath, compiler, ...options, ...types, file);
});

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

// What a stranger gets: the package, packed and installed into an empty folder, without a network.

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const token = "test-token-0123456789abcdef";
const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "clawgate-package-"));
const installed = join(folder, "node_modules/clawgate");
const environment = {
  PATH: process.env["PATH"],
  HOME: folder,
  OPENCLAW_STATE_DIR: join(folder, "state"),
  OPENCLAW_GATEWAY_TOKEN: token,
  OPENCLAW_GATEWAY_PORT: "0",
};

interface Bom {
  readonly components: readonly {
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string }[];
    readonly licenses?: readonly unknown[];
  }[];
}

const config = `{
  gateway: { http: { endpoints: { chatCompletions: { enabled: true } } } },
  agents: { defaults: { model: "embedded/assistant" } },
}`;

async function run(program: string, ...args: string[]): Promise<string> {
  return (await execute(program, args, { cwd: folder, env: environment })).stdout;
}

const clawgate = (...args: string[]): Promise<string> =>
  run(process.execPath, join(installed, "bin/clawgate.mjs"), ...args);

/** Ends with the test, if not before. */
async function startGateway(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [join(installed, "bin/clawgate.mjs"), "gateway"], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const isUp = (): boolean => /^ {2}state/m.test(output);
  while (!isUp()) await once(child.stdout, "data");
  return { child, url: /listens on (\S+)/.exec(output)?.[1] ?? "" };
}

async function ask(url: string, content: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", user: "ada", messages: [{ role: "user", content }] }),
  });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}

let tarball = "";

beforeAll(async () => {
  const packed = await run("npm", "pack", join(root, "dist"), "--json", "--offline");
  const [made] = Object.values(JSON.parse(packed) as Record<string, { filename: string }>);
  tarball = join(folder, made?.filename ?? "");
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  writeFileSync(join(folder, "clawgate.json5"), config);
  await run("npm", "install", "--offline", "--no-audit", "--no-fund", tarball);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("brings nothing else along, runs no script, and names the licences of what it has taken in", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown>;
  expect(Object.keys(manifest)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(?:scripts|dependencies|devDependencies|workspaces|private)$/)]),
  );
  const notices = readFileSync(join(installed, "THIRD-PARTY.md"), "utf8");
  for (const name of ["koa", "pino", "undici", "@modelcontextprotocol/client", "preact", "htm"])
    expect(notices).toContain(`\n## ${name} `);
});

test("says in its bill of materials what it is made of, with the digest of each part", () => {
  const bom = JSON.parse(readFileSync(join(installed, "sbom.cdx.json"), "utf8")) as Bom;
  expect(bom).toMatchObject({
    bomFormat: "CycloneDX",
    metadata: { component: { name: "clawgate", purl: `pkg:npm/clawgate@${version}` } },
  });
  const notices = readFileSync(join(installed, "THIRD-PARTY.md"), "utf8");
  expect(bom.components.map(({ purl }) => purl)).toContain("pkg:npm/koa@3.3.0");
  expect(bom.components).toHaveLength(notices.match(/^## \S+ \d+\.\d+\.\d+\S* \(\S+\)$/gm)?.length ?? 0);
  for (const { hashes, licenses } of bom.components)
    expect([hashes?.[0]?.alg, licenses?.length]).toEqual(["SHA-512", 1]);
});

test("`gateway` answers, keeps a session, and serves its documentation", async () => {
  const { child, url } = await startGateway();
  expect(await ask(url, "My name is Ada.")).not.toBe("");
  expect(await ask(url, "What is my name?")).toContain("Ada");
  expect(await (await fetch(`${url}/docs`)).text()).toContain("<html");
  expect(await (await fetch(url, { headers: { accept: "text/html" } })).text()).toContain('src="page/main.js"');
  for (const name of ["main.js", "preact.js", "style.css"])
    expect((await fetch(`${url}/page/${name}`)).status).toBe(200);
  expect(await (await fetch(`${url}/openapi.json`)).json()).toHaveProperty("openapi");
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});

test("`init` in an empty folder, then `gateway`: the first answer comes within a minute of the installation", async () => {
  const started = performance.now();
  const empty = mkdtempSync(join(tmpdir(), "clawgate-empty-"));
  onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
  const own = { PATH: environment.PATH, HOME: empty, OPENCLAW_STATE_DIR: join(empty, "state") };
  const shell = { cwd: empty, env: own };
  writeFileSync(join(empty, "package.json"), '{ "private": true }');
  await execute("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], shell);
  const program = (...args: string[]) => execute("npx", ["clawgate", ...args], shell);
  expect((await program("init")).stdout).toBe(`${join(empty, "clawgate.json5")}\n`);
  expect(readFileSync(join(empty, "clawgate.json5"), "utf8")).toContain(
    '$schema: "./node_modules/clawgate/generated/config.schema.json"',
  );
  const child = spawn("npx", ["clawgate", "gateway", "--port", "0"], {
    ...shell,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL")));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  while (!/^ {2}state/m.test(output)) await once(child.stdout, "data");
  const url = /listens on (\S+)/.exec(output)?.[1] ?? "";
  const { stdout: secret } = await program("token");
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret.trim()}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "What is 6 times 7?" }] }),
  });
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: "6 times 7 = 42" } }] });
  expect(performance.now() - started).toBeLessThan(60_000);
});

test("`agent` answers", async () => {
  expect(await clawgate("agent", "--message", "say: hi there")).toBe("hi there\n");
});

test("`conformance` says how to get the suite", async () => {
  const ended = clawgate("conformance", "--only", "NS-01");
  await expect(ended).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("npm install --save-dev @clawgate/conformance") as string,
  });
});

test("`docs` writes the reference", async () => {
  expect(await clawgate("docs", "--out", "site")).toContain("index.html");
});

test.each([
  ["import", "load.mjs", "console.log(typeof (await import('clawgate')).startGateway);"],
  ["require", "load.cjs", "console.log(typeof require('clawgate').startGateway);"],
  ["import, as a client", "client.mjs", "console.log(typeof (await import('clawgate/client')).createChatCompletion);"],
])("loads by %s", async (_way, name, text) => {
  writeFileSync(join(folder, name), text);
  expect(await run(process.execPath, name)).toBe("function\n");
});

test("loads nothing of what a gateway does not use", async () => {
  const file = join(folder, "modules.mjs");
  writeFileSync(file, "await import('clawgate');\nconsole.log(process.moduleLoadList.join('\\n'));");
  expect(await run(process.execPath, file)).not.toMatch(/deps\/undici|^NativeModule (?:https|tls)$/m);
});

test.runIf(process.platform === "linux")("holds little memory when it has answered", async () => {
  const { child, url } = await startGateway();
  await ask(url, "What is 6 times 7?");
  const [, kilobytes] = /^Anonymous:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, "utf8")) ?? [];
  // What no file backs; it holds 39.
  expect(Number(kilobytes) / 1024).toBeLessThan(42);
});

test("has types that hold under the strict compiler, without anything else", async () => {
  const file = join(folder, "use.ts");
  writeFileSync(
    file,
    `import { createRuntime, type Gateway, loadConfig, startGateway, type GatewayOptions } from "clawgate";
import * as client from "clawgate/client";
export const start = (options: GatewayOptions): Promise<Gateway> => startGateway(options);
export const all = { createRuntime, loadConfig, client };
// @ts-expect-error A gateway has a configuration.
void startGateway({});
`,
  );
  const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
  const options = [
    "--strict",
    "--noEmit",
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--lib",
    "es2024,dom,dom.iterable",
  ];
  await run(process.execPath, compiler, ...options, "--types", "", "--skipLibCheck", "false", file);
});

/** The files that are loaded with one, and how often one of them names another. */
function follow(name: string): { readonly files: ReadonlySet<string>; readonly imports: number } {
  const files = new Set<string>();
  let imports = 0;
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(join(installed, "lib", file), "utf8");
    for (const [, next = ""] of text.matchAll(/^(?:import|export)\b[^;'"]*["']\.\/([^"']+)["']/gm)) {
      imports++;
      visit(next);
    }
  };
  visit(name);
  return { files, imports };
}

test("a start asks Node's loader for few files, and the store's worker for what is small", () => {
  const text = readFileSync(join(installed, "lib/cli.js"), "utf8");
  const [, gateway = ""] = /import\("\.\/(gateway-[^"]+)"\)/.exec(text) ?? [];
  const started = follow(gateway);
  expect(started.files.size).toBeGreaterThan(5);
  expect(started.files.size).toBeLessThan(30);
  // With 137 of them V8 optimizes the loader's own functions, which takes five megabytes.
  expect(started.imports).toBeLessThan(60);
  const bytes = [...follow("worker.js").files].map((file) => statSync(join(installed, "lib", file)).size);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(400_000);
});

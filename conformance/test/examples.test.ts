// What a maintainer copies is run here as its CI would run it: its own words, by its own shell, with the package in the place
// of the one that the registry would give.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { checkConformanceReport } from "../shapes.ts";

const key = "sk-test-0123456789";
const read = (name: string): string => readFileSync(join(import.meta.dirname, "..", name), "utf8");
const { version } = JSON.parse(read("package.json")) as { version: string };

/** Meets MOD-01 for whoever has the key, and not MOD-06. */
const server = `require("node:http").createServer((request, response) => {
  const status = request.headers.authorization === "Bearer ${key}" ? 200 : 401;
  const list = { object: "list", data: [{ id: "my-model", object: "model", created: 1, owned_by: "x" }] };
  const error = { message: "no", type: "invalid_request_error", param: null, code: null };
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(status === 200 ? list : { error }));
}).listen(Number(process.argv.at(-1)), "127.0.0.1");`;

/** The folder of a project, with the server, and an `npx` that runs this package and takes a few cases only. */
function createProject(only: string): { folder: string; environment: Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-examples-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "server.cjs"), server);
  const program = join(import.meta.dirname, "../bin/conformance.mjs");
  const npx = `#!/bin/sh\n[ "$1 $2" = "--yes @clawgate/conformance@${version}" ] || exit 70\nshift 2\nexec "${process.execPath}" "${program}" --only ${only} --sdk 7 "$@"\n`;
  writeFileSync(join(folder, "npx"), npx);
  chmodSync(join(folder, "npx"), 0o755);
  const environment = {
    PATH: `${folder}:${process.env["PATH"]}`,
    SERVER: `${process.execPath} server.cjs {port}`,
    MODEL: "my-model",
    OPENAI_API_KEY: key,
  };
  return { folder, environment };
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function runShell(shell: readonly string[], folder: string, environment: Record<string, string>): Promise<Ended> {
  const [command = "", ...words] = shell;
  const child = spawn(command, words, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (output += bytes.toString("utf8")));
  return new Promise((resolve) => {
    child.once("close", (status) => resolve({ status, output }));
  });
}

interface Example {
  readonly name: string;
  /** The shell and its words, as the CI calls it. */
  readonly shell: (folder: string) => readonly string[];
  /** What the CI puts into the environment beside the project's own variables. */
  readonly more?: (folder: string) => Record<string, string>;
}

const examples: readonly Example[] = [
  { name: "the shell script", shell: () => ["sh", join(import.meta.dirname, "../examples/conformance.sh")] },
  { name: "GitLab", shell: () => ["bash", "-eo", "pipefail", "-c", toGitlabScript()] },
  { name: "Jenkins", shell: () => ["sh", "-xe", "-c", toJenkinsScript()] },
  {
    name: "GitHub",
    shell: () => ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", toAction().run],
    more: (folder) => ({ ...toAction().env, GITHUB_OUTPUT: join(folder, "output") }),
  },
];

function toGitlabScript(): string {
  const { conformance } = parse(read("examples/gitlab-ci.yml")) as { conformance: { script: string[] } };
  return conformance.script.join("\n");
}

/** Within three quotes Groovy reads a backslash as it reads it elsewhere. */
function toJenkinsScript(): string {
  const [, script = ""] = /sh '''([^]*?)'''/.exec(read("examples/Jenkinsfile")) ?? [];
  return script.replaceAll("\\\\", "\\");
}

/** The step of the action, with its inputs filled in as a workflow would. */
function toAction(): { run: string; env: Record<string, string> } {
  const { inputs, runs } = parse(read("action.yml")) as {
    inputs: Record<string, { default?: string }>;
    runs: { steps: { run?: string; env?: Record<string, string> }[] };
  };
  const given: Record<string, string> = {
    start: `${process.execPath} server.cjs {port}`,
    "base-url": "http://127.0.0.1:{port}/v1",
    model: "my-model",
    "api-key": key,
    folder: "conformance-report",
    sdk: "7",
  };
  const { run = "", env = {} } = runs.steps.find((step) => step.run !== undefined) ?? {};
  const fill = (text: string): string =>
    text.replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => given[name] ?? inputs[name]?.default ?? "");
  return { run, env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fill(text)])) };
}

test.for(
  examples.flatMap((example) => [
    { ...example, only: "MOD-01", status: 0 },
    { ...example, only: "MOD-01,MOD-06", status: 1 },
  ]),
)("$name runs, with $only, ends with $status and leaves its reports", async ({ shell, more, only, status }) => {
  const { folder, environment } = createProject(only);
  const ended = await runShell(shell(folder), folder, { ...environment, ...more?.(folder) });
  expect(ended.output).toContain(status === 0 ? "1 passed, 0 failed" : "1 passed, 1 failed");
  expect(ended.status, ended.output).toBe(status);
  const report = join(folder, "conformance-report");
  expect(readFileSync(join(report, "junit.xml"), "utf8")).toContain("<testsuites");
  expect(readFileSync(join(report, "report.html"), "utf8")).toContain("<!doctype html>");
  const json = readFileSync(join(report, "report.json"), "utf8");
  expect(checkConformanceReport(JSON.parse(json))).toBeUndefined();
  expect(`${ended.output}${json}`).not.toContain(key);
  if (existsSync(join(folder, "output")))
    expect(readFileSync(join(folder, "output"), "utf8").split("\n")).toContain(`status=${status}`);
});

test("a baseline that lies in the project is obeyed by the shell script", async () => {
  const { folder, environment } = createProject("MOD-01,MOD-06");
  writeFileSync(join(folder, "conformance-baseline.yaml"), "MOD-06: Known.\n");
  const [script] = examples;
  const ended = await runShell(script?.shell(folder) ?? [], folder, environment);
  expect(ended.status, ended.output).toBe(0);
  expect(ended.output).toContain("1 xfail");
});

test("every example takes the version of the suite that it stands beside", () => {
  for (const name of ["conformance.sh", "gitlab-ci.yml", "Jenkinsfile"])
    expect(read(`examples/${name}`)).toContain(`@clawgate/conformance@${version} `);
});

// Holds the documentation of the suite against what is true.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseBaseline } from "../expectation/baseline.ts";
import { capabilities } from "../reach/capability.ts";
import { needsProof } from "../case.ts";
import { cases } from "../cases.ts";
import { createConformanceCommand } from "../command.ts";
import { compareIds } from "../folder.ts";
import { proofs } from "../proof/proofs.ts";
import { parseTargets } from "../report/write.ts";
import { findIdleGlobs } from "../judge/select.ts";
import { mutants } from "../self-test/mutants.ts";
import { toUnnamed } from "../self-test/self-test.ts";
import { listSets, loadSet } from "../sets.ts";
import type { Terminal } from "../terminal.ts";
import { verdicts } from "../verdict.ts";
import { plain } from "../tell/paint.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("conformance/README.md");
const fixture = read("conformance/fixture.md");
const ids = cases.map(({ id }) => id);

const terminal: Terminal = {
  environment: {},
  cwd: root,
  print: () => undefined,
  write: () => undefined,
  note: () => undefined,
  paint: { print: plain, note: plain },
  interactive: false,
  fail: () => undefined,
};

/** The cells of the rows of the table under this header cell. */
function rowsOf(text: string, header: string): string[][] {
  const tables = text.split(/\n{2,}/).filter((part) => new RegExp(`^\\| *${header} *\\|`).test(part));
  return tables.flatMap((table) =>
    table
      .trim()
      .split("\n")
      .slice(2)
      .map((row) =>
        row
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

function namesOf(text: string, header: string): string[] {
  return rowsOf(text, header).map(([name = ""]) => name.replaceAll("`", ""));
}

function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, body = ""]) =>
    found === language ? [body] : [],
  );
}

/** The words behind the name of the suite in each command in the text. */
function commandsOf(text: string): string[][] {
  const lines = blocksOf(text, "sh").flatMap((block) => block.replaceAll(/\\\n\s*/g, "").split("\n"));
  return lines.flatMap((line) => {
    const [, words] =
      /(?:\bclawgate(?:@\S+)? conformance|\bnpx .*@clawgate\/conformance(?:@\S+)?)\b(.*)$/.exec(line) ?? [];
    return words === undefined ? [] : [(words.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""))];
  });
}

/** What the command makes of the words, without doing it. Throws what the command line throws. */
async function parseWords(words: readonly string[]): Promise<{ flags: Record<string, unknown>; args: string[] }> {
  const command = createConformanceCommand(terminal);
  let args: string[] = [];
  command.configureOutput({ writeErr: () => undefined }).action(() => undefined);
  for (const inner of command.commands) {
    inner.action(() => {
      args = [inner.name(), ...inner.args];
      // The matrix goes into a folder.
      const to: unknown = inner.opts()["to"];
      if (Array.isArray(to)) parseTargets(to as string[], root);
    });
  }
  await command.parseAsync([...words], { from: "user" });
  return { flags: command.opts(), args };
}

test.for(["conformance/README.md", "README.md"])(
  "every command of the suite in %s can be run as it stands",
  async (page) => {
    const commands = commandsOf(read(page));
    expect(commands.length).toBeGreaterThan(0);
    for (const words of commands) {
      const { flags, args } = await parseWords(words);
      expect(() => parseTargets(flags["report"] as string[], root)).not.toThrow();
      expect(findIdleGlobs(cases, [flags["only"], flags["skip"]].flat() as string[])).toEqual([]);
      if (args[0] === "explain" || args[0] === "repro") expect(ids).toContain(args[1]);
    }
  },
);

test("a command that the documentation got wrong would be found", async () => {
  await expect(parseWords(["--base-url", "http://127.0.0.1/v1", "--modell", "x"])).rejects.toThrow("unknown option");
});

test("the README lists every flag, capability, verdict and kind of report", () => {
  const flags = createConformanceCommand(terminal).options.map(({ long }) => long);
  expect(namesOf(readme, "flag")).toEqual(flags);
  const found = rowsOf(readme, "capability").map(([name = "", what]) => [name.replaceAll("`", ""), what]);
  expect(found).toEqual(Object.entries(capabilities));
  expect(namesOf(readme, "verdict")).toEqual(verdicts);
  const kinds = namesOf(readme, "kind");
  expect(
    parseTargets(
      kinds.map((kind) => `${kind}=file`),
      root,
    ),
  ).toHaveLength(7);
});

test("the README's baseline can be read", () => {
  const [block = ""] = blocksOf(readme, "yaml");
  expect(parseBaseline(block, new Set(ids)).size).toBe(2);
});

test("every flag that the action passes exists, and so does the version that it takes", () => {
  const action = parse(read("conformance/action.yml")) as Action;
  const script = action.runs.steps.map(({ run = "" }) => run).join("\n");
  const flags = [...script.replace("npx --yes", "npx").matchAll(/(?<=[\s(])--[a-z-]+/g)].map(([flag]) => flag);
  expect(flags.length).toBeGreaterThan(9);
  const known = createConformanceCommand(terminal).options.map(({ long }) => long);
  for (const flag of flags) expect(known).toContain(flag);
  const targets = [...script.matchAll(/--report "([^"]+)"/g)].map(([, target = ""]) => target);
  expect(parseTargets(targets, root).map(({ kind }) => kind)).toEqual(["junit", "html", "json"]);
  const { version, engines } = JSON.parse(read("conformance/package.json")) as {
    version: string;
    engines: { node: string };
  };
  expect(action.inputs["version"]?.default).toBe(version);
  expect(action.runs.steps[0]?.with?.["node-version"]).toContain(engines.node);
  expect(readme).toContain(`@clawgate/conformance@${version}`);
});

test("the action uses each of its inputs, the key only as a variable", () => {
  const action = parse(read("conformance/action.yml")) as Action;
  const [, step] = action.runs.steps;
  for (const name of Object.keys(action.inputs)) {
    expect(Object.values(step?.env ?? {})).toContain(`\${{ inputs.${name} }}`);
  }
  for (const name of Object.keys(step?.env ?? {}).filter((one) => one !== "OPENAI_API_KEY")) {
    expect(step?.run).toContain(`$${name}`);
  }
  expect(step?.run).not.toMatch(/OPENAI_API_KEY|\$\{\{/);
});

test("the example workflow gives the action what it knows and uses what it gives", () => {
  const action = parse(read("conformance/action.yml")) as Action;
  const text = read("conformance/example-workflow.yml");
  const { jobs } = parse(text) as { jobs: Record<string, { steps: Step[] }> };
  const step = jobs["conformance"]?.steps.find(({ uses }) => uses?.endsWith("/conformance"));
  const given = Object.keys(step?.with ?? {});
  for (const name of given) expect(Object.keys(action.inputs)).toContain(name);
  for (const [name, { required }] of Object.entries(action.inputs))
    if (required === true) expect(given).toContain(name);
  for (const [, name = ""] of text.matchAll(/outputs\.(\w+)/g)) expect(Object.keys(action.outputs)).toContain(name);
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
  readonly with?: Record<string, string>;
}

interface Action {
  readonly inputs: Record<string, { required?: boolean; default?: string }>;
  readonly outputs: Record<string, unknown>;
  readonly runs: { steps: Step[] };
}

test("the fixture contract has every directive that the suite uses, as the gateway knows it", () => {
  const files = [
    "reach/probe-table.ts",
    "context.ts",
    ...readdirSync(join(root, "conformance/cases")).map((name) => `cases/${name}`),
  ];
  const used = files.flatMap((name) => [...read(`conformance/${name}`).matchAll(/@@([a-z]+)/g)].map(([, one]) => one));
  const usages = namesOf(fixture, "directive");
  const named = usages.map((usage) => /^@@([a-z]+)/.exec(usage)?.[1]);
  expect(named).toHaveLength(new Set(named).size);
  expect(new Set(named)).toEqual(new Set(used));
  // The suite imports nothing of the gateway, so its table is read as text.
  const table = read("src/model/embedded/directive-table.ts");
  const known = [...table.matchAll(/^ {4}usage: (["'])(.*)\1,$/gm)].map(([, , usage]) => usage);
  for (const usage of usages) expect(known).toContain(usage);
});

test("the fixture contract has every code of failure that the suite uses", () => {
  const files = readdirSync(join(root, "conformance/cases"));
  const used = files.flatMap((name) =>
    [...read(`conformance/cases/${name}`).matchAll(/@@fail[^\n]*?code=([a-z_]+)/g)].map(([, code = ""]) => code),
  );
  const codes = namesOf(fixture, "code");
  expect(used.length).toBeGreaterThan(3);
  for (const code of used) expect(codes).toContain(code);
});

test("every MUST has a proof, and no other case has one", () => {
  expect([...proofs.keys()].toSorted(compareIds)).toEqual(cases.filter(needsProof).map(({ id }) => id));
  for (const { fault, id } of proofs.values())
    expect(mutants.find((one) => one.id === fault)?.killedBy, `the fault that proves ${id}`).toContain(id);
  const [first, ...others] = proofs;
  expect(toUnnamed(cases, new Map(others))).toEqual([first?.[0]]);
});

/** What was frozen stays: to change it is to make a set with another date. */
const frozen: Readonly<Record<string, string>> = {
  "2026-12": "a6d64fb5661806682af801c250474667a26a1a22e29c34cb2811d1610fa87f8b",
};

test("no dated set has changed, and all its cases are still there", () => {
  expect(listSets()).toEqual(Object.keys(frozen));
  for (const [name, digest] of Object.entries(frozen)) {
    const text = read(`conformance/sets/${name}.json`);
    expect(createHash("sha256").update(text).digest("hex"), `sets/${name}.json`).toBe(digest);
    for (const id of loadSet(name).levels.keys()) expect(ids).toContain(id);
  }
});

test("cases and mutants stand in the order of their ids, and a case that a mutant names exists", () => {
  for (const list of [ids, mutants.map(({ id }) => id)]) expect(list).toEqual(list.toSorted(compareIds));
  for (const id of mutants.flatMap(({ killedBy }) => killedBy)) expect(ids).toContain(id);
});

test("every file that the documentation links is there", () => {
  for (const page of ["README.md", "fixture.md", "catalogue.md"]) {
    for (const [, link = ""] of read(`conformance/${page}`).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(() => read(join("conformance", link))).not.toThrow();
    }
  }
});

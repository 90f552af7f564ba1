import { readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Failure } from "../expect.ts";
import { applySet } from "../sets.ts";
import { runConformance } from "../program.ts";
import { createReport } from "../report/report.fixture.ts";
import type { Report } from "../shapes.ts";
import type { Terminal } from "../terminal.ts";
import { plain } from "../tell/paint.ts";
import { listen } from "../test/listen.fixture.ts";
import { answer, createFolder, type Ended, key, quiet, runCommand, runProgram } from "./commands.fixture.ts";

interface Row {
  readonly name: string;
  readonly words: readonly string[];
  readonly status: number;
  readonly says: string;
  /** As a program: one row for each status. */
  readonly runs?: typeof runProgram;
}

test.concurrent.each<Row>([
  { name: "what passes", words: ["--only", "MOD-01"], status: 0, says: "4 passed, 0 failed", runs: runProgram },
  { name: "what fails", words: ["--only", "MOD-06"], status: 1, says: "0 passed, 1 failed", runs: runProgram },
  {
    name: "a failure that the baseline knows",
    words: ["--only", "MOD-06", "--baseline", "known.yaml"],
    status: 0,
    says: "0 failed, 0 skipped, 1 xfail",
  },
  {
    name: "a baseline that is wrong",
    words: ["--only", "MOD-01", "--baseline", "met.yaml"],
    status: 1,
    says: "xpass MOD-01",
  },
  {
    name: "a baseline with no such case",
    words: ["--baseline", "unknown.yaml"],
    status: 2,
    says: "which does not exist",
  },
  {
    name: "a baseline that is not there",
    words: ["--baseline", "none.yaml"],
    status: 2,
    says: "Cannot read the baseline",
  },
  { name: "a glob that names nothing", words: ["--only", "NOPE-*"], status: 2, says: "no case or group NOPE-*" },
  {
    name: "a selection that leaves nothing",
    words: ["--only", "MOD-01", "--skip", "MOD"],
    status: 2,
    says: "No case is left",
  },
  { name: "globs that are none", words: ["--only", ","], status: 2, says: "It names nothing" },
  { name: "capabilities that are none", words: ["--expect", ""], status: 2, says: "It names nothing" },
  { name: "a record of no name", words: ["--record", ""], status: 2, says: "must name a file" },
  { name: "a report of no kind", words: ["--report", "pdf=x"], status: 2, says: "is no report" },
  { name: "an SDK that there is not", words: ["--sdk", "3"], status: 2, says: "There are 7, 6, 5, 4" },
  { name: "an option that there is not", words: ["--nonsense"], status: 2, says: "unknown option", runs: runProgram },
  {
    name: "a key file that is not there",
    words: ["--api-key-file", "none"],
    status: 2,
    says: "Cannot read the key file",
  },
])("a run with $name ends with $status", async ({ words, status, says, runs = runCommand }) => {
  const folder = createFolder();
  writeFileSync(join(folder, "known.yaml"), "MOD-06: not built yet\n");
  writeFileSync(join(folder, "met.yaml"), "MOD-01: not built yet\n");
  writeFileSync(join(folder, "unknown.yaml"), "MOD-999: gone\n");
  const ended = await runs(["--base-url", await listen(answer), "--model", "m", ...words], folder);
  expect(`${ended.output}${ended.notes}`).toContain(says);
  expect(ended.status).toBe(status);
});

test.each([[[]], [["repro", "MOD-01"]]])("a subject that is not there ends with 3: %j", async (words) => {
  const { status, notes } = await runCommand([...words, "--base-url", "http://127.0.0.1:1/v1", "--model", "m"]);
  expect(notes).toContain("nothing answers at http://127.0.0.1:1/v1");
  expect(notes).not.toMatch(/^\s+at /m);
  expect(status).toBe(3);
});

test("an address that is none ends with 2", async () => {
  expect(await runCommand(["--base-url", "localhost:80"])).toMatchObject({ status: 2 });
});

test.for([
  ["the key of the environment", { OPENAI_API_KEY: "…" }, [], "OPENAI_API_KEY has a character, number 1,"],
  ["a key over two lines", { OPENAI_API_KEY: "sk-1\n2" }, [], "OPENAI_API_KEY has a character, number 5,"],
  ["a key file", {}, ["--api-key-file", "key"], "The key file key has a character, number 4,"],
] as const)(
  "%s that no header can carry ends with 2, before anything is asked",
  async ([, environment, words, says]) => {
    const folder = createFolder();
    writeFileSync(join(folder, "key"), "sk-\u0000\n");
    const called = ["--base-url", "http://127.0.0.1:9/v1", "--model", "m", ...words];
    const ended = await runCommand(called, folder, environment);
    expect(ended).toMatchObject({ status: 2, notes: expect.stringContaining(says) as string });
  },
);

test("every report is written, and neither they nor the output have the key", async () => {
  const folder = createFolder();
  const files = { junit: "a.xml", json: "a.json", html: "a.html", md: "new/a.md", badge: "b.json" };
  const reports = Object.entries(files).flatMap(([kind, file]) => ["--report", `${kind}=${file}`]);
  const words = [
    "--base-url",
    await listen(answer),
    "--model",
    "m",
    "--only",
    "MOD",
    "--record",
    "wire.jsonl",
    ...reports,
  ];
  const summary = join(folder, "summary.md");
  const { output, notes } = await runCommand(words, folder, { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary });
  const written = [...Object.values(files), "wire.jsonl", "summary.md"].map((file) =>
    readFileSync(join(folder, file), "utf8"),
  );
  for (const text of [...written, output, notes]) expect(text).not.toContain(key);
  expect(output).toMatch(/^::error title=MOD-06/m);
  expect(output).not.toContain("\n::error::");
  expect(output).not.toContain("\u001b");
});

test.for(["REQ-25", "WS-39", "NONE-01"])("%s cannot be proved, and ends with 2", async (id) => {
  expect(await runCommand(["prove", id])).toMatchObject({ status: 2 });
});

test("a baseline that was written is one that the next run meets", async () => {
  const folder = createFolder();
  const words = ["--base-url", await listen(answer), "--model", "m", "--only", "MOD-01,MOD-06"];
  expect(await runCommand([...words, "--write-baseline", "known.yaml"], folder)).toMatchObject({ status: 1 });
  expect(readFileSync(join(folder, "known.yaml"), "utf8")).toMatch(/^MOD-06: ["']?TODO: expected .*, got /m);
  const again = await runCommand([...words, "--baseline", "known.yaml", "--write-baseline", "same.yaml"], folder);
  expect(again.output).toContain("4 passed, 0 failed, 0 skipped, 1 xfail");
  expect(again.status).toBe(0);
  expect(readFileSync(join(folder, "same.yaml"), "utf8")).toBe(readFileSync(join(folder, "known.yaml"), "utf8"));
});

test("a capability that is lost fails the run that was told of it", async () => {
  const folder = createFolder();
  const words = ["--base-url", await listen(answer), "--model", "m", "--only", "MOD-01", "--sdk", "7"];
  const expected = await runCommand([...words, "--expect", "models,auth", "--report", "json=a.json"], folder);
  expect(expected.output).toContain("fail  CAP-AUTH: expected the capability auth, got without a key: 200");
  expect(expected).toMatchObject({ status: 1, output: expect.stringContaining("2 passed, 1 failed") as string });
  const deaf: RequestListener = (request, response) => {
    if (request.url === "/v1/models" && request.headers.origin === undefined) answer(request, response);
    else response.writeHead(404).end();
  };
  const earlier = JSON.parse(readFileSync(join(folder, "a.json"), "utf8")) as Report;
  const had = { ...earlier, capabilities: { ...earlier.capabilities, tools: { present: true, why: "called" } } };
  writeFileSync(join(folder, "had.json"), JSON.stringify(had));
  const later = await runCommand([...words.with(1, await listen(deaf)), "--since", "had.json"], folder);
  expect(later.output).toContain("fail  CAP-TOOLS: expected the capability tools");
  // Nothing can be explained or repeated but cases.
  expect(later.output).not.toMatch(/(?:explain|repro) CAP-/);
  expect(later.status).toBe(1);
  expect(await runCommand([...words, "--expect", "wings"])).toMatchObject({ status: 2 });
});

test("a case that came after the set is told apart and fails nothing", async () => {
  const run = (): Promise<never> => Promise.reject(new Failure("this", "that"));
  const what = { level: "MUST", requirement: "It holds.", source: "A test.", run } as const;
  const cases = [
    { ...what, id: "MOD-01" },
    { ...what, id: "NEW-01" },
  ];
  const set = { name: "2026-12", levels: new Map([["MOD-01", "SHOULD" as const]]) };
  const [known, later] = applySet(cases, set);
  expect(known).toMatchObject({ level: "SHOULD" });
  expect(later).toMatchObject({ level: "MUST", after: true });
  expect(applySet(cases, set, cases.slice(1))[1]).not.toHaveProperty("after");
});

/** Answers only those who say where they come from, as servers behind a gateway of a cloud do. */
const strict: RequestListener = (request, response) => {
  if (request.headers["x-tenant"] === "blue" && request.headers["x-api-key"] === key) answer(request, response);
  else response.writeHead(403, { "content-type": "application/json" }).end('{"error":{"message":"who are you?"}}');
};

test("headers of the user's are sent by the SDKs and on the wire, and secret ones are not told", async () => {
  const folder = createFolder();
  const server = ["--base-url", await listen(strict), "--model", "m", "--only", "MOD-01"];
  expect((await runCommand(server)).output).toContain("0 passed, 0 failed, 4 skipped");
  const headers = ["--header", "X-Tenant: blue", "--header", `x-api-key: ${key}`];
  const ended = await runCommand([...server, ...headers, "--report", "json=a.json"], folder, { OPENAI_API_KEY: "" });
  expect(ended.output).toContain("4 passed, 0 failed");
  const report = readFileSync(join(folder, "a.json"), "utf8");
  expect(report).toContain('"x-tenant": "blue"');
  expect(report).not.toContain(key);
  const repro = await runCommand(["repro", ...server.slice(0, 4), ...headers, "MOD-01"]);
  expect(repro.output).toContain("-H 'x-tenant: blue'");
  expect(repro.output).not.toContain(key);
});

test.for(["tenant", "a b: c", "x: y\r\nz: 1", "Host: example.org"])("the header %j ends with 2", async (field) => {
  expect(await runCommand(["--header", field, "--base-url", "http://127.0.0.1:1/v1"])).toMatchObject({ status: 2 });
});

test("repro prints what a shell can be given, whatever the subject says", async () => {
  const { output, status } = await runCommand(["repro", "mod-06", "--base-url", await listen(answer), "--model", "m"]);
  expect(status).toBe(1);
  expect(output).toMatch(/^curl -isS -N -X GET 'http:\S+\/v1\/models\/\S+' \\$/m);
  expect(output).toContain('-H "Authorization: Bearer ${OPENAI_API_KEY}"');
  expect(output).not.toContain(key);
  expect(output).not.toMatch(/^touch /m);
});

test("list and explain tell of cases; an unknown one ends with 2", async () => {
  const [listed, explained, unknown] = await Promise.all([
    runCommand(["list", "--only", "MOD-01", "--json"]),
    runCommand(["explain", "mod-01"]),
    runCommand(["explain", "MOD-999"]),
  ]);
  expect(JSON.parse(listed.output)).toMatchObject([{ id: "MOD-01", level: "MUST" }]);
  expect(explained).toMatchObject({ status: 0, output: expect.stringMatching(/MUST[^]*Proven by/) as string });
  expect(unknown).toMatchObject({ status: 2, notes: expect.stringContaining("There is no case MOD-999") as string });
});

/** What a person at a terminal of this kind sees of a run with one failure; `↺` where the last line is taken away. */
async function watch(environment: object, paint: Terminal["paint"]["print"]): Promise<string> {
  let shown = "";
  const terminal: Terminal = {
    environment: { ...quiet, ...environment },
    cwd: createFolder(),
    print: (text) => terminal.write(`${text}\n`),
    write: (text) => void (shown += text),
    note: () => undefined,
    paint: { print: paint, note: plain },
    interactive: true,
    fail: () => undefined,
  };
  await runConformance(terminal, [
    "--base-url",
    await listen(answer),
    "--model",
    "m",
    "--sdk",
    "7",
    "--only",
    "MOD-01,MOD-06",
  ]);
  return shown.replaceAll("\r\u001b[K", "↺");
}

test("a terminal shows what is being done on its last line, and findings in the colours that it has", async () => {
  const shown = await watch({ TERM: "xterm" }, (shade, text) => `<${shade}>${text}</>`);
  expect(shown).toMatch(/↺1 done, MOD-0[16]↺/);
  expect(shown).toContain("↺<bad>fail </> MOD-06: expected ");
  // Nothing of it is left, and what there is to mend is told once more.
  expect(shown).toMatch(/↺\nTo mend: 1 thing, seen in 1 result\.\n\n<bad>fail <\/> MUST [^]*\n {13}MOD-06\n/);
  expect(shown).toMatch(/\n2 results, [^\n]*\n<bad>1 passed, 1 failed, 0 skipped<\/>\n$/);
  // Without a cursor to move every word would stay.
  expect(await watch({ TERM: "dumb" }, plain)).toMatch(
    /^fail {2}MOD-06: expected [^]*\n1 passed, 1 failed, 0 skipped\n$/,
  );
});

test.for<readonly [words: readonly string[], says: string]>([
  [["list", "--only", "NOPE"], "There is no case or group NOPE. The groups are ABRT, "],
  [["list", "--only", "MOD-01", "--skip", "MOD"], "No case is left to list"],
  [["list", "--skip", "NOPE"], "There is no case or group NOPE."],
  [["prove", "--only", "SS-11"], "`prove` does not obey --only, but --base-url, "],
  [["explain", "MOD-01", "--skip", "MOD-01"], "`explain` does not obey --skip."],
  [["self-test", "--only", "nope"], "There is no mutant, variant, case or group nope. The groups are ABRT, "],
  [["self-test", "--only", "NOPE-*,SS"], "There is no mutant, variant, case or group NOPE-*."],
  [["self-test", "--only", ""], "It names nothing"],
  [["self-test", "--table", ""], "It must name a file"],
  [["self-test", "--only", "LIM-03"], "No mutant is proven by LIM-03"],
])("what selects nothing ends with 2 and says what there is: %j", async ([words, says]) => {
  const { status, output, notes } = await runCommand(words);
  expect(notes).toContain(says);
  expect({ status, output }).toEqual({ status: 2, output: "" });
});

test("diff ends with 1 only if something got worse", async () => {
  const folder = createFolder();
  const write = (file: string, verdict: string): void => {
    const { results, ...report }: Report = createReport();
    writeFileSync(join(folder, file), JSON.stringify({ ...report, results: [{ ...results[0], verdict }] }));
  };
  for (const verdict of ["pass", "warn", "fail", "error"]) write(`${verdict}.json`, verdict);
  const diff = (a: string, b: string): Promise<Ended> => runCommand(["diff", `${a}.json`, `${b}.json`], folder);
  const [worse, better, same, less] = await Promise.all([
    diff("pass", "fail"),
    diff("fail", "warn"),
    diff("pass", "pass"),
    diff("fail", "error"),
  ]);
  expect(worse).toMatchObject({ status: 1, output: "- SS-01: pass → fail\n" });
  expect(better).toMatchObject({ status: 0, output: "+ SS-01: fail → warn\n" });
  expect(same).toMatchObject({ status: 0, output: "" });
  expect(less).toMatchObject({ status: 0, output: "= SS-01: fail → error\n" });
});

test("merge makes one page of several reports and refuses what is none", async () => {
  const folder = createFolder();
  writeFileSync(join(folder, "a.json"), JSON.stringify(createReport()));
  writeFileSync(join(folder, "bad.json"), "{}");
  const [merged, refused] = await Promise.all([
    runCommand(["merge", "a.json", "a.json", "--to", "html=grid.html"], folder),
    runCommand(["merge", "a.json", "bad.json", "--to", "html=bad.html"], folder),
  ]);
  expect(merged).toMatchObject({ status: 0, notes: "" });
  expect(readFileSync(join(folder, "grid.html"), "utf8")).toContain("<!doctype html>");
  expect(refused).toMatchObject({
    status: 2,
    notes: expect.stringContaining("bad.json is not a JSON report") as string,
  });
});

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Failure } from "../expect.ts";
import { applySet } from "../sets.ts";
import { runConformance } from "../program.ts";
import { createReport } from "../report/report.fixture.ts";
import type { Report } from "../shapes.ts";
import type { Terminal } from "../terminal.ts";
import { plain } from "../tell/paint.ts";
import { listen } from "../test/listen.fixture.ts";

const program = join(import.meta.dirname, "../../bin/clawgate.mjs");
const key = "sk-test-0123456789";
const quiet = { GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "", OPENAI_API_KEY: key };

/** Meets MOD-01 and says things about an unknown model that a shell or a terminal must not see. */
const answer: RequestListener = (request, response) => {
  const list = { object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] };
  const body = request.url === "/v1/models" ? JSON.stringify(list) : `nope\ntouch /tmp/owned\n::error::${key}\u001b[2J`;
  response.writeHead(200, { "content-type": "application/json" }).end(body);
};

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-commands-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly notes: string;
}

/** Plays the command on a terminal that writes down what it is told. */
async function runCommand(words: readonly string[], cwd = createFolder(), environment: object = {}): Promise<Ended> {
  let [status, output, notes] = [0, "", ""];
  const terminal: Terminal = {
    environment: { ...quiet, ...environment },
    cwd,
    print: (text) => terminal.write(`${text}\n`),
    write: (text) => void (output += text),
    note: (text) => void (notes += `${text}\n`),
    paint: { print: plain, note: plain },
    interactive: false,
    fail: (failed) => void (status = failed),
  };
  await runConformance(terminal, words);
  return { status, output, notes };
}

/** The same as a program, whose output and status are those of the process. */
function runProgram(words: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(process.execPath, [program, "conformance", ...words], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...quiet },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [output, notes] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString("utf8")));
  child.stderr.on("data", (bytes: Buffer) => (notes += bytes.toString("utf8")));
  return new Promise((resolve) => {
    child.once("close", (status) => resolve({ status, output, notes }));
  });
}

interface Row {
  readonly name: string;
  readonly words: readonly string[];
  readonly status: number;
  readonly says: string;
  /** As a program: one row for each status. */
  readonly runs?: typeof runProgram;
}

test.each<Row>([
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

/** A server as somebody else's command; it says where it is as servers do, or nothing. */
const serverSource = `
const body = JSON.stringify({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] });
const server = require("node:http").createServer((request, response) => response.setHeader("content-type", "application/json").end(body));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  if (process.argv[2] === undefined) console.log("Ready: http://127.0.0.1:" + server.address().port + " (Ctrl-C ends it)");
});`;

test.for<{ name: string; words: (file: string) => string[]; status: number; says: string }>([
  {
    name: "prints its address",
    words: (file) => ["--start", `${process.execPath} ${file}`],
    status: 0,
    says: "4 passed, 0 failed",
  },
  {
    name: "is given a port",
    words: (file) => ["--start", `${process.execPath} ${file} {port}`, "--base-url", "http://127.0.0.1:{port}/v1"],
    status: 0,
    says: "4 passed, 0 failed",
  },
  { name: "ends before it answers", words: () => ["--start", "echo no model; exit 7"], status: 3, says: "no model" },
])("a started server that $name", async ({ words, status, says }) => {
  const file = join(createFolder(), "server.cjs");
  writeFileSync(file, serverSource);
  const ended = await runCommand([...words(file), "--model", "m", "--only", "MOD-01"]);
  expect(`${ended.output}${ended.notes}`).toContain(says);
  expect(ended.status).toBe(status);
});

test("of a started server that dies it is told what it said then", async () => {
  const file = join(createFolder(), "server.cjs");
  writeFileSync(
    file,
    `${serverSource}\nserver.on("request", ({ headers }) => { if (Number(headers["content-length"]) > 1e9) throw new Error("of ${key}"); });`,
  );
  const words = ["--start", `${process.execPath} ${file}`, "--model", "m", "--only", "MOD-01"];
  const { status, notes } = await runCommand(words);
  expect(status).toBe(3);
  expect(notes).toMatch(/^the server stopped answering .*\nTo see it again:\n\ncurl /m);
  expect(notes).toMatch(/^Of the server itself: the command ended with status 1: [^]*^Error: of •••$/m);
});

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

test("prove runs the named client on the fault, where it breaks", async () => {
  const { status, output } = await runProgram(["prove", "ss-11", "TOOL-10", "WS-32"], createFolder());
  expect(output).toMatch(/^breaks {4}SS-11: openai@/m);
  expect(output).toMatch(/^breaks {4}TOOL-10: openai@/m);
  expect(output).toMatch(/^breaks {4}WS-32: openclaw-node@/m);
  expect(output).toMatch(/^ {2}broken throws /m);
  expect(status).toBe(0);
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

test("a server that is slower than the suite waits is told of once, and how to wait longer", async () => {
  const slow: RequestListener = (request, response) => {
    if (request.url === "/v1/models") answer(request, response);
  };
  const words = ["--base-url", await listen(slow), "--model", "m", "--only", "MOD-06", "--timeout", "1s"];
  const { output, notes } = await runCommand(words);
  expect(output).toContain("no answer within 1000 ms");
  expect(notes.match(/--timeout 4s/g)).toHaveLength(1);
});

/** Answers chats after a while, as a model on a small machine does. */
const late: (afterMs: number) => RequestListener = (afterMs) => (request, response) => {
  const message = { role: "assistant", content: "one two three four five", refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const completion = { id: "c", object: "chat.completion", created: 1, model: "m", choices };
  const isChat = request.method === "POST";
  if (!isChat) return answer(request, response);
  request.resume();
  setTimeout(() => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(completion));
  }, afterMs);
};

test("a slow server is given more time than a fast one, and every report says how much", async () => {
  const folder = createFolder();
  const words = ["--model", "m", "--only", "NS-01,NS-02", "--sdk", "7"];
  const run = async (afterMs: number, name: string): Promise<Ended & { report: Report; markdown: string }> => {
    const reports = ["--report", `json=${name}.json`, "--report", `md=${name}.md`];
    const ended = await runCommand(["--base-url", await listen(late(afterMs)), ...words, ...reports], folder);
    const read = (file: string): string => readFileSync(join(folder, file), "utf8");
    return { ...ended, report: JSON.parse(read(`${name}.json`)) as Report, markdown: read(`${name}.md`) };
  };
  const [fast, slow] = await Promise.all([run(0, "fast"), run(1700, "slow")]);
  expect(fast.report.timeout?.ms).toBe(5000);
  expect(slow.report.timeout?.ms).toBeGreaterThanOrEqual(9000);
  expect(slow.output).toContain("2 passed, 0 failed");
  for (const { report, markdown, notes } of [fast, slow]) {
    const said = `${report.timeout!.ms / 1000} s: a plain answer took `;
    expect(notes).toContain(`A call may take ${said}`);
    expect(markdown).toContain(`A call might take ${said}`);
  }
});

test("the longest time that a call may be given is one that a timer can wait, and more is refused", async () => {
  const words = ["--base-url", await listen(late(0)), "--model", "m", "--only", "NS-01", "--sdk", "7", "--timeout"];
  expect(await runCommand([...words, "1440m"])).toMatchObject({
    status: 0,
    output: expect.stringContaining("1 passed, 0 failed") as string,
  });
  const { status, notes } = await runCommand([...words, "999999s"]);
  expect({ status, notes }).toEqual({ status: 2, notes: expect.stringContaining("1440m at most") as string });
});

test("a run on a server that is too slow for it shows three findings, and then only counts", async () => {
  const folder = createFolder();
  const words = ["--base-url", await listen(late(3000)), "--model", "m", "--only", "NS", "--timeout", "300ms"];
  const { output, notes } = await runCommand([...words, "--report", "md=a.md"], folder);
  expect(output.match(/no answer within|timed out|not decided/gi)).toHaveLength(3);
  expect(output.match(/^late /gm)).toHaveLength(1);
  expect(notes.match(/the server is slower than the suite waits, which is 300 ms for a call/g)).toHaveLength(1);
  expect(readFileSync(join(folder, "a.md"), "utf8")).toContain("slower than the suite waits");
});

test("a server that is too slow to be found is told how to wait longer", async () => {
  const words = ["--base-url", await listen(() => undefined), "--model", "m", "--timeout", "500ms"];
  const { status, notes } = await runCommand(words);
  expect(status).toBe(3);
  expect(notes).toContain("no answer within 500 ms; --timeout gives it more");
});

test("repro prints what a shell can be given, whatever the subject says", async () => {
  const { output, status } = await runCommand(["repro", "mod-06", "--base-url", await listen(answer), "--model", "m"]);
  expect(status).toBe(1);
  expect(output).toMatch(/^curl -isS -N -X GET 'http:\S+\/v1\/models\/\S+' \\$/m);
  expect(output).toContain('-H "Authorization: Bearer ${OPENAI_API_KEY}"');
  expect(output).not.toContain(key);
  expect(output).not.toMatch(/^touch /m);
});

test("what repro prints of bytes that no client says sends the same bytes from a shell", async () => {
  const seen: string[] = [];
  const url = await listen((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      if (request.headers["transfer-encoding"] === "chunked") seen.push(`${request.headers.authorization} ${body}`);
      response.writeHead(500, { connection: "close" }).end("no");
    });
  });
  const { output } = await runCommand(["repro", "ROB-04", "--base-url", url, "--model", "m"]);
  expect(output).toContain("bash -c 'exec 3<>/dev/tcp/127.0.0.1/");
  const { stdout } = await promisify(execFile)("sh", ["-c", output], { env: { ...process.env, OPENAI_API_KEY: key } });
  expect(stdout).toMatch(/^HTTP\/1\.1 500 /);
  expect(seen).toHaveLength(2);
  expect(seen[0]).toContain(`Bearer ${key} {"model":"m"`);
  expect(seen[1]).toBe(seen[0]);
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

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { capabilities } from "../reach/capability.ts";
import { plain } from "../tell/paint.ts";
import { runConformance } from "../program.ts";
import type { Report } from "../shapes.ts";
import { parseManifest } from "./manifest.ts";

test("everything but the suite's own part can be claimed", () => {
  const claims = Object.keys(capabilities).filter((name) => name !== "own");
  expect(parseManifest(JSON.stringify({ manifest: 1, claims }), "x").claims).toEqual(claims);
  expect(parseManifest("manifest: 1\nclaims: [auth]\n", "x")).toEqual({ place: "x", claims: ["auth"] });
});

test.for([
  ["[]", "a manifest is an object"],
  ["", "a manifest is an object"],
  ["{}", "it lacks 'manifest'"],
  ["manifest: 1", "it lacks 'claims'"],
  ['{"manifest": 2, "claims": []}', "it is of version 2; this suite reads version 1"],
  ['{"manifest": 1, "claims": "auth"}', "claims "],
  [
    '{"manifest": 1, "claims": ["auth", "tool"]}',
    'claims[1] is "tool", which is no capability; there are auth, models,',
  ],
  ['{"manifest": 1, "claims": ["own"]}', 'claims[0] is "own", which is no capability'],
  ['{"manifest": 1, "claims": [7]}', "claims[0] is 7, which is no capability"],
  ['{"manifest": 1, "claims": ["auth", "auth"]}', "claims "],
  ['{"manifest": 1, "claims": [], "version": "2"}', "it has a key 'version', which no manifest has"],
  ["{", ""],
])("%s is refused: %s", ([text = "", says]) => {
  expect(() => parseManifest(text, "x")).toThrow(says);
});

const address = "/.well-known/openai-compatible.json";

/** A server with a list of models and answers, without keys and tools, that publishes what it is told to. */
async function serve(published: string | undefined, base = "/v1"): Promise<string> {
  const say: RequestListener = (request, response) => {
    request.resume();
    const path = String(request.url);
    const json = (value: string): void =>
      void response.writeHead(200, { "content-type": "application/json" }).end(value);
    if (path === `${base.replace(/\/\w+$/, "")}${address}` && published !== undefined) return json(published);
    if (path === `${base}/models`)
      return json('{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"x"}]}');
    if (path !== `${base}/chat/completions`) return void response.writeHead(404).end();
    const message = { role: "assistant", content: "one", refusal: null };
    const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
    json(JSON.stringify({ id: `c-${Math.random()}`, object: "chat.completion", created: 1, model: "m", choices }));
  };
  const server = createServer(say).on("checkContinue", (_request, response) => response.writeHead(413).end());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`;
}

interface Ended {
  readonly status: number;
  readonly said: string;
  readonly read: (file: string) => string;
  readonly report: Report;
}

async function run(words: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-manifest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  let [status, said] = [0, ""];
  const write = (text: string): void => void (said += text);
  const line = (text: string): void => write(`${text}\n`);
  const kinds = ["json=a.json", "md=a.md", "html=a.html", "junit=a.xml", "badge=b.json"];
  const paint = { print: plain, note: plain };
  const terminal = { environment: {}, cwd: folder, interactive: false, paint, print: line, note: line, write };
  await runConformance({ ...terminal, fail: (failed) => (status = failed) }, [
    ...kinds.flatMap((kind) => ["--report", kind]),
    ...words,
  ]);
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  return {
    status,
    said,
    read,
    get report() {
      return JSON.parse(read("a.json")) as Report;
    },
  };
}

const few = ["--model", "m", "--only", "MOD-01,NS-01,TOOL-01,AUTH-03", "--sdk", "7"];
const isResult = (id: string) => expect.objectContaining({ id, verdict: "fail" }) as object;

test("a claim that is not true fails the run, and what is not claimed is told so in every report", async () => {
  const url = await serve('{"manifest":1,"claims":["models","schema","auth"]}');
  const { status, said, read, report } = await run(["--base-url", url, ...few, "--record", "wire.jsonl"]);
  expect(status).toBe(1);
  expect(report.results.filter(({ verdict }) => verdict === "fail")).toEqual([isResult("CAP-SCHEMA")]);
  expect(report.results.some(({ id }) => id === "CAP-AUTH")).toBe(false);
  const calls = report.results.flatMap(({ id, exchanges }) => (id === "CAP-SCHEMA" ? exchanges : []));
  expect(calls).toMatchObject([{ requestBody: expect.stringContaining("json_schema") as string, status: 200 }]);
  expect(report.capabilities).toMatchObject({
    models: { present: true, claimed: true },
    tools: { present: false, claimed: false },
    auth: { present: false, claimed: true, untried: true },
  });
  expect(report.capabilities["own"]).not.toHaveProperty("claimed");
  const summary = "3 passed, 1 failed, 1 skipped, 1 not claimed";
  expect(report.summary).toBe(summary);
  expect(said).toMatch(/^no {3}tools {5}not claimed: a forced call: 200/m);
  for (const text of [said, read("a.md"), read("a.html")]) expect(text).toContain(summary);
  expect(read("a.xml")).toContain('message="not-claimed: needs tools, which the server does not claim');
  expect(read("a.md")).toContain("| tools | no | not claimed |");
  expect(read("b.json")).toContain("/");

  const replayed = await run(["--replay", "wire.jsonl"], { "wire.jsonl": read("wire.jsonl") });
  expect(replayed.report.results.map(({ id, verdict }) => [id, verdict])).toEqual(
    report.results.map(({ id, verdict }) => [id, verdict]),
  );
});

test("a file takes the place of what is published, and a recording keeps it", async () => {
  const url = await serve('{"manifest":1,"claims":["schema"]}');
  const files = { "claims.yaml": "manifest: 1\nclaims: [models]\n" };
  const words = ["--base-url", url, ...few, "--manifest", "claims.yaml", "--record", "wire.jsonl"];
  const recorded = await run(words, files);
  expect([recorded.status, recorded.report.manifest]).toEqual([0, "claims.yaml"]);
  const wire = { "wire.jsonl": recorded.read("wire.jsonl") };
  const replayed = await run(["--replay", "wire.jsonl"], wire);
  expect(replayed.report.summary).toBe(recorded.report.summary);
  const other = { ...wire, "other.yaml": "manifest: 1\nclaims: [tools]\n" };
  const judged = await run(["--replay", "wire.jsonl", "--manifest", "other.yaml"], other);
  expect(judged.report.results.filter(({ verdict }) => verdict === "fail")).toEqual([isResult("CAP-TOOLS")]);
});

test("a manifest lies beside its API, whatever the path of that", async () => {
  const url = await serve('{"manifest":1,"claims":["tools"]}', "/deep/api/v1");
  const { report } = await run(["--base-url", url, ...few]);
  expect(report.manifest).toBe(`${new URL(url).origin}/deep/api${address}`);
});

test.for([
  ["one with a mistake is a finding", '{"manifest":1,"claims":["wings"]}', ["CAP-MANIFEST"]],
  ["an object of another kind is none", '{"hello":"world"}', []],
  ["a page is none", "<!doctype html>", []],
  ["none at all is none", undefined, []],
] as const)("of what is published %s", async ([, published, failed]) => {
  const { status, report } = await run(["--base-url", await serve(published), ...few]);
  expect(report.results.filter(({ verdict }) => verdict === "fail").map(({ id }) => id)).toEqual(failed);
  expect(report.counts["not-claimed"]).toBe(0);
  expect(status).toBe(failed.length);
});

test("a baseline may know a claim that is not true yet", async () => {
  const url = await serve('{"manifest":1,"claims":["schema"]}');
  const baseline = { "known.yaml": "CAP-SCHEMA: The model is too small.\n" };
  const { status, report } = await run(["--base-url", url, ...few, "--baseline", "known.yaml"], baseline);
  expect([status, report.counts["xfail"]]).toEqual([0, 1]);
});

test("a file with a mistake ends with 2 before anything is sent", async () => {
  const files = { "claims.yaml": "manifest: 1\nclaims: [tool]\n" };
  const ended = await run(["--base-url", "http://127.0.0.1:1/v1", ...few, "--manifest", "claims.yaml"], files);
  expect(ended.said).toContain('claims.yaml: claims[0] is "tool", which is no capability; there are auth');
  expect(ended.status).toBe(2);
});

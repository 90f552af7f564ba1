import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import { startTestGateway, test, testToken } from "../../test/gateway.fixture.ts";
import { runConformance } from "../program.ts";
import type { Report } from "../shapes.ts";
import type { Terminal } from "../terminal.ts";
import { plain } from "../tell/paint.ts";

/** The base URL of a model server that fails. */
async function listenFailing(): Promise<string> {
  const server = createServer((_request, response) => void response.writeHead(500).end("no"));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onEnd(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

interface Ended {
  readonly status: number;
  readonly output: string;
  readonly notes: string;
}

async function runSuite(words: readonly string[], environment: Terminal["environment"] = {}): Promise<Ended> {
  let [status, output, notes] = [0, "", ""];
  await runConformance(
    {
      environment: { OPENCLAW_GATEWAY_TOKEN: testToken, ...environment },
      cwd: import.meta.dirname,
      print: (text) => void (output += `${text}\n`),
      write: (text) => void (output += text),
      note: (text) => void (notes += `${text}\n`),
      paint: { print: plain, note: plain },
      interactive: false,
      fail: (failed) => void (status = failed),
    },
    words,
  );
  return { status, output, notes };
}

// Those that wait for seconds are left to `npm run conformance`.
const slow = "WS-10,WS-31";

test("a gateway is judged at the address of its WebSocket alone, and no token is told", async ({ gateway }) => {
  const words = ["--base-url", gateway.url.replace("http", "ws"), "--skip", slow];
  const { status, output, notes } = await runSuite(words);
  expect(output).not.toMatch(/^(?:fail|warn|error)/m);
  expect(output).toMatch(/^\d+ passed, 0 failed, 0 skipped$/m);
  expect(status).toBe(0);
  expect(notes).toContain("yes  websocket claimed: a connection can be made");
  expect(notes).toMatch(/^no {3}models +claimed: profile websocket$/m);
  expect(output + notes).not.toContain(testToken);
});

test("the profile is no matter of the address's form: http and the root of the port will do", async ({ gateway }) => {
  const words = ["--base-url", gateway.baseUrl, "--profile", "websocket", "--only", "WS-01,WS-03"];
  expect(await runSuite(words)).toMatchObject({ status: 0, output: expect.stringMatching(/^4 passed, 0 failed/m) });
});

test("a server that knows no WebSocket cannot be reached by one", async () => {
  const server = createServer((_request, response) => void response.writeHead(404).end());
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onEnd(() => void server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await runSuite(["--base-url", url])).toMatchObject({
    status: 3,
    notes: expect.stringMatching(/nothing answers a WebSocket handshake at ws:/),
  });
});

test("with a wrong token cases fail, as nobody could get in with it", async ({ gateway }) => {
  const words = ["--base-url", gateway.url.replace("http", "ws"), "--only", "WS-01,WS-03"];
  const { status, output } = await runSuite(words, { OPENCLAW_GATEWAY_TOKEN: "not-the-token-0123456789" });
  expect({ status, output }).toMatchObject({
    status: 1,
    output: expect.stringMatching(/^3 passed, 1 failed, 0 skipped/m),
  });
});

test("a profile that speaks HTTP has no ws address", async () => {
  const words = ["--base-url", "ws://127.0.0.1:1", "--profile", "chat", "--model", "m"];
  expect(await runSuite(words)).toMatchObject({ status: 2, notes: expect.stringMatching(/begins with http/) });
});

test("of a gateway whose model fails what is said of it is true, and told as one thing with what was sent", async () => {
  const up = { api: "openai-completions", baseUrl: await listenFailing(), apiKey: "key-0123" };
  const config = { agents: { defaults: { model: "up/m" } }, models: { providers: { up } } };
  const gateway = await startTestGateway({ config });
  const folder = mkdtempSync(join(tmpdir(), "clawgate-failing-"));
  onEnd(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, "report.json");
  const only = "WS-27,WS-32,WS-33,WS-34,WS-35,WS-36,WS-37,WS-40,WS-41,WS-42,WS-43,WS-44,WS-49,WS-50";
  const words = ["--base-url", gateway.url.replace("http", "ws"), "--only", only, "--report", `json=${file}`];
  await runSuite(words);
  const { findings, results } = JSON.parse(readFileSync(file, "utf8")) as Report;
  const of = (verdict: string): string[] => results.flatMap((one) => (one.verdict === verdict ? [one.id] : []));
  // A question without an answer is not in the history, and `agent` has nothing to say when its run is over.
  expect(findings).toMatchObject([{ id: "failing-runs", cases: ["WS-40", "WS-43"] }]);
  expect(of("pass")).toEqual(["CAP-AUTH", "CAP-WEBSOCKET", "WS-32", "WS-49"]);
  expect(of("skip")).toEqual("WS-27 WS-33 WS-34 WS-35 WS-36 WS-37 WS-41 WS-42 WS-44 WS-50".split(" "));
  for (const { id, verdict, exchanges } of results) if (verdict === "fail") expect(exchanges, id).not.toEqual([]);
});

test("what sends the frames again is given as a program, and its ids are new ones", async ({ gateway }) => {
  const { output } = await runSuite(["repro", "WS-33", "--base-url", gateway.url.replace("http", "ws")]);
  expect(output).not.toContain(testToken);
  const folder = mkdtempSync(join(tmpdir(), "clawgate-repro-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const environment = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    OPENAI_API_KEY: testToken,
  };
  const { stdout } = await promisify(execFile)("sh", ["-c", output], { cwd: folder, env: environment });
  expect(stdout.match(/^> .*"chat.send"/gm)).toHaveLength(3);
  // The two runs of the case; what came twice is one of them.
  expect(stdout.match(/^< .*"state":"final"/gm)).toHaveLength(2);
  expect(stdout).toMatch(/^closed with 1005 $/m);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findProxy } from "../lens/proxy.ts";
import { plain } from "../tell/paint.ts";
import { runConformance } from "../program.ts";

/** The wire, streams, the SDK and a raw connection. */
const only = "NS-01,SS-01,SDK-01,NS-16";
const secret = "Zk7/pass+Word-93";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that answers whoever is let in, and has nothing else to say to all others. */
function serve(isLetIn: (request: IncomingMessage) => boolean): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const piece of request) body += String(piece);
    response.setHeader("x-request-id", "r-1");
    if (!isLetIn(request)) return void response.writeHead(403).end("no");
    const base = { id: `c-${Math.random()}`, created: Math.floor(Date.now() / 1000), model: "m" };
    if (body.includes('"stream":true')) {
      const choices = [{ index: 0, delta: { role: "assistant", content: "one" }, finish_reason: "stop" }];
      const chunk = { ...base, object: "chat.completion.chunk", choices };
      const head = { "content-type": "text/event-stream" };
      return void response.writeHead(200, head).end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    }
    const message = { role: "assistant", content: "one", refusal: null };
    const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
    const text = JSON.stringify({ ...base, object: "chat.completion", choices });
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  // The probe of the limit would wait for an answer.
  return server.on("checkContinue", (_request, response: ServerResponse) => void response.writeHead(413).end());
}

interface Ended {
  readonly status: number;
  /** All that was said and written. */
  readonly text: string;
}

async function run(words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-reach-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "key.txt"), `${secret}\n`);
  let [status, said] = [0, ""];
  const write = (text: string): void => void (said += `${text}\n`);
  const reports = ["json=a.json", "md=a.md", "html=a.html", "junit=a.xml"].flatMap((report) => ["--report", report]);
  await runConformance(
    {
      environment,
      cwd: folder,
      interactive: false,
      paint: { print: plain, note: plain },
      print: write,
      write,
      note: write,
      fail: (failed) => (status = failed),
    },
    ["--model", "m", "--sdk", "7,4", "--only", only, "--record", "wire.jsonl", ...reports, ...words],
  );
  const files = readdirSync(folder).filter((file) => file !== "key.txt");
  return { status, text: said + files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n") };
}

const isKeyed = ({ headers }: IncomingMessage): boolean =>
  headers["x-pass"] === secret && headers.authorization === undefined;

test.for<[what: string, isLetIn: (request: IncomingMessage) => boolean, path: string, words: string]>([
  ["a header from a variable", isKeyed, "/v1", "--header-env x-pass=PASS"],
  ["a header from a file", isKeyed, "/v1", "--header-file x-pass=key.txt"],
  [
    "a header",
    ({ headers }) => headers["x-portkey-provider"] === "openai",
    "/v1",
    "--header x-portkey-provider=openai",
  ],
  [
    "an address like Azure's",
    ({ url = "", headers }) =>
      headers["api-key"] === secret && /^\/openai\/deployments\/m\/[\w/]+\?api-version=2024-10-21(?:&|$)/.test(url),
    "/openai/deployments/m?api-version=2024-10-21",
    "--header-env api-key=PASS",
  ],
  [
    "parameters",
    ({ url = "" }) => url.includes(`?tenant=a%20b&token=${encodeURIComponent(secret)}`),
    "/base/path/v1/",
    `--query,tenant=a b,--query,token=${secret}`,
  ],
])("a server that wants %s is reached, and nobody is told what is secret", async ([, isLetIn, path, words]) => {
  const address = `http://127.0.0.1:${await listen(serve(isLetIn))}${path}`;
  const told = words.split(words.includes(",") ? "," : " ");
  const { status, text } = await run(["--base-url", address, ...told], { PASS: secret });
  expect(text).toContain("\n5 passed, 0 failed");
  expect(status).toBe(0);
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").slice(0, -4)];
  for (const form of forms) expect(text).not.toContain(form);
  const without = await run(["--base-url", `${new URL(address).origin}/v1`]);
  expect(without.status).toBe(1);
});

/** Lets whoever has the password through, with CONNECT and nothing else. */
function createProxy(reached: string[], target: number): Server {
  const proxy = createServer((_request, response) => void response.writeHead(405).end());
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    reached.push(String(request.url));
    socket.on("error", () => undefined);
    const user = Buffer.from(`me:${secret}`).toString("base64");
    if (request.headers["proxy-authorization"] !== `Basic ${user}`)
      return void socket.end("HTTP/1.1 407 Who are you\r\n\r\n");
    const upstream = connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Go\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => void socket.destroy());
    socket.on("close", () => void upstream.destroy());
  });
  return proxy;
}

test("a server behind a proxy is reached through it alone", async () => {
  const reached: string[] = [];
  const target = await listen(serve(() => true));
  const proxy = `127.0.0.1:${await listen(createProxy(reached, target))}`;
  const away = ["--base-url", "http://models.invalid:8000/v1"];
  const good = `http://me:${encodeURIComponent(secret)}@${proxy}`;
  const named = await run([...away, "--proxy", good]);
  expect([named.status, named.text]).toEqual([0, expect.stringContaining("\n5 passed, 0 failed")]);
  expect(new Set(reached)).toEqual(new Set(["models.invalid:8000"]));
  expect(named.text).not.toContain(secret);
  expect(named.text).not.toContain(encodeURIComponent(secret));
  const usual = await run(away, { http_proxy: good });
  expect(usual.status).toBe(0);
  const refused = await run([...away, "--proxy", `http://me:wrong@${proxy}`]);
  expect(refused.status).toBe(3);
  expect(refused.text).toContain(`the proxy ${proxy} answered 407 to CONNECT models.invalid:8000`);
});

test.for([
  ["http://api.example/v1", { HTTP_PROXY: "http://p:1" }, "http://p:1"],
  ["https://api.example/v1", { HTTP_PROXY: "http://p:1" }, undefined],
  ["https://api.example/v1", { https_proxy: "http://p:2" }, "http://p:2"],
  ["wss://api.example", { HTTPS_PROXY: "http://p:2" }, "http://p:2"],
  ["https://api.example/v1", { ALL_PROXY: "http://p:3" }, "http://p:3"],
  ["https://api.example/v1", { HTTPS_PROXY: "http://p:2", NO_PROXY: "a.test, example" }, undefined],
  ["https://api.example/v1", { HTTPS_PROXY: "http://p:2", no_proxy: ".example" }, undefined],
  ["https://api.example/v1", { HTTPS_PROXY: "http://p:2", NO_PROXY: "pi.example" }, "http://p:2"],
  ["https://api.example/v1", { HTTPS_PROXY: "http://p:2", NO_PROXY: "*" }, undefined],
  ["http://127.0.0.1:8000/v1", { HTTP_PROXY: "http://p:1" }, undefined],
  ["http://localhost/v1", { HTTP_PROXY: "http://p:1" }, undefined],
] as const)("%s with %o goes through %s", ([address, environment, want]) => {
  expect(findProxy(new URL(address), environment)).toBe(want);
});

test.for([
  ["--header-env x-pass=NOT_THERE", "the variable NOT_THERE is not set"],
  ["--header-file x-pass=nowhere.txt", "Cannot read the header file nowhere.txt"],
  ["--header-env host=PASS", "The suite has to say host itself."],
  ["--header-env x-pass", "It must be a header"],
  ["--query nothing", "--query takes name=value"],
  ["--proxy ftp://me:hidden@p", "--proxy, or the variable that names one"],
])("%s is refused: %s", async ([words = "", says = ""]) => {
  const { status, text } = await run(["--base-url", "http://127.0.0.1:1/v1", ...words.split(" ")], { PASS: "x" });
  expect(text).toContain(says);
  expect(text).not.toContain("hidden");
  expect(status).toBe(2);
});

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { messageBytesMax } from "./limits.ts";
import { contractVersion } from "../../base/contract.ts";
import { call, fill, startToolServers, toNames } from "./tool-servers.fixture.ts";

interface Received {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  /** The method of the JSON-RPC message, if it is one. */
  readonly rpc: string | undefined;
  readonly params: unknown;
}

interface Scripted {
  readonly url: string;
  readonly received: Received[];
  /** How many answers have not ended yet. */
  readonly open: () => number;
}

type Script = (rpc: string | undefined, response: ServerResponse, id: unknown) => boolean;

/** An HTTP tool server with one tool, `work`. What `script` does not answer itself, by `true`, is answered properly. */
async function startScripted(script: Script = () => false): Promise<Scripted> {
  const received: Received[] = [];
  const pending = new Set<ServerResponse>();
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const message = body === "" ? {} : (JSON.parse(body) as { id?: unknown; method?: string; params?: unknown });
    const { method: rpc, params } = message;
    received.push({ method: request.method ?? "", headers: request.headers, rpc, params });
    if (request.method === "GET") response.writeHead(405).end();
    else if (!script(message.method, response, message.id)) answer(message.method, message.id, response);
  }
  const server = createServer((request, response) => {
    pending.add(response);
    response.once("close", () => pending.delete(response));
    void take(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}/mcp`, received, open: () => pending.size };
}

function answer(rpc: string | undefined, id: unknown, response: ServerResponse): void {
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: "2025-06-18",
      capabilities: { tools: {} },
      serverInfo: { name: "scripted", version: "1" },
    },
    "tools/list": { tools: [{ name: "work", inputSchema: { type: "object" } }] },
    "tools/call": { content: [{ type: "text", text: "done" }] },
  };
  const result = results[rpc ?? ""];
  if (id === undefined) return void response.writeHead(202).end();
  response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "one" });
  const unknown = { error: { code: -32_601, message: "Method not found" } };
  response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? unknown : { result }) }));
}

test("every request has the header fields of the configuration", async () => {
  const server = await startScripted();
  const { open, servers } = startToolServers({
    s: fill({ url: server.url, headers: { Authorization: "Bearer key" } }),
  });
  expect(await call(await open("s"), "s__work")).toEqual({ text: "done", failed: false });
  await servers.stop();
  expect(server.received.map(({ rpc, method }) => rpc ?? method)).toEqual(
    expect.arrayContaining(["initialize", "tools/list", "tools/call", "DELETE"]),
  );
  expect(new Set(server.received.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer key"]));
  const { params } = server.received.find(({ rpc }) => rpc === "initialize") ?? {};
  expect(params).toMatchObject({ clientInfo: { name: "clawgate", version: contractVersion } });
});

test("a redirect to another origin is not followed, and the key goes nowhere else", async () => {
  const other = await startScripted();
  const server = await startScripted((_, response) => {
    response.writeHead(307, { location: other.url }).end();
    return true;
  });
  const { open, log } = startToolServers({ s: fill({ url: server.url, headers: { "x-key": "hunter2" } }) });
  expect(toNames(await open("s"))).toEqual([]);
  expect(other.received).toEqual([]);
  expect(log()).toContain("cannot be reached");
});

test.for(["application/json", "text/event-stream"])("a call that is given up ends its request, %s", async (type) => {
  const server = await startScripted((rpc, response) => {
    if (rpc !== "tools/call") return false;
    response.writeHead(200, { "content-type": type });
    response.flushHeaders();
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url, timeoutMs: 200 }) });
  expect(await call(await open("s"), "s__work")).toEqual({ text: "The call timed out after 200 ms.", failed: true });
  await expect.poll(server.open).toBe(0);
  await expect.poll(() => server.received.map(({ rpc }) => rpc)).toContain("notifications/cancelled");
});

test.for<[what: string, headers: Record<string, string>, body: () => Buffer]>([
  ["is long", {}, () => Buffer.alloc(messageBytesMax + 1, " ")],
  [
    "is one event that is long",
    { "content-type": "text/event-stream" },
    () => Buffer.concat([Buffer.from("data: "), Buffer.alloc(messageBytesMax + 1, " "), Buffer.from("\n\n")]),
  ],
  ["unfolds", { "content-encoding": "gzip" }, () => gzipSync(Buffer.alloc(messageBytesMax + 1, " "))],
])("an answer that %s beyond the limit is a failed result, and the next call works", async ([, headers, body]) => {
  let calls = 0;
  const server = await startScripted((rpc, response) => {
    if (rpc !== "tools/call" || calls > 0) return false;
    calls += 1;
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(body());
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url }) });
  const set = await open("s");
  const said = expect.stringMatching(
    /^The (?:call to the tool server 's' failed|connection .* ended before it answered)\.$/,
  );
  expect(await call(set, "s__work")).toEqual({ text: said, failed: true });
  expect(await call(set, "s__work")).toEqual({ text: "done", failed: false });
});

test("a stream of events may be longer than the longest of them, as one that tells of changes for weeks is", async () => {
  const server = await startScripted((rpc, response, id) => {
    if (rpc !== "tools/call") return false;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const piece = `: ${"x".repeat(2 ** 20)}\n\n`;
    for (let length = 0; length <= messageBytesMax; length += piece.length) response.write(piece);
    const result = { content: [{ type: "text", text: "at last" }] };
    response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url }) });
  expect(await call(await open("s"), "s__work")).toEqual({ text: "at last", failed: false });
});

test.for([401, 403, 429, 500])(
  "a status of %d fails the call, once, and is not held against the connection",
  async (status) => {
    let calls = 0;
    const server = await startScripted((rpc, response) => {
      if (rpc !== "tools/call" || calls > 0) return false;
      calls += 1;
      response.writeHead(status).end("hunter2: the server's own words");
      return true;
    });
    const { open } = startToolServers({ s: fill({ url: server.url }) });
    const set = await open("s");
    expect(await call(set, "s__work")).toEqual({
      text: `The tool server 's' refused the call with HTTP status ${status}.`,
      failed: true,
    });
    expect(await call(set, "s__work")).toEqual({ text: "done", failed: false });
    expect(server.received.filter(({ rpc }) => rpc === "initialize")).toHaveLength(1);
  },
);

test.for([400, 422, 500])("what a call that fails with a status of %d says in JSON is its result", async (status) => {
  const server = await startScripted((rpc, response, id) => {
    if (rpc !== "tools/call") return false;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32_602, message: "no such city", data: null } }));
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url }) });
  expect(await call(await open("s"), "s__work")).toEqual({ text: "no such city", failed: true });
  expect(server.received.filter(({ rpc }) => rpc === "initialize")).toHaveLength(1);
});

const done = (id: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "seen" }] } });
test.for<[what: string, type: string | undefined, body: (id: unknown) => string]>([
  ["is called text", "text/plain; charset=utf-8", done],
  ["is called JSON-RPC", "application/json-rpc", done],
  ["is not called anything", undefined, done],
  ["is an event that does not end", "text/event-stream", (id) => `data: ${done(id)}\n`],
  ["is an event without a line end", "text/event-stream", (id) => `data: ${done(id)}`],
])("an answer that %s is read", async ([, type, body]) => {
  const server = await startScripted((rpc, response, id) => {
    if (rpc !== "tools/call") return false;
    response.writeHead(200, type === undefined ? {} : { "content-type": type }).end(body(id));
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url }) });
  expect(await call(await open("s"), "s__work")).toEqual({ text: "seen", failed: false });
});

test.for([400, 404, 405, 500])("a server that answers %d to a notice is used nevertheless", async (status) => {
  const server = await startScripted((rpc, response) => {
    if (rpc?.startsWith("notifications/") !== true) return false;
    response.writeHead(status).end();
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url }) });
  expect(await call(await open("s"), "s__work")).toEqual({ text: "done", failed: false });
});

test.for([400, 404])("a status of %d gets a new session, and the call is made again, once", async (status) => {
  let refusals = 0;
  const server = await startScripted((rpc, response) => {
    if (rpc !== "tools/call") return false;
    refusals += 1;
    response.writeHead(status).end();
    return true;
  });
  const { open } = startToolServers({ s: fill({ url: server.url }) });
  expect(await call(await open("s"), "s__work")).toMatchObject({ failed: true });
  expect(refusals).toBe(2);
  expect(server.received.filter(({ rpc }) => rpc === "initialize")).toHaveLength(2);
});

test("what a server says when it refuses its client is not logged", async () => {
  const server = await startScripted((_, response) => {
    response.writeHead(401).end("not the key: hunter2");
    return true;
  });
  const { open, log } = startToolServers({ s: fill({ url: server.url }) });
  await open("s");
  expect(log()).toContain('"cause":"HTTP status 401"');
  expect(log()).not.toContain("hunter2");
});

test("stop does not wait long for a server that does not say goodbye", async () => {
  const server = await startScripted((rpc) => rpc === undefined);
  const { open, servers } = startToolServers({ s: fill({ url: server.url }) });
  await open("s");
  const start = performance.now();
  await servers.stop();
  // It never does.
  expect(performance.now() - start).toBeLessThan(30_000);
});

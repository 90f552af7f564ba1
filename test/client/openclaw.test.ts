import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GatewayClient } from "@openclaw/gateway-client";
import { type ChatChunk, OpenClawClient } from "openclaw-node";
import { expect } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { createGatewayTest, type SharedGateway, testToken } from "../gateway.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";

stayOnLoopback();

const test = createGatewayTest({});

type ClientOptions = NonNullable<ConstructorParameters<typeof GatewayClient>[0]>;

/** OpenClaw's own client library, connected. What it takes for a fault of the gateway ends the test. */
async function connectClient({ url }: SharedGateway, options: ClientOptions = {}) {
  const events: { event: string; payload?: unknown }[] = [];
  const gaps: unknown[] = [];
  const connected = Promise.withResolvers<unknown>();
  const client = new GatewayClient({
    url: url.replace("http", "ws"),
    token: testToken,
    onHelloOk: (hello) => connected.resolve(hello),
    onConnectError: (error) => connected.reject(error),
    onEvent: (event) => events.push(event),
    onGap: (gap) => gaps.push(gap),
    ...options,
  });
  client.start();
  onEnd(() => {
    client.stop();
    expect(gaps).toEqual([]);
  });
  return { client, events, hello: await connected.promise };
}

test("the client library connects, asks what there is and is told that it is healthy", async ({ gateway }) => {
  const { client, hello } = await connectClient(gateway);
  expect(hello).toMatchObject({ protocol: 4, auth: { role: "operator" } });
  expect(await client.request("health")).toMatchObject({ ok: true });
  expect(await client.request("status", {})).toMatchObject({ heartbeat: { defaultAgentId: "main" } });
  expect(await client.request("agents.list", {})).toMatchObject({
    defaultId: "main",
    agents: [{ id: "main" }, { id: "beta" }],
  });
  expect(await client.request("models.list", {})).toMatchObject({
    models: [{ provider: "embedded", id: "assistant" }],
  });
});

test("the client library begins a run, waits for its last answer and sees its events", async ({ gateway }) => {
  const { client, events } = await connectClient(gateway, { caps: ["tool-events"] });
  const params = { message: "@@words 8 delay=10ms", sessionKey: "library", idempotencyKey: crypto.randomUUID() };
  const final = await client.request("agent", params, { expectFinal: true });
  expect(final).toMatchObject({ status: "ok", result: { payloads: [{ text: expect.stringMatching(/word7$/) }] } });
  expect(events.map(({ event }) => event)).toContain("agent");
  const history = await client.request("chat.history", { sessionKey: "library" });
  expect(history).toMatchObject({ messages: [{ role: "user" }, { role: "assistant" }] });
});

test("the client library makes a typed error of a method that is not there", async ({ gateway }) => {
  const { client } = await connectClient(gateway);
  await expect(client.request("config.get", {})).rejects.toMatchObject({
    name: "GatewayClientRequestError",
    gatewayCode: "INVALID_REQUEST",
  });
});

test("the client library says why it was not let in", async ({ gateway }) => {
  await expect(connectClient(gateway, { token: "wrong-token-0123456789abcdef" })).rejects.toThrow(/unauthorized/);
});

/** `openclaw-node`, as its README has it. */
async function connectNode({ url }: SharedGateway): Promise<OpenClawClient> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-openclaw-"));
  const client = new OpenClawClient({
    url: url.replace("http", "ws"),
    token: testToken,
    autoReconnect: false,
    deviceIdentityPath: join(folder, "device.json"),
  });
  client.on("error", (error: unknown) => expect(error).toBeUndefined());
  onEnd(async () => {
    await client.disconnect();
    rmSync(folder, { recursive: true });
  });
  await client.connect();
  return client;
}

test("openclaw-node streams an answer, signed by a device of its own, and gets a whole one", async ({ gateway }) => {
  const client = await connectNode(gateway);
  const chunks: ChatChunk[] = [];
  for await (const chunk of client.chat("@@words 10 delay=20ms", { sessionKey: "node" })) chunks.push(chunk);
  const texts = chunks.flatMap((chunk) => (chunk.type === "text" ? [chunk.text] : []));
  expect(texts.length).toBeGreaterThan(1);
  expect(texts.join("")).toMatch(/^word0 .* word9$/);
  expect(chunks.map(({ type }) => type)).toEqual(expect.arrayContaining(["agent_start", "agent_end", "done"]));
  expect(await client.chatSync("@@echo Well.", { sessionKey: "node" })).toBe("Well.");
  expect(await client.sessions.history("node")).toMatchObject({ messages: { length: 4 } });
});

test("openclaw-node asks for health, agents and sessions, and is told of a failure in words", async ({ gateway }) => {
  const client = await connectNode(gateway);
  expect(await client.health()).toMatchObject({ ok: true });
  expect(await client.agents.list()).toMatchObject({ agents: [{ id: "main" }, { id: "beta" }] });
  await client.chatSync("@@echo a", { sessionKey: "listed" });
  expect(JSON.stringify(await client.sessions.list())).toContain("agent:main:listed");
  const chunks: ChatChunk[] = [];
  for await (const chunk of client.chat("@@fail code=upstream_error", { sessionKey: "node-2" })) chunks.push(chunk);
  expect(chunks.flatMap((chunk) => (chunk.type === "error" ? [chunk.text] : []))).toEqual([
    expect.stringMatching(/upstream|model/i),
  ]);
});

test("openclaw-node aborts a run", async ({ gateway }) => {
  const client = await connectNode(gateway);
  const chunks: ChatChunk[] = [];
  for await (const chunk of client.chat("@@echo Some.\n@@hang", { sessionKey: "node-3" })) {
    chunks.push(chunk);
    if (chunk.type === "text") expect(await client.chatAbort("node-3")).toMatchObject({ aborted: true });
  }
  expect(chunks.at(-1)?.type).toBe("done");
});

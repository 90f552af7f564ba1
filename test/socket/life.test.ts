import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { toKeyConfig, toSecret } from "../keys.fixture.ts";
import { exchange, toRequest } from "../wire/socket.fixture.ts";
import { connect, connectParams, openSocket } from "./client.fixture.ts";

const all = { params: { scopes: ["operator.admin"] } };

test("a gateway that stops says so, lets the run end, and closes with 1001", async () => {
  const gateway = await startTestGateway({ config: { gateway: { drainMs: 15_000 } } });
  const socket = await connect(gateway);
  await socket.request("chat.send", { sessionKey: "stop", message: "@@words 20 delay=20ms", idempotencyKey: "stop-1" });
  await socket.until(() => socket.payloads("agent").find(({ stream }) => stream === "assistant"));
  const stopped = gateway.stop();
  await socket.until(() => socket.payloads("shutdown")[0]);
  const refused = await socket.answer("chat.send", { sessionKey: "stop", message: "more", idempotencyKey: "stop-2" });
  expect(refused.error).toMatchObject({ code: "UNAVAILABLE", retryable: true, details: { code: "shutting_down" } });
  expect((await exchange(gateway.port, toRequest({ method: "GET", path: "/", headers: upgrade }))).status).toBe(503);
  expect(await socket.ended("stop-1")).toMatchObject({ state: "final" });
  await stopped;
  expect(await socket.closed()).toMatchObject({ code: 1001 });
});

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

test("a run that hangs is cut after drainMs, and who looks on is told", async () => {
  const gateway = await startTestGateway({ config: { gateway: { drainMs: 100 } } });
  const socket = await connect(gateway);
  await socket.request("chat.send", { sessionKey: "hang", message: "@@hang", idempotencyKey: "hang-1" });
  const silent = await openSocket(gateway.url);
  const stopped = gateway.stop();
  expect(await socket.ended("hang-1")).toMatchObject({ state: "error" });
  await stopped;
  expect((await silent.closed()).code).toBe(1001);
});

test("a gateway with a client that does not close its side stops all the same", async () => {
  const gateway = await startTestGateway();
  const socket = await connect(gateway);
  const { _socket: tcp } = socket.socket as unknown as { _socket: { pause(): void } };
  tcp.pause();
  const before = performance.now();
  await gateway.stop();
  expect(performance.now() - before).toBeLessThan(10_000);
});

const keys = (ada: object): object => ({ gateway: { auth: { keys: toKeyConfig("ada", ada) } } });

test("a change of the secret closes who came with the old one, and of nobody else", async () => {
  const gateway = await startTestGateway({ config: keys({ scopes: ["chat", "sessions"] }) });
  const [old, key] = [await connect(gateway), await connect(gateway, { token: toSecret("ada") })];
  await gateway.reload(keys({ scopes: ["chat", "sessions"] }), "another-token-0123456789abc");
  expect(await old.closed()).toMatchObject({ code: 1008 });
  expect(await key.request("health")).toMatchObject({ ok: true });
  const wrong = await (
    await openSocket(gateway.url)
  ).answer("connect", { ...connectParams, auth: { token: testToken } });
  expect(wrong.ok).toBe(false);
  await connect(gateway, { token: "another-token-0123456789abc" });
});

test("a key that is taken away or may do less is closed, one that may do the same goes on with what holds now", async () => {
  const gateway = await startTestGateway({ config: keys({ scopes: ["chat", "sessions"] }) });
  const socket = await connect(gateway, { token: toSecret("ada") });
  await gateway.reload({
    ...keys({ scopes: ["chat", "sessions"], requestsPerMinute: 1 }),
    agents: { list: [{ id: "main", default: true }] },
  });
  expect((await socket.request("agents.list")).agents).toHaveLength(1);
  expect((await socket.answer("agents.list")).error).toMatchObject({
    code: "UNAVAILABLE",
    retryable: true,
    retryAfterMs: expect.any(Number),
    details: { code: "rate_limit_exceeded" },
  });
  await gateway.reload(keys({ scopes: ["chat"] }));
  expect(await socket.closed()).toMatchObject({ code: 1012 });
  const again = await connect(gateway, { token: toSecret("ada") });
  await gateway.reload(keys({ scopes: ["chat"], agents: ["beta"] }));
  expect(await again.closed()).toMatchObject({ code: 1012 });
  const third = await connect(gateway, { token: toSecret("ada") });
  await gateway.reload({});
  expect(await third.closed()).toMatchObject({ code: 1008 });
});

test("what a client still sends that was told to go begins nothing", async () => {
  const gateway = await startTestGateway({ config: keys({ scopes: ["chat"], sessions: "shared" }) });
  const [socket, watcher] = [await connect(gateway, { token: toSecret("ada") }), await connect(gateway, all)];
  await watcher.request("sessions.messages.subscribe", { key: "late" });
  // It does not see that it is closed, and does not close its side.
  const { _socket: tcp } = socket.socket as unknown as { _socket: { pause(): void; resume(): void } };
  tcp.pause();
  await gateway.reload({});
  socket.ask("chat.send", { sessionKey: "late", message: "Hello.", idempotencyKey: "late-1" });
  socket.ask("connect", { ...connectParams, auth: { token: testToken } });
  socket.ask("chat.send", { sessionKey: "late", message: "Hello.", idempotencyKey: "late-2" });
  tcp.resume();
  expect(await socket.closed()).toMatchObject({ code: 1008 });
  expect(await watcher.request("chat.history", { sessionKey: "late" })).toMatchObject({ messages: [] });
  expect(watcher.payloads("session.message")).toEqual([]);
});

test("a run goes on with what it began with when the configuration changes", async () => {
  const gateway = await startTestGateway();
  const socket = await connect(gateway);
  await socket.request("chat.send", { sessionKey: "reload", message: "@@words 30 delay=20ms", idempotencyKey: "re-1" });
  await socket.until(() => socket.payloads("agent").find(({ stream }) => stream === "assistant"));
  await gateway.reload({ agents: { list: [{ id: "main", default: true, instructions: "New." }] } });
  expect(await socket.ended("re-1")).toMatchObject({ state: "final" });
  await socket.request("chat.send", { sessionKey: "reload", message: "@@instructions", idempotencyKey: "re-2" });
  expect(await socket.ended("re-2")).toMatchObject({ message: { content: [{ text: '["New."]' }] } });
});

test("a key that expires is closed at its next request", async () => {
  const expires = new Date(Date.now() + 1500).toISOString();
  const gateway = await startTestGateway({ config: keys({ scopes: ["chat"], expires }) });
  const socket = await connect(gateway, { token: toSecret("ada") });
  expect(await socket.request("agents.list")).toMatchObject({ defaultId: "main" });
  await pause(1600);
  socket.ask("agents.list");
  expect(await socket.closed()).toMatchObject({ code: 1008, reason: expect.stringMatching(/expired/) });
});

test("whom the proxy in front has signed in comes in without a token, and nobody else", async () => {
  const trustedProxy = { userHeader: "x-forwarded-user", allowLoopback: true };
  const auth = { mode: "trusted-proxy", trustedProxy };
  const gateway = await startTestGateway({
    config: { gateway: { auth, trustedProxies: ["127.0.0.1"] } },
    credential: { mode: "trusted-proxy" },
  });
  const socket = await connect(gateway, { headers: { "x-forwarded-user": "ada" }, params: { auth: {} } });
  expect(socket.hello.snapshot.authMode).toBe("trusted-proxy");
  const stranger = await openSocket(gateway.url);
  expect((await stranger.answer("connect", connectParams)).ok).toBe(false);
});

test("tools at work are told to who asks for them, and in no other way", async () => {
  const gateway = await startTestGateway({
    config: {
      mcp: { servers: { fixture: await playSay() } },
      agents: { list: [{ id: "main", default: true, tools: { fixture: ["*"] } }] },
    },
  });
  const caps = { params: { ...all.params, caps: ["tool-events"] } };
  const [shown, plain] = [await connect(gateway, caps), await connect(gateway, all)];
  await plain.request("chat.history", { sessionKey: "tools" });
  const message = '@@tool fixture__say {"text":"hi"}\n@@then It said: {result}';
  await shown.request("chat.send", { sessionKey: "tools", message, idempotencyKey: "tool-1" });
  await Promise.all([shown.ended("tool-1"), plain.ended("tool-1")]);
  const tools = shown.payloads("agent").filter(({ stream }) => stream === "tool");
  expect(tools.map(({ data }) => [data.phase, data.name, data.isError])).toEqual([
    ["start", "fixture__say", undefined],
    ["result", "fixture__say", false],
  ]);
  expect(plain.payloads("agent").filter(({ stream }) => stream === "tool")).toEqual([]);
  const { messages } = await shown.request("chat.history", { sessionKey: "tools" });
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "toolResult", "assistant"]);
});

test("thoughts are told where the agent shows them", async () => {
  const gateway = await startTestGateway({
    config: { agents: { list: [{ id: "main", default: true, include: ["reasoning"] }, { id: "beta" }] } },
  });
  const socket = await connect(gateway);
  for (const agentId of ["main", "beta"]) {
    const params = { message: "@@reason Hm.\n@@echo Yes.", agentId, idempotencyKey: agentId };
    const id = socket.ask("agent", params);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await socket.until(() => socket.answers(id)[1]);
  }
  const thoughts = socket.payloads("agent").filter(({ stream }) => stream === "thinking");
  expect(thoughts.map(({ runId, data }) => [runId, data.text])).toEqual([["main", "Hm."]]);
});

test("an image is shown to the model, and not sent back", async () => {
  const gateway = await startTestGateway();
  const socket = await connect(gateway);
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const attachments = [{ type: "image", mimeType: "image/png", content: pixel }];
  const sent = { sessionKey: "image", message: "What is this?", attachments, idempotencyKey: "i-1" };
  await socket.request("chat.send", sent);
  expect(await socket.ended("i-1")).toMatchObject({ state: "final" });
  const { messages } = await socket.request("chat.history", { sessionKey: "image" });
  expect(messages[0]?.content).toEqual([
    { type: "text", text: "What is this?" },
    { type: "image", omitted: true },
  ]);
});

test("for how long a gateway has been up is told by the clock that nobody sets", async () => {
  const gateway = await startTestGateway();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
  try {
    const { hello } = await connect(gateway);
    expect(hello.snapshot.uptimeMs).toBeLessThan(3_600_000);
  } finally {
    vi.useRealTimers();
  }
});

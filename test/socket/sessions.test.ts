import { expect } from "vitest";
import type { SocketEvents } from "../../src/base/contract.ts";
import { createGatewayTest, startTestGateway, test } from "../gateway.fixture.ts";
import { toAuthorization, toKeyConfig, toSecret } from "../keys.fixture.ts";
import { connect, type TestSocket } from "./client.fixture.ts";

const all = { params: { scopes: ["operator.admin"] } };

/** The messages of a session as they were told, by their ids. */
const toTold = (socket: TestSocket): (readonly unknown[])[] =>
  socket.payloads("session.message").map(({ messageId, messageSeq, message, runId }) => {
    return [messageId, messageSeq, runId, message.role, message.content.map(({ text }) => text).join("")];
  });

const untilChanged = (
  socket: TestSocket,
  wanted: Partial<SocketEvents["sessions.changed"]>,
): Promise<SocketEvents["sessions.changed"]> =>
  socket.until(() =>
    socket.payloads("sessions.changed").find((event) => {
      return Object.entries(wanted).every(([name, value]) => event[name as keyof typeof event] === value);
    }),
  );

test("a turn is told to every window of its session as it comes in, and each message again as it is kept", async ({
  gateway,
}) => {
  const [one, other] = [await connect(gateway, all), await connect(gateway, all)];
  const { key } = await other.request("sessions.messages.subscribe", { key: "windows" });
  expect(key).toBe("agent:main:windows");
  await one.request("chat.send", { sessionKey: "windows", message: "@@echo Hello.", idempotencyKey: "w-1" });
  await other.until(() => other.payloads("session.message")[2]);
  expect(toTold(other)).toEqual([
    ["w-1:user", undefined, "w-1", "user", "@@echo Hello."],
    ["w-1:user", 1, "w-1", "user", "@@echo Hello."],
    ["msg_2", 2, "w-1", "assistant", "Hello."],
  ]);
  await one.until(() => one.payloads("session.message")[2]);
  expect(toTold(one)).toEqual(toTold(other));
  const { messages } = await one.request("chat.history", { sessionKey: "windows" });
  expect(messages.map(({ __openclaw: about }) => about)).toEqual([
    { id: "w-1:user", seq: 1, runId: "w-1", idempotencyKey: "w-1" },
    { id: "msg_2", seq: 2, runId: "w-1" },
  ]);
  const order = other.told.map(({ event }) => event);
  expect(order.indexOf("session.message")).toBeLessThan(order.indexOf("agent"));
});

test("who has subscribed to all sessions is told of each, of the runs of the HTTP side too", async ({ gateway }) => {
  const socket = await connect(gateway, all);
  await socket.request("sessions.subscribe");
  await gateway.chat({
    model: "openclaw/beta",
    user: "eve",
    messages: [{ role: "user", content: "@@echo From HTTP." }],
  });
  const key = "agent:beta:openai-user:eve";
  expect(await untilChanged(socket, { sessionKey: key, phase: "start" })).toMatchObject({ hasActiveRun: true });
  expect(await untilChanged(socket, { sessionKey: key, phase: "end" })).toMatchObject({
    agentId: "beta",
    hasActiveRun: false,
    activeRunIds: [],
    status: "done",
  });
  expect(toTold(socket).slice(-2)).toMatchObject([
    ["msg_1", 1, expect.stringMatching(/^run_/), "user", "@@echo From HTTP."],
    ["msg_2", 2, expect.stringMatching(/^run_/), "assistant", "From HTTP."],
  ]);
  expect(socket.payloads("chat").at(-1)).toMatchObject({ sessionKey: key, state: "final" });
  await socket.request("sessions.unsubscribe");
  const before = socket.told.length;
  await gateway.chat({ model: "openclaw/beta", user: "eve", messages: [{ role: "user", content: "@@echo More." }] });
  await socket.request("health");
  expect(socket.told.slice(before).filter(({ event }) => event !== "tick")).toEqual([]);
});

test("a call that keeps nothing is told to nobody", async ({ gateway }) => {
  const socket = await connect(gateway, all);
  await socket.request("sessions.subscribe");
  await gateway.chat({ model: "openclaw", messages: [{ role: "user", content: "@@echo Once." }] });
  await socket.request("health");
  expect(JSON.stringify(socket.told)).not.toContain("Once.");
});

test("who has unsubscribed from a session is told nothing more of it", async ({ gateway }) => {
  const [one, other] = [await connect(gateway, all), await connect(gateway, all)];
  await other.request("sessions.messages.subscribe", { key: "left" });
  expect(await other.request("sessions.messages.unsubscribe", { key: "left" })).toEqual({
    subscribed: false,
    key: "agent:main:left",
  });
  await one.request("chat.send", { sessionKey: "left", message: "@@echo a", idempotencyKey: "l-1" });
  await one.ended("l-1");
  await other.request("health");
  expect(other.told.filter(({ event }) => event !== "tick")).toEqual([]);
});

test("a failed run is told as one, and leaves no message", async ({ gateway }) => {
  const socket = await connect(gateway, all);
  await socket.request("sessions.subscribe");
  await socket.request("chat.send", { sessionKey: "failed", message: "@@fail", idempotencyKey: "f-1" });
  expect(await untilChanged(socket, { runId: "f-1", phase: "error" })).toMatchObject({ status: "failed" });
  expect(toTold(socket).filter(([, , runId]) => runId === "f-1")).toHaveLength(1);
});

test("a session is described, reset and deleted, and those who look on are told", async ({ gateway }) => {
  const [socket, viewer] = [await connect(gateway, all), await connect(gateway, all)];
  await viewer.request("sessions.subscribe");
  expect(await socket.request("sessions.describe", { key: "kept" })).toEqual({ session: null });
  await socket.request("chat.send", { sessionKey: "kept", message: "@@echo a", idempotencyKey: "k-1" });
  await socket.ended("k-1");
  const { session } = await socket.request("sessions.describe", { key: "agent:main:kept" });
  expect(session).toMatchObject({ key: "agent:main:kept", kind: "direct", agentId: "main", model: "assistant" });
  const reset = await socket.request("sessions.reset", { key: "kept", reason: "new" });
  expect(reset).toMatchObject({ ok: true, key: "agent:main:kept", entry: { sessionId: session?.sessionId } });
  await untilChanged(viewer, { sessionKey: "agent:main:kept", reason: "reset" });
  expect((await socket.request("chat.history", { sessionKey: "kept" })).messages).toEqual([]);
  expect(await socket.request("sessions.delete", { key: "kept" })).toMatchObject({ deleted: true });
  await untilChanged(viewer, { sessionKey: "agent:main:kept", reason: "delete" });
  expect(await socket.request("sessions.delete", { key: "kept" })).toMatchObject({ deleted: false });
  expect(await socket.request("sessions.describe", { key: "kept" })).toEqual({ session: null });
});

test("a session whose key has nothing behind its agent is one like others", async ({ gateway }) => {
  const [socket, key] = [await connect(gateway, all), "agent:main:"];
  await socket.request("chat.send", { sessionKey: key, message: "@@echo Hello.", idempotencyKey: "e-1" });
  await socket.ended("e-1");
  const { messages, sessionInfo } = await socket.request("chat.history", { sessionKey: key });
  expect({ messages: messages.length, sessionInfo }).toMatchObject({
    messages: 2,
    sessionInfo: { key, displayName: key },
  });
  const { session } = await socket.request("sessions.describe", { key });
  expect(session).toMatchObject({ key, displayName: key });
  const { sessions } = await socket.request("sessions.list");
  expect(sessions.map((row) => row.key)).toContain(key);
  expect(await socket.request("sessions.delete", { key })).toMatchObject({ deleted: true });
});

test("a session that is reset or deleted over HTTP is told to those who look on", async () => {
  const endpoints = { sessions: { enabled: true } };
  const gateway = await startTestGateway({ config: { gateway: { http: { endpoints } } } });
  const viewer = await connect(gateway, all);
  await viewer.request("sessions.subscribe");
  const key = "agent:main:openai-user:zoe";
  await gateway.chat({ model: "openclaw", user: "zoe", messages: [{ role: "user", content: "@@echo a" }] });
  const path = `/v1/sessions/${encodeURIComponent(key)}`;
  expect((await gateway.request(`${path}/reset`, { method: "POST" })).status).toBe(200);
  expect(await untilChanged(viewer, { sessionKey: key, reason: "reset" })).toMatchObject({ agentId: "main" });
  expect((await gateway.request(path, { method: "DELETE" })).status).toBe(200);
  await untilChanged(viewer, { sessionKey: key, reason: "delete" });
});

test("the list has the sessions that were used last, page by page, and those that are looked for", async ({
  gateway,
}) => {
  const socket = await connect(gateway, all);
  for (const name of ["list-a", "list-b", "list-c", "list-a"]) {
    const idempotencyKey = crypto.randomUUID();
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await socket.request("chat.send", { sessionKey: name, message: "@@echo a", idempotencyKey });
    // oxlint-disable-next-line no-await-in-loop -- see above
    await socket.ended(idempotencyKey);
  }
  const first = await socket.request("sessions.list", { search: "LIST-", limit: 2 });
  expect(first.sessions.map(({ displayName }) => displayName)).toEqual(["list-a", "list-c"]);
  expect(first).toMatchObject({ count: 2, totalCount: 3, hasMore: true });
  const second = await socket.request("sessions.list", { search: "list-", limit: 2, offset: 2 });
  expect(second.sessions.map(({ displayName }) => displayName)).toEqual(["list-b"]);
  expect(second.hasMore).toBe(false);
  expect((await socket.request("sessions.list", { agentId: "beta", search: "list-" })).sessions).toEqual([]);
});

test("a chat window starts with one request, and lists that are empty here are empty", async ({ gateway }) => {
  const socket = await connect(gateway, all);
  await socket.request("chat.send", { sessionKey: "startup", message: "@@echo a", idempotencyKey: "s-1" });
  await socket.ended("s-1");
  expect(await socket.request("chat.startup", { sessionKey: "startup" })).toMatchObject({
    sessionKey: "agent:main:startup",
    messages: [{ role: "user" }, { role: "assistant" }],
    sessionInfo: { hasActiveRun: false, activeRunIds: [] },
    agentsList: { defaultId: "main", agents: [{ model: { primary: "embedded/assistant" } }, {}] },
    metadata: { models: [{ provider: "embedded", id: "assistant" }] },
  });
  expect(await socket.request("chat.metadata")).toMatchObject({ commands: [], models: [{ provider: "embedded" }] });
  expect(await socket.request("models.authStatus")).toMatchObject({ providers: [{ provider: "embedded" }] });
  expect(await socket.request("commands.list")).toEqual({ commands: [] });
  expect(await socket.request("question.list")).toEqual({ questions: [] });
  expect(await socket.request("plugin.approval.list")).toEqual([]);
  expect(socket.hello.features.capabilities).toEqual(["published-model-catalog"]);
});

test("a history is as long as is asked, by messages and by characters, and says that there is more", async ({
  gateway,
}) => {
  const socket = await connect(gateway, all);
  for (const index of [1, 2, 3]) {
    const idempotencyKey = `long-${index}`;
    const message = `@@repeat 600000 ${index}`;
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await socket.request("chat.send", { sessionKey: "long", message, idempotencyKey });
    // oxlint-disable-next-line no-await-in-loop -- see above
    await socket.ended(idempotencyKey);
  }
  const short = await socket.request("chat.history", { sessionKey: "long", limit: 3 });
  expect(short.messages.map(({ __openclaw: about }) => about?.seq)).toEqual([4, 5, 6]);
  expect(short.hasMore).toBe(true);
  expect(short.messages.at(-1)).toMatchObject({ __openclaw: { truncated: true } });
  expect(short.messages.at(-1)?.content[0]?.text).toHaveLength(100_000);
  const whole = await socket.request("chat.history", { sessionKey: "long", maxChars: 500_000 });
  expect(whole.messages.length).toBeLessThan(6);
  expect(whole.hasMore).toBe(true);
});

const keys = {
  ...toKeyConfig("ada", { scopes: ["chat", "sessions"], sessions: "own" }),
  ...toKeyConfig("bob", { scopes: ["chat", "sessions"], sessions: "own", agents: ["beta"] }),
  ...toKeyConfig("talker", { scopes: ["chat"] }),
};
const keyed = createGatewayTest({ config: { gateway: { auth: { keys } } } });

keyed(
  "what is a key's own is told to it and the operator, each by their name for it, and to no other",
  async ({ gateway }) => {
    const operator = await connect(gateway, all);
    const [ada, bob] = [
      await connect(gateway, { token: toSecret("ada") }),
      await connect(gateway, { token: toSecret("bob") }),
    ];
    for (const socket of [operator, ada, bob])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await socket.request("sessions.subscribe");
    await ada.request("chat.send", { sessionKey: "mine", message: "@@echo secret", idempotencyKey: "same-key" });
    await untilChanged(ada, { sessionKey: "agent:main:mine", phase: "end" });
    await untilChanged(operator, { sessionKey: "key:ada:agent:main:mine", phase: "end" });
    expect(await operator.request("chat.history", { sessionKey: "key:ada:agent:main:mine" })).toMatchObject({
      messages: [{ role: "user" }, { role: "assistant" }],
    });
    await bob.request("chat.send", { sessionKey: "mine", message: "@@echo other", idempotencyKey: "same-key" });
    await untilChanged(bob, { phase: "end" });
    expect(JSON.stringify(bob.told)).not.toContain("secret");
    expect(JSON.stringify(ada.told)).not.toContain("other");
    const refused = await bob.answer("chat.history", { sessionKey: "key:ada:agent:main:mine" });
    expect(refused.error?.details?.["code"]).toBe("session_not_found");
    expect((await bob.answer("chat.history", { sessionKey: "agent:main:mine" })).error?.code).toBe("FORBIDDEN");
    expect((await bob.request("agents.list")).agents.map(({ id }) => id)).toEqual(["beta"]);
  },
);

keyed("who may talk and not read is told of its own runs alone", async ({ gateway }) => {
  const [talker, operator] = [await connect(gateway, { token: toSecret("talker") }), await connect(gateway, all)];
  const sent = { sessionKey: "shared", message: "@@echo mine", idempotencyKey: "t-1" };
  await talker.request("chat.send", sent);
  await talker.ended("t-1");
  await operator.request("chat.send", { ...sent, message: "@@echo operator's", idempotencyKey: "t-2" });
  await operator.ended("t-2");
  await talker.request("health");
  expect(JSON.stringify(talker.told)).not.toContain("operator's");
  expect((await talker.answer("sessions.subscribe")).error?.code).toBe("FORBIDDEN");
});

keyed("both doors decide alike what a key may do", async ({ gateway }) => {
  const talker = await connect(gateway, { token: toSecret("talker") });
  const overHttp = await gateway.request("/v1/models", { headers: toAuthorization("talker") });
  expect([overHttp.status, (await talker.answer("models.list")).ok]).toEqual([200, true]);
  expect((await talker.answer("sessions.list")).error?.code).toBe("FORBIDDEN");
  expect((await talker.answer("sessions.reset", { key: "shared" })).error?.code).toBe("FORBIDDEN");
});

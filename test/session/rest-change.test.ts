import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { Session, SessionMessage } from "../../src/base/contract.ts";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { ada, fail, get, type List, listKeys, start, toLines, toPath, user } from "./rest.fixture.ts";
import { hold, liveRuns, say, seen } from "../talk.fixture.ts";

describe("POST /v1/sessions/{key}/reset", () => {
  test("makes the agent forget, and keeps what was said readable", async () => {
    const gateway = await start();
    await say(gateway, "@@echo one", user("ada"));
    const response = await gateway.request(toPath(ada, "/reset"), { method: "POST" });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: ada, object: "session", message_count: 0 });
    expect(await seen(gateway, user("ada"))).toEqual(["user: @@messages"]);
    expect(readRows(gateway.stateFolder, ada).slice(0, 2)).toEqual(["-user: @@echo one", "-assistant: one"]);
  });
});

describe("DELETE /v1/sessions/{key}", () => {
  test("removes everything that was said, and the next call begins a new session", async () => {
    const gateway = await start();
    await say(gateway, "@@echo one", user("ada"));
    await say(gateway, "@@echo other", user("bob"));
    const response = await gateway.request(toPath(ada), { method: "DELETE" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id: ada, object: "session.deleted", deleted: true });
    expect(await listKeys(gateway)).toEqual(["agent:main:openai-user:bob"]);
    expect(countRows(gateway.stateFolder).messages).toBe(2);
    for (const path of [toPath(ada), toPath(ada, "/messages")]) {
      expect(await fail(gateway, path)).toEqual({ status: 404, code: "session_not_found", param: "key" });
    }
    expect(await seen(gateway, user("ada"))).toEqual(["user: @@messages"]);
    const { data } = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages"));
    expect(data.map(({ id }) => id)).toEqual(["msg_3", "msg_4"]);
    expect(await listKeys(gateway)).toEqual([ada, "agent:main:openai-user:bob"]);
  });
});

const ways = [
  { how: "reading", rest: "", method: "GET" },
  { how: "reading the messages of", rest: "/messages", method: "GET" },
  { how: "resetting", rest: "/reset", method: "POST" },
  { how: "deleting", rest: "", method: "DELETE" },
] as const;

test.each(ways)("$how a session that there is not is 404, and makes none", async ({ rest, method }) => {
  const gateway = await start();
  const answer = await fail(gateway, toPath(ada, rest), { method });
  expect(answer).toEqual({ status: 404, code: "session_not_found", param: "key" });
  expect(countRows(gateway.stateFolder)).toEqual({ sessions: 0, messages: 0, leases: 0 });
});

test.each(ways)("$how a session whose key is not well encoded is 400", async ({ rest, method }) => {
  const answer = await fail(await start(), `/v1/sessions/agent%3Amain%3A%ff${rest}`, { method });
  expect(answer).toEqual({ status: 400, code: "invalid_value", param: "key" });
});

const names = [
  "a/b",
  "%2F",
  "a%20b",
  "é",
  "e\u0301",
  "😀",
  "?x=1#y",
  "..",
  " ",
  "a+b",
  "{key}",
  "messages",
  "\u2028",
  "'\"\\",
];
test.each(names)("a session of the user %j is found, reset and deleted by its key", async (name) => {
  const gateway = await start();
  await say(gateway, "@@echo one", user(name));
  await say(gateway, "@@echo other", user(`${name}2`));
  const key = `agent:main:openai-user:${name}`;
  expect(await listKeys(gateway)).toContain(key);
  expect(await get(gateway, toPath(key))).toMatchObject({ id: key, agent_id: "main" });
  expect(toLines(await get(gateway, toPath(key, "/messages")))).toEqual(["user: @@echo one", "assistant: one"]);
  const reset = await gateway.request(toPath(key, "/reset"), { method: "POST" });
  expect(await reset.json()).toMatchObject({ id: key, message_count: 0 });
  const deleted = await gateway.request(toPath(key), { method: "DELETE" });
  expect(await deleted.json()).toMatchObject({ id: key, deleted: true });
  expect(await listKeys(gateway)).toEqual([`${key}2`]);
});

describe("while a run is under way", () => {
  const changes = ways.filter(({ method }) => method !== "GET");
  test.each(changes)(
    "$how its session is 429 after the time that a call may wait, and changes nothing",
    async ({ rest, method }) => {
      const gateway = await start({ sessions: { lane: { waitMs: 100 } } });
      await say(gateway, "@@echo one", user("ada"));
      const { leave } = await hold(gateway, user("ada"));
      const response = await gateway.request(toPath(ada, rest), { method });
      expect(response.status).toBe(429);
      expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
      expect(await response.json()).toMatchObject({ error: { code: "session_busy" } });
      expect(toLines(await get(gateway, toPath(ada, "/messages")))).toEqual(["user: @@echo one", "assistant: one"]);
      await leave();
    },
  );

  test("deleting its session waits for its turn", async () => {
    const gateway = await start();
    await say(gateway, "@@echo one", user("ada"));
    const { leave } = await hold(gateway, user("ada"));
    const deleting = gateway.request(toPath(ada), { method: "DELETE" });
    await leave();
    expect((await deleting).status).toBe(200);
    expect(await liveRuns(gateway)).toBe(0);
    expect(countRows(gateway.stateFolder)).toMatchObject({ messages: 0, leases: 0 });
  });
});

test.each(ways)("$how a session needs a token", async ({ rest, method }) => {
  const gateway = await start();
  await say(gateway, "hi", user("ada"));
  const response = await gateway.fetch(`${gateway.url}${toPath(ada, rest)}`, { method });
  expect(response.status).toBe(401);
  expect(await listKeys(gateway)).toEqual([ada]);
});

test("switched off, as they are by default, the paths are unknown ones", async () => {
  const gateway = await startTestGateway();
  await say(gateway, "hi", user("ada"));
  for (const { rest, method } of ways) {
    expect(await fail(gateway, toPath(ada, rest), { method })).toEqual({ status: 404, code: "not_found", param: null });
  }
  expect(await fail(gateway, "/v1/sessions")).toMatchObject({ status: 404, code: "not_found" });
});

test("another method is 405 and says which there are", async () => {
  const gateway = await start();
  const rows = [
    ["/v1/sessions", "GET, HEAD"],
    [toPath(ada), "DELETE, GET, HEAD"],
    [toPath(ada, "/messages"), "GET, HEAD"],
    [toPath(ada, "/reset"), "POST"],
  ] as const;
  for (const [path, allow] of rows) {
    const response = await gateway.request(path, { method: "PUT" });
    expect([response.status, response.headers.get("allow")], path).toEqual([405, allow]);
  }
});

test("the official SDK reads and deletes sessions", async () => {
  const gateway = await start();
  const client = new OpenAI({ baseURL: gateway.baseUrl, apiKey: testToken, fetch: gateway.fetch });
  await client.chat.completions.create({ model: "openclaw", user: "ada", messages: [{ role: "user", content: "hi" }] });
  const list: List<Session> = await client.get("/sessions", { query: { agent: "main", limit: 5 } });
  expect(list.data.map(({ id }) => id)).toEqual([ada]);
  const path = `/sessions/${encodeURIComponent(ada)}`;
  expect(await client.post(`${path}/reset`)).toMatchObject({ message_count: 0 });
  expect(await client.delete(path)).toMatchObject({ deleted: true });
  await expect(client.get(path)).rejects.toMatchObject({ status: 404, code: "session_not_found" });
});

import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Session, SessionMessage } from "../../src/base/contract.ts";
import { createSqliteStore } from "../../src/session/sqlite/sqlite-store.ts";
import type { StoredMessage } from "../../src/session/store.ts";
import type { TestGateway } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { ada, fail, get, type List, listKeys, start, toLines, toPath, user } from "./rest.fixture.ts";
import { say } from "../talk.fixture.ts";

describe("GET /v1/sessions", () => {
  test("lists what was kept, the youngest first, and what is stateless never", async () => {
    const gateway = await start();
    expect(await get(gateway, "/v1/sessions")).toEqual({ object: "list", data: [], has_more: false, last_id: null });
    const before = Math.floor(Date.now() / 1000);
    await say(gateway, "hi", user("ada"));
    const first = Date.now();
    await vi.waitUntil(() => Date.now() > first, { interval: 1 });
    await say(gateway, "hi", { headers: { "x-openclaw-session-key": "agent:beta:k" } });
    await say(gateway, "again", user("ada"));
    await say(gateway, "stateless");
    const list = await get<List<Session>>(gateway, "/v1/sessions");
    expect(list).toMatchObject({
      object: "list",
      data: [
        { id: "agent:beta:k", object: "session", agent_id: "beta", message_count: 2 },
        { id: ada, object: "session", agent_id: "main", message_count: 4 },
      ],
      has_more: false,
      last_id: ada,
    });
    for (const { created_at: created, updated_at: updated } of list.data) {
      expect(created).toBeGreaterThanOrEqual(before);
      expect(updated).toBeGreaterThanOrEqual(created);
      expect(updated).toBeLessThanOrEqual(Date.now() / 1000);
    }
    expect(await listKeys(gateway, "?agent=beta")).toEqual(["agent:beta:k"]);
    expect(await listKeys(gateway, "?agent=nobody")).toEqual([]);
  });

  test("comes in pages", async () => {
    const gateway = await start();
    const names = ["a", "b", "c", "d", "e"];
    await Promise.all(names.map((name) => say(gateway, "hi", user(name))));
    const all = await listKeys(gateway);
    const found: string[] = [];
    for (let after = "", more = true; more;) {
      const page = await get<List<Session>>(gateway, `/v1/sessions?limit=2${after}`);
      expect(page.last_id).toBe(page.data.at(-1)?.id);
      found.push(...page.data.map(({ id }) => id));
      after = `&after=${encodeURIComponent(page.last_id ?? "")}`;
      more = page.has_more;
    }
    expect(found).toEqual(all);
    expect(found.toSorted()).toEqual(names.map((name) => `agent:main:openai-user:${name}`));
  });

  test.each([
    { query: "limit=0", code: "integer_below_min_value", param: "limit" },
    { query: "limit=101", code: "integer_above_max_value", param: "limit" },
    { query: "limit=ten", code: "invalid_type", param: "limit" },
    { query: "limit=1.5", code: "invalid_type", param: "limit" },
    { query: "limit=1&limit=2", code: "invalid_value", param: "limit" },
    { query: `agent=${"a".repeat(65)}`, code: "string_above_max_length", param: "agent" },
    { query: "after=agent:main:nobody", code: "invalid_value", param: "after" },
  ])("refuses $query", async ({ query, code, param }) => {
    expect(await fail(await start(), `/v1/sessions?${query}`)).toEqual({ status: 400, code, param });
  });

  test("takes an empty parameter for none", async () => {
    expect(await listKeys(await start(), "?agent=&limit=&after=")).toEqual([]);
  });
});

describe("GET /v1/sessions/{key}/messages", () => {
  test("tells what was said, with what was superseded only where that is asked", async () => {
    const gateway = await start();
    await say(gateway, "@@echo one", user("ada"));
    const told = [
      { role: "user", content: "@@echo two" },
      { role: "assistant", content: "x" },
      { role: "user", content: "@@echo 3" },
    ];
    await say(gateway, told, user("ada"));
    const want = ["user: @@echo two", "assistant: x", "user: @@echo 3", "assistant: 3"];
    const list = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages"));
    expect(list).toMatchObject({ object: "list", has_more: false, last_id: "msg_6" });
    expect(list.data[0]).toMatchObject({ id: "msg_3", object: "session.message", superseded_at: null });
    expect(toLines(list)).toEqual(want);
    const all = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages?include=superseded"));
    expect(toLines(all)).toEqual(["-user: @@echo one", "-assistant: one", ...want]);
  });

  test("comes in pages, oldest first", async () => {
    const gateway = await start();
    for (const name of ["1", "2", "3"]) await say(gateway, `@@echo ${name}`, user("ada"));
    const page = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages?limit=4"));
    expect(page).toMatchObject({ has_more: true, last_id: "msg_4" });
    const rest = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages?limit=4&after=msg_4"));
    expect(rest.has_more).toBe(false);
    expect(toLines(rest)).toEqual(["user: @@echo 3", "assistant: 3"]);
  });

  test("shows the steps that stayed inside the gateway, and a client that never saw them is not told from them", async () => {
    const gateway = await start();
    const steps: readonly StoredMessage[] = [
      { role: "user", content: "What is 1 + 2?" },
      {
        role: "assistant",
        content: "Let me see. ",
        tool_calls: [{ id: "x", type: "function", function: { name: "add", arguments: "[1,2]" } }],
      },
      { role: "tool", tool_call_id: "x", content: "3", origin: "server" },
      { role: "assistant", content: "It is 3." },
    ];
    await append(gateway, ada, steps);
    const list = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages"));
    expect(list.data.map(({ message }) => message)).toEqual(steps);

    const seenByClient = [steps[0], { role: "assistant", content: "Let me see. It is 3." }];
    await say(gateway, [...seenByClient, { role: "user", content: "@@echo good" }] as object[], user("ada"));
    const rows = readRows(gateway.stateFolder, ada);
    expect(rows).toHaveLength(6);
    expect(rows.filter((row) => row.startsWith("-"))).toEqual([]);
  });

  test("never takes a client's word that a result is the gateway's own", async () => {
    const gateway = await start();
    const call = { id: "x", type: "function", function: { name: "add", arguments: "{}" } };
    const told = [
      { role: "user", content: "hi" },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "x", content: "3", origin: "server" },
    ];
    await say(gateway, told, user("ada"));
    const { data } = await get<List<SessionMessage>>(gateway, toPath(ada, "/messages"));
    expect(data.map(({ message }) => message.origin)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test.each([
    { query: "after=4", param: "after" },
    { query: "after=msg_0", param: "after" },
    { query: "include=everything", param: "include" },
  ])("refuses $query", async ({ query, param }) => {
    expect(await fail(await start(), toPath(ada, `/messages?${query}`))).toEqual({
      status: 400,
      code: "invalid_value",
      param,
    });
  });
});

async function append({ stateFolder }: TestGateway, key: string, messages: readonly StoredMessage[]): Promise<void> {
  const store = await createSqliteStore({ path: join(stateFolder, "sessions.sqlite") });
  const session = await store.open(key, 1_000);
  if (session !== undefined) await store.commit(session.lease, { keep: session.messages.length, append: messages });
  await store.close();
}

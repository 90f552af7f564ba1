import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

function start(sessions: object, chatCompletions: object = {}): Promise<TestGateway> {
  return startTestGateway({
    config: { gateway: { http: { endpoints: { chatCompletions: { sessions, ...chatCompletions } } } } },
  });
}

const send = (headers: Record<string, string>, body: object = {}): Ask => ({ headers, body });
const openWebUi = (id: string): Ask => send({ "X-OpenWebUI-Chat-Id": id });

describe("a chat id header that is configured", () => {
  test("names the session, which the answer names too", async () => {
    const gateway = await start({ chatIdHeaders: ["open-webui"] });
    expect((await say(gateway, "@@echo one", openWebUi("5f0c-1"))).sessionKey).toBe("agent:main:openai-chat:5f0c-1");
    expect(readRows(gateway.stateFolder, "agent:main:openai-chat:5f0c-1")).toEqual([
      "user: @@echo one",
      "assistant: one",
    ]);
    expect(await seen(gateway, openWebUi("5f0c-2"))).toEqual(["user: @@messages"]);
    const beta = await say(gateway, "@@agent", { ...openWebUi("5f0c-1"), body: { model: "agent:beta" } });
    expect(beta.sessionKey).toBe("agent:beta:openai-chat:5f0c-1");
  });

  test("makes one session of a chat whose client sends everything again with each message", async () => {
    const gateway = await start({ chatIdHeaders: ["open-webui"] });
    const history: object[] = [];
    for (const name of ["a", "b", "c"]) {
      history.push({ role: "user", content: `@@echo ${name}` });
      const { message } = await say(gateway, history, openWebUi("chat"));
      history.push(message);
    }
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 1, messages: 6, leases: 0 });
  });

  const rows: readonly {
    readonly what: string;
    readonly headers: readonly string[];
    readonly ask: Ask;
    readonly key: RegExp;
  }[] = [
    {
      what: "loses to x-openclaw-session-key",
      headers: ["open-webui"],
      ask: send({ "x-openwebui-chat-id": "c", "x-openclaw-session-key": "k" }),
      key: /^agent:main:k$/,
    },
    {
      what: "wins over user",
      headers: ["open-webui"],
      ask: send({ "x-openwebui-chat-id": "c" }, { user: "ada" }),
      key: /^agent:main:openai-chat:c$/,
    },
    {
      what: "leaves a call without it to user",
      headers: ["open-webui"],
      ask: send({}, { user: "ada" }),
      key: /^agent:main:openai-user:ada$/,
    },
    {
      what: "is the same as none when it is empty",
      headers: ["open-webui"],
      ask: send({ "x-openwebui-chat-id": "" }),
      key: /^agent:main:openai:[0-9a-f-]{36}$/,
    },
    {
      what: "is none when the client did not fill its template in",
      headers: ["open-webui"],
      ask: send({ "x-openwebui-chat-id": "{{CHAT_ID}}" }),
      key: /^agent:main:openai:[0-9a-f-]{36}$/,
    },
    {
      what: "may be opencode's newer one",
      headers: ["opencode"],
      ask: send({ "x-session-affinity": "b", "X-Session-Id": "a" }),
      key: /^agent:main:openai-chat:a$/,
    },
    {
      what: "may be opencode's older one",
      headers: ["opencode"],
      ask: send({ "x-session-affinity": "b" }),
      key: /^agent:main:openai-chat:b$/,
    },
    {
      what: "may have any name, and the first in the list counts",
      headers: ["x-thread-id", "open-webui"],
      ask: send({ "x-openwebui-chat-id": "c", "X-Thread-Id": "t" }),
      key: /^agent:main:openai-chat:t$/,
    },
    {
      what: "is nothing where it is not configured",
      headers: [],
      ask: send({ "x-openwebui-chat-id": "c", "x-session-id": "s" }),
      key: /^agent:main:openai:[0-9a-f-]{36}$/,
    },
  ];
  test.each(rows)("$what", async ({ headers, ask, key }) => {
    const gateway = await start({ chatIdHeaders: headers });
    expect((await say(gateway, "hi", ask)).sessionKey).toMatch(key);
  });

  test("can name neither a user's session nor a key's", async () => {
    const gateway = await start({ chatIdHeaders: ["x-chat-id"] });
    await say(gateway, "The secret is blue.", { body: { user: "ada" } });
    await say(gateway, "The secret is blue.", send({ "x-openclaw-session-key": "k" }));
    for (const id of ["ada", "openai-user:ada", "agent:main:k", "k", "../openai-user:ada"]) {
      expect(await seen(gateway, send({ "x-chat-id": id }))).toEqual(["user: @@messages"]);
    }
    const { error } = await say(gateway, "hi", send({ "x-openclaw-session-key": "openai-chat:k" }));
    expect(error).toMatchObject({ code: "invalid_session_key", param: "x-openclaw-session-key" });
  });

  test.each([
    { what: "is too long", id: "c".repeat(513) },
    { what: "has a control character", id: "a\tb" },
  ])("is refused with 400 when it $what", async ({ id }) => {
    const gateway = await start({ chatIdHeaders: ["open-webui"] });
    const { status, error } = await say(gateway, "hi", openWebUi(id));
    expect({ status, ...error }).toMatchObject({
      status: 400,
      code: "invalid_session_key",
      param: "x-openwebui-chat-id",
    });
    expect((await say(gateway, "hi", openWebUi("c".repeat(512)))).status).toBe(200);
  });

  test("that is there twice is refused: which one counts is not for the gateway to say", async () => {
    const { url } = await start({ chatIdHeaders: ["open-webui"] });
    const headers = {
      authorization: `Bearer ${testToken}`,
      "content-type": "application/json",
      "x-openwebui-chat-id": ["a", "b"],
    };
    const asked = request(`${url}/v1/chat/completions`, { method: "POST", headers });
    asked.end(JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "hi" }] }));
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(await json(response)).toMatchObject({ error: { code: "invalid_http", param: "x-openwebui-chat-id" } });
  });

  test.each(["authorization", "cookie", "x-openclaw-session-key", "X-Chat-Id", "x chat", ""])(
    "cannot be %j",
    async (name) => {
      await expect(start({ chatIdHeaders: [name] })).rejects.toThrow(/chatIdHeaders/);
    },
  );
});

const title = { role: "user", content: "### Task:\nGenerate a concise, 3-5 word title." };

describe("a side task of a client", () => {
  test("leaves no trace in the chat's session, and is answered", async () => {
    const gateway = await start({ chatIdHeaders: ["open-webui"] });
    await say(gateway, "@@echo one", openWebUi("c"));
    const { text, sessionKey, status } = await say(gateway, [title], openWebUi("c"));
    expect(status).toBe(200);
    expect(text).toContain("word title");
    expect(sessionKey).toMatch(/^agent:main:openai:[0-9a-f-]{36}$/);
    const tags = send({ "x-openwebui-chat-id": "c", "X-OpenWebUI-Task": "tags_generation" });
    await say(gateway, "@@echo Tags", tags);
    expect(readRows(gateway.stateFolder, "agent:main:openai-chat:c")).toEqual(["user: @@echo one", "assistant: one"]);
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 1, messages: 2, leases: 0 });
  });

  test("leaves none in the session of a user either, where the client is named", async () => {
    const gateway = await start({ sideTasks: ["opencode"] });
    const messages = [{ role: "system", content: "You are a title generator. Nothing else." }, title];
    expect((await say(gateway, messages, { body: { user: "ada" } })).sessionKey).toMatch(/:openai:/);
    expect((await say(gateway, [title], { body: { user: "ada" } })).sessionKey).toBe("agent:main:openai-user:ada");
  });

  const kept: readonly { readonly what: string; readonly sessions: object; readonly ask: Ask; readonly key: string }[] =
    [
      {
        what: "the call names its session by x-openclaw-session-key",
        sessions: { chatIdHeaders: ["open-webui"] },
        ask: send({ "x-openclaw-session-key": "k", "x-openwebui-task": "title_generation" }),
        key: "agent:main:k",
      },
      {
        what: "the list of side tasks is empty",
        sessions: { chatIdHeaders: ["open-webui"], sideTasks: [] },
        ask: openWebUi("c"),
        key: "agent:main:openai-chat:c",
      },
      {
        what: "only another client is configured",
        sessions: { chatIdHeaders: ["opencode", "x-openwebui-chat-id"] },
        ask: openWebUi("c"),
        key: "agent:main:openai-chat:c",
      },
    ];
  test.each(kept)("is an ordinary turn where $what", async ({ sessions, ask, key }) => {
    const gateway = await start(sessions);
    await say(gateway, [title], ask);
    expect(readRows(gateway.stateFolder, key)).toHaveLength(2);
  });
});

describe("user, where the configuration ignores it", () => {
  test.each([false, true])("names no session, and the answer says so (strict: %s)", async (strict) => {
    const gateway = await start({ user: "ignore" }, { strict });
    const ask = { body: { user: "raycast-extension" } };
    const { status, sessionKey, headers } = await say(gateway, "The secret is blue.", ask);
    expect(status).toBe(200);
    expect(sessionKey).toMatch(/^agent:main:openai:[0-9a-f-]{36}$/);
    expect(headers.get("x-clawgate-ignored")).toBe("user");
    expect(await seen(gateway, ask)).toEqual(["user: @@messages"]);
    expect(countRows(gateway.stateFolder).sessions).toBe(0);
  });

  test("does not keep keys and chat ids from naming one", async () => {
    const gateway = await start({ user: "ignore", chatIdHeaders: ["open-webui"] });
    const keyed = await say(gateway, "hi", send({ "x-openclaw-session-key": "k" }, { user: "ada" }));
    const chat = await say(gateway, "hi", send({ "x-openwebui-chat-id": "c" }, { user: "ada" }));
    expect([keyed.sessionKey, chat.sessionKey]).toEqual(["agent:main:k", "agent:main:openai-chat:c"]);
    expect((await say(gateway, "hi")).headers.has("x-clawgate-ignored")).toBe(false);
  });
});

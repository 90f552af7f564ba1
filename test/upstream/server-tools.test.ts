import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SessionMessage } from "../../src/base/contract.ts";
import { type EverythingHttp, everythingStdio, startEverythingHttp } from "../../src/tool/mcp/everything.fixture.ts";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { ada, get, type List, toPath, user } from "../session/rest.fixture.ts";
import { type Ask, readEvents, say, seen, untilLive } from "../talk.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";

interface Setup {
  readonly servers?: object;
  readonly agent?: object;
}

/** The agent `main` may use all of a server, `beta` nothing. */
async function start({ servers, agent }: Setup = {}): Promise<TestGateway> {
  return startTestGateway({
    config: {
      gateway: { http: { endpoints: { sessions: { enabled: true } } } },
      mcp: { servers: servers ?? { fixture: await playSay() } },
      agents: { list: [{ id: "main", default: true, tools: { fixture: ["*"] }, ...agent }, { id: "beta" }] },
    },
  });
}

const echo = '@@tool fixture__say {"text":"hi"}';
const told = `${echo}\n@@then It said: {result}`;
const clientTool = (name: string): object => ({ type: "function", function: { name, parameters: { type: "object" } } });

async function readSession(gateway: TestGateway): Promise<SessionMessage["message"][]> {
  const path = `${toPath(ada, "/messages")}?limit=100&include=superseded`;
  const { data } = await get<List<SessionMessage>>(gateway, path);
  expect(data.map(({ superseded_at: at }) => at)).toEqual(data.map(() => null));
  return data.map(({ message }) => message);
}

describe("the MCP project's own server", () => {
  const content = '@@tool everything__echo {"message":"hi"}\n@@then It said: {result}';
  const startEverything = (everything: object): Promise<TestGateway> =>
    start({ servers: { everything }, agent: { tools: { everything: ["*"] } } });
  // Started once for all, since it loads much.
  let http: EverythingHttp;
  beforeAll(async () => {
    http = await startEverythingHttp();
  });
  afterAll(() => http.stop());

  const transports: readonly [name: string, toServer: () => object][] = [
    ["stdio", () => ({ ...everythingStdio })],
    ["HTTP", () => ({ url: http.url })],
  ];
  test.each(transports)("over %s answers the model, and the client sees the text alone", async (_, toServer) => {
    const gateway = await startEverything(toServer());
    const whole = await say(gateway, content);
    expect(whole).toMatchObject({ status: 200, text: "It said: Echo: hi", finishReason: "stop", error: undefined });
    expect(whole.message).not.toHaveProperty("tool_calls");

    const response = await gateway.chat({
      model: "openclaw",
      stream: true,
      messages: [{ role: "user", content }],
    });
    const wire = await response.text();
    expect(wire.trimEnd()).toMatch(/data: \[DONE\]$/);
    expect(wire).not.toMatch(/tool|everything|x_clawgate/);
    const text = readEvents(wire).map((event) => ("choices" in event ? (event.choices[0]?.delta.content ?? "") : ""));
    expect(text.join("")).toBe("It said: Echo: hi");
  });

  test("is shown to the model with its schema, beside the client's tools", async () => {
    const gateway = await startEverything({ url: http.url });
    const { text } = await say(gateway, "@@settings", { body: { tools: [clientTool("ask")] } });
    const { tools } = JSON.parse(text) as { tools: string[] };
    expect(tools[0]).toBe("ask");
    expect(tools).toContain("everything__echo");
    expect(tools).toContain("everything__get-sum");
  });

  test("is called at an order to the embedded assistant", async () => {
    const gateway = await startEverything({ url: http.url });
    const { text } = await say(gateway, 'call everything__echo with {"message": "boats"}');
    expect(text).toBe("everything__echo returned: Echo: boats");
  });

  test("is read by the model when it fails", async () => {
    const gateway = await startEverything({ url: http.url });
    const { status, text } = await say(gateway, '@@tool everything__echo {"message":7}\n@@then It said: {result}');
    expect(status).toBe(200);
    expect(text).toMatch(/^It said: .*(?:invalid|expected)/i);
  });

  test("answers two calls of one answer at once, streamed as whole", async () => {
    const gateway = await startEverything({ url: http.url });
    const both = '@@tool everything__echo {"message":"hi"}\n@@tool everything__get-sum {"a":2,"b":3}\n@@then {result}';
    const { text } = await say(gateway, both);
    expect(text).toMatch(/^Echo: hi\n.*5/);
    expect((await say(gateway, both, { body: { stream: true } })).text).toBe(text);
  });
});

describe("an agent", () => {
  let gateway: TestGateway;

  test("may use only what it is allowed", async () => {
    gateway = await start({ agent: { tools: { fixture: ["say"] } } });
    const { text } = await say(gateway, "@@settings");
    expect(JSON.parse(text)).toMatchObject({ tools: ["fixture__say"] });
    const other = await say(gateway, "@@settings", { body: { model: "openclaw/beta" } });
    expect(JSON.parse(other.text)).toMatchObject({ tools: [] });
  });

  test("that is not allowed a tool cannot run it: the call is nobody's", async () => {
    gateway = await start();
    const { finishReason, message } = await say(gateway, echo, { body: { model: "openclaw/beta" } });
    expect(finishReason).toBe("tool_calls");
    expect(message.tool_calls).toHaveLength(1);
  });

  test.each([
    [clientTool("fixture__say"), "tools[1].function.name"],
    [{ type: "custom", custom: { name: "fixture__say" } }, "tools[1].custom.name"],
  ])("refuses a client's tool of the name of its own: %j", async (tool, param) => {
    gateway = await start();
    for (const stream of [false, true]) {
      const { status, error } = await say(gateway, "hi", { body: { stream, tools: [clientTool("ask"), tool] } });
      expect({ status, code: error?.code, param: error?.param }).toEqual({ status: 400, code: "invalid_value", param });
    }
    const beta = await say(gateway, "hi", { body: { model: "openclaw/beta", tools: [clientTool("ask"), tool] } });
    expect(beta.status).toBe(200);
  });

  test("that calls tools without end is stopped", async () => {
    const { baseUrl, requests } = await startUpstream("openai-chat", [
      { call: { id: "call_1", name: "fixture__say", args: { text: "hi" } } },
    ]);
    gateway = await startTestGateway({
      config: {
        models: { providers: { house: { api: "openai-completions", baseUrl } } },
        mcp: { servers: { fixture: await playSay() } },
        agents: { list: [{ id: "main", model: "house/small", stepsMax: 3, tools: { fixture: ["*"] } }] },
      },
    });
    const { status, headers, error } = await say(gateway, "hi");
    expect({ status, code: error?.code, requests: requests.length }).toEqual({
      status: 502,
      code: "upstream_error",
      requests: 3,
    });
    expect(headers.get("x-should-retry")).toBe("false");
  });
});

describe("a session", () => {
  const hidden: readonly object[] = [
    expect.objectContaining({ role: "user" }) as object,
    {
      role: "assistant",
      content: null,
      tool_calls: [
        {
          id: expect.any(String) as string,
          type: "function",
          function: { name: "fixture__say", arguments: '{"text":"hi"}' },
        },
      ],
    },
    { role: "tool", tool_call_id: expect.any(String) as string, content: "hi", origin: "server" },
    { role: "assistant", content: "It said: hi" },
  ];

  test("keeps the hidden steps for a client that sends only what is new", async () => {
    const gateway = await start();
    await say(gateway, told, user("ada"));
    await say(gateway, told, { body: { user: "ada", stream: true } });
    expect(await readSession(gateway)).toEqual([...hidden, ...hidden]);
    expect(await seen(gateway, user("ada"))).toEqual([
      `user: ${told}`,
      "assistant: null",
      "tool: hi",
      "assistant: It said: hi",
      `user: ${told}`,
      "assistant: null",
      "tool: hi",
      "assistant: It said: hi",
      "user: @@messages",
    ]);
  });

  test.each([false, true])("is gone on with by a client that tells all it saw (stream: %s)", async (stream) => {
    const gateway = await start();
    // Words before the call and after it: the client saw one answer.
    const first = { role: "user", content: `@@echo Let me ask.\n${told}` };
    const answer = await say(gateway, [first], { body: { user: "ada", stream } });
    expect(answer.text).toBe("Let me ask.\n\nIt said: hi");
    const second = { role: "user", content: "@@messages" };
    const { text } = await say(gateway, [first, answer.message, second], { body: { user: "ada", stream } });
    const roles = (JSON.parse(text) as { role: string }[]).map(({ role }) => role);
    expect(roles).toEqual(["user", "assistant", "tool", "assistant", "user"]);
    expect(await readSession(gateway)).toHaveLength(6);
  });

  test.each(["the whole history", "the results alone"])(
    "takes a client's tool and a server's in one turn, told %s",
    async (habit) => {
      const gateway = await start();
      const ask: Ask = { body: { user: "ada", tools: [clientTool("ask")] } };
      const question = { role: "user", content: `${echo}\n@@tool ask {"who":"you"}\n@@then {result}` };
      const { message, finishReason } = await say(gateway, [question], ask);
      expect(finishReason).toBe("tool_calls");
      const [call, ...others] = message.tool_calls ?? [];
      expect(others).toEqual([]);
      expect(call).toMatchObject({ type: "function", function: { name: "ask", arguments: '{"who":"you"}' } });
      const result = { role: "tool", tool_call_id: call?.id, content: "me" };
      const before = habit === "the whole history" ? [question, message] : [];
      const last = await say(gateway, [...before, result], ask);
      expect(last).toMatchObject({ text: "hi\nme", finishReason: "stop" });
      const stored = await readSession(gateway);
      expect(stored.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool", "assistant"]);
      expect(stored[1]).toMatchObject({ tool_calls: [{}, {}] });
      expect(stored[2]).toMatchObject({ origin: "server" });
      expect(stored[3]).not.toHaveProperty("origin");
    },
  );

  test("of a stream shows the client's call alone, as the first", async () => {
    const gateway = await start();
    const content = `${echo}\n@@tool ask {"who":"you"}`;
    const body = { model: "openclaw", stream: true, tools: [clientTool("ask")], messages: [{ role: "user", content }] };
    const events = readEvents(await (await gateway.chat(body)).text());
    const calls = events.flatMap((event) => ("choices" in event ? (event.choices[0]?.delta.tool_calls ?? []) : []));
    expect(calls.map(({ index }) => index)).toEqual(calls.map(() => 0));
    expect(calls[0]).toMatchObject({ function: { name: "ask" } });
  });

  test("keeps nothing of a run that failed after a tool ran, and the client is told not to try again", async () => {
    const gateway = await start();
    const content = `${echo}\n@@then\n@@fail code=upstream_unavailable`;
    const { status, headers } = await say(gateway, content, user("ada"));
    expect(status).toBe(503);
    expect(headers.get("x-should-retry")).toBe("false");
    expect(headers.get("retry-after")).toBeNull();
    expect(readRows(gateway.stateFolder, ada)).toEqual([]);
    const plain = await say(gateway, "@@fail code=upstream_unavailable", user("ada"));
    expect(plain.headers.get("x-should-retry")).toBeNull();
    expect(plain.headers.get("retry-after")).not.toBeNull();
  });
});

describe("a tool server that", () => {
  const use = (tool: string): string => `@@tool fixture__${tool}\n@@then {result}`;
  const fixture = (rest: Parameters<typeof misbehave>[1] = {}): Setup => ({
    servers: { fixture: misbehave("plain", rest) },
  });

  test("hangs costs its own call, and nobody else waits", async () => {
    const gateway = await start(fixture({ timeoutMs: 5000 }));
    // The program is started, so that only the call takes time.
    await say(gateway, use("pid"));
    let over = false;
    const slow = say(gateway, use("hang"), user("ada")).finally(() => (over = true));
    await untilLive(gateway, 1);
    expect((await say(gateway, "@@echo beta", { body: { model: "openclaw/beta" } })).text).toBe("beta");
    expect((await say(gateway, "@@echo main", user("bob"))).text).toBe("main");
    expect((await say(gateway, use("say"), user("bob"))).text).toBe("say");
    expect(over).toBe(false);
    expect((await slow).text).toBe("The call timed out after 5000 ms.");
  });

  test("crashes costs its own call, and the next one finds it again", async () => {
    const gateway = await start(fixture());
    const { status, text } = await say(gateway, use("exit"));
    expect(status).toBe(200);
    expect(text).toMatch(/fixture/);
    expect((await say(gateway, "@@echo main")).text).toBe("main");
    await expect.poll(async () => (await say(gateway, use("say"))).text).toBe("say");
  });

  test("does not start leaves the agent without its tools, and the log says so", async () => {
    const servers = { fixture: { command: join(import.meta.dirname, "nobody") } };
    const gateway = await start({ servers });
    expect(JSON.parse((await say(gateway, "@@settings")).text)).toMatchObject({ tools: [] });
    expect(gateway.log).toContainEqual(expect.objectContaining({ toolServer: "fixture", level: 40 }));
  });

  test("works for a client that leaves is told to stop", async () => {
    const gateway = await start(fixture());
    const leaving = new AbortController();
    const body = JSON.stringify({ model: "openclaw", user: "ada", messages: [{ role: "user", content: use("hang") }] });
    const headers = { "content-type": "application/json" };
    await say(gateway, use("pid"));
    const call = gateway.request("/v1/chat/completions", { method: "POST", headers, body, signal: leaving.signal });
    await untilLive(gateway, 1);
    leaving.abort();
    await expect(call).rejects.toThrow();
    await untilLive(gateway, 0);
    expect(readRows(gateway.stateFolder, ada)).toEqual([]);
  });
});

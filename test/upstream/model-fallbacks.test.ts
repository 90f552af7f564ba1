import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { type Ask, say } from "../talk.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";
import { startUpstream, type Upstream } from "./servers/upstream.fixture.ts";

const answers: Script = [{ text: "Here I am." }];

interface House {
  readonly gateway: TestGateway;
  readonly first: Pick<Upstream, "requests">;
  readonly second: Pick<Upstream, "requests">;
}

const quick = { connectMs: 1000, firstTokenMs: 300, idleMs: 300, totalMs: 5000 };
const provider = (baseUrl: string, more: object = {}): object => ({
  api: "openai-completions",
  baseUrl,
  deadlines: quick,
  ...more,
});

/** The agent asks `first/a`, then `second/b`. */
async function start(first: Script, second: Script, more: object = {}): Promise<House> {
  const [one, two] = [await startUpstream("openai-chat", first), await startUpstream("openai-chat", second)];
  const gateway = await startBoth(provider(one.baseUrl, more), provider(two.baseUrl));
  return { gateway, first: one, second: two };
}

function startBoth(first: object, second: object): Promise<TestGateway> {
  return startTestGateway({
    config: {
      models: { providers: { first, second } },
      agents: { list: [{ id: "main", model: { primary: "first/a", fallbacks: ["second/b"] } }] },
    },
  });
}

const ways: readonly Ask[] = [{ body: { stream: false } }, { body: { stream: true } }];

const failures: readonly [what: string, script: Script][] = [
  ["refuses", [{ status: 400 }]],
  ["does not know its key", [{ status: 401 }]],
  ["is overloaded", [{ status: 429, retryAfter: 30 }]],
  ["fails", [{ status: 500 }]],
  ["resets the connection", [{ reset: true }]],
  ["never answers", [{ hang: true }]],
  ["accepts and then says nothing", [{ accept: true }, { hang: true }]],
  ["accepts and then fails", [{ accept: true }, { error: { code: "server_error" } }]],
  ["accepts and then breaks off", [{ accept: true }, { cut: true }]],
];
test.each(failures)("where the first model %s the second answers, and the header names it", async (_, script) => {
  const { gateway, first, second } = await start(script, answers);
  for (const way of ways) {
    const { status, text, headers } = await say(gateway, "hi", way);
    expect({ status, text }).toEqual({ status: 200, text: "Here I am." });
    expect(headers.get("x-clawgate-model")).toBe("second/b");
  }
  expect(second.requests.map(({ body }) => body["model"])).toEqual(["b", "b"]);
  expect(first.requests.every(({ body }) => body["model"] === "a")).toBe(true);
  const warnings = gateway.log.filter(({ msg }) => msg === "model failed; the next one is tried");
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatchObject({ level: 40, agent: "main", model: "first/a" });
});

test("where nothing listens at the first the second answers", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const { baseUrl } = await startUpstream("openai-chat", answers);
  const gateway = await startBoth(provider(`http://127.0.0.1:${port}/v1`), provider(baseUrl));
  expect((await say(gateway, "hi")).headers.get("x-clawgate-model")).toBe("second/b");
});

test.each([
  ["lab/%E5%8D%83%E9%97%AE-7b", "lab/千问-7b"],
  ["lab/Caf%C3%A9", "lab/Café"],
  ["lab/%E2%80%AEa b%01", "lab/\u202ea b\u0001"],
  ["l%C3%A4b/100%", "läb/100%"],
])("a model answers whose name a header has no room for, which is given as %s", async (want, name) => {
  const { baseUrl, requests } = await startUpstream("openai-chat", answers);
  const [own = "", model = ""] = name.split("/");
  const gateway = await startTestGateway({
    config: { models: { providers: { [own]: provider(baseUrl) } }, agents: { defaults: { model: name } } },
  });
  for (const way of ways) {
    const { status, text, headers } = await say(gateway, "hi", way);
    expect({ status, text }).toEqual({ status: 200, text: "Here I am." });
    expect(headers.get("x-clawgate-model")).toBe(want);
  }
  expect(requests.map(({ body }) => body["model"])).toEqual([model, model]);
});

test("the first model answers alone, and the header names it", async () => {
  const { gateway, second } = await start(answers, answers);
  for (const way of ways) expect((await say(gateway, "hi", way)).headers.get("x-clawgate-model")).toBe("first/a");
  expect(second.requests).toHaveLength(0);
});

test("where no model answers, the failure of the first is told", async () => {
  const { gateway, second } = await start([{ status: 429, retryAfter: 7 }], [{ status: 500 }]);
  for (const way of ways) {
    const { status, headers, error } = await say(gateway, "hi", way);
    expect({ status, code: error?.code }).toEqual({ status: 429, code: "rate_limit_exceeded" });
    expect(headers.get("retry-after")).toBe("7");
  }
  expect(second.requests.length).toBeGreaterThanOrEqual(2);
});

describe("once the first model has said a word", () => {
  const endings: readonly [what: string, script: Script][] = [
    ["fails", [{ text: "Well" }, { error: { code: "server_error" } }]],
    ["breaks off", [{ text: "Well" }, { cut: true }]],
    ["says nothing more", [{ text: "Well" }, { hang: true }]],
    ["fails while it calls a tool", [{ call: { id: "call_1", name: "look", args: { at: 1 } } }, { cut: true }]],
  ];
  const tools = [{ type: "function", function: { name: "look" } }];
  test.each(endings)("and then %s, its failure is told, and the second is not asked", async (_, script) => {
    const { gateway, second } = await start(script, answers);
    for (const way of ways) {
      const { error, text, finishReason } = await say(gateway, "hi", { body: { ...way.body, tools } });
      expect(error?.code).toMatch(/^upstream_/);
      expect(text).not.toContain("Here I am.");
      expect(finishReason).toBeNull();
    }
    expect(second.requests).toHaveLength(0);
  });
});

test("a model that cannot do what is asked is passed over without a call", async () => {
  const { gateway, first, second } = await start(answers, answers, { compat: { supportsTools: false } });
  const ask = { body: { tools: [{ type: "function", function: { name: "look" } }] } };
  expect((await say(gateway, "hi", ask)).headers.get("x-clawgate-model")).toBe("second/b");
  expect([first.requests.length, second.requests.length]).toEqual([0, 1]);
  expect((await say(gateway, "hi")).headers.get("x-clawgate-model")).toBe("first/a");
});

test("a client that leaves while the first hangs is not taken to the second", async () => {
  const { gateway, first, second } = await start([{ hang: true }], answers, {
    deadlines: { ...quick, firstTokenMs: 10_000 },
  });
  const leaving = new AbortController();
  const call = gateway.request("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "hi" }] }),
    signal: leaving.signal,
  });
  await expect.poll(() => first.requests.length, { interval: 5 }).toBe(1);
  leaving.abort();
  await expect(call).rejects.toThrow();
  expect(await first.requests[0]?.over).toMatchObject({ how: "left" });
  expect(second.requests).toHaveLength(0);
});

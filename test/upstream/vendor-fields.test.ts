import { expect, test } from "vitest";
import type { ErrorBody } from "../../src/base/contract.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";

const user = { role: "user", content: "Hi" };
const vendor = {
  chat_template_kwargs: { enable_thinking: true },
  top_k: 5,
  thinking: {},
  provider: { order: ["a"] },
};

async function startWith(forward: readonly string[], more: object = {}) {
  const upstream = await startUpstream("openai-chat", [{ text: "ok" }]);
  const gateway = await startTestGateway({
    config: {
      models: {
        providers: {
          lab: { api: "openai-completions", baseUrl: upstream.baseUrl, forward },
          plain: { api: "openai-completions", baseUrl: upstream.baseUrl },
        },
      },
      agents: { defaults: { model: "lab/m" } },
      ...more,
    },
  });
  const ask = async (body: object) => {
    const response = await gateway.chat({ model: "openclaw", messages: [user], ...body });
    const { error } = (await response.json()) as Partial<ErrorBody>;
    return { status: response.status, error, ignored: response.headers.get("x-clawgate-ignored") };
  };
  return { upstream, gateway, ask };
}

test("a provider is given the fields of its vendor that its configuration lists, and the others are named", async () => {
  const { ask, upstream } = await startWith(["chat_template_kwargs", "top_k", "store", "min_p"]);
  expect(await ask({ ...vendor, store: true })).toMatchObject({ status: 200, ignored: "thinking, provider" });
  const { body } = upstream.requests[0] ?? {};
  expect(body).toMatchObject({ chat_template_kwargs: { enable_thinking: true }, top_k: 5, store: true });
  expect(Object.keys(body ?? {})).not.toEqual(expect.arrayContaining(["provider"]));
  expect(Object.keys(body ?? {}).filter((name) => ["thinking", "provider", "min_p", "vendor"].includes(name))).toEqual(
    [],
  );
});

test("a field that only one of an agent's models is given is named, and given to that one alone", async () => {
  const { ask, upstream } = await startWith(["top_k"], {
    agents: {
      list: [
        { id: "main", default: true, model: { primary: "lab/m", fallbacks: ["plain/m"] } },
        { id: "beta", model: { primary: "plain/m", fallbacks: ["lab/m"] } },
      ],
    },
  });
  expect(await ask({ top_k: 5 })).toMatchObject({ status: 200, ignored: "top_k" });
  expect(await ask({ top_k: 5, model: "openclaw/beta" })).toMatchObject({ status: 200, ignored: "top_k" });
  expect(upstream.requests.map(({ body }) => body["top_k"])).toEqual([5, undefined]);
});

test("where unknown fields are refused, those that are forwarded are not", async () => {
  const strict = { gateway: { http: { endpoints: { chatCompletions: { enabled: true, strict: true } } } } };
  const { ask, upstream } = await startWith(["top_k"], strict);
  expect(await ask({ top_k: 5 })).toMatchObject({ status: 200, ignored: null });
  expect(await ask({ top_p: 1, min_p: 0 })).toMatchObject({ status: 400, error: { param: "min_p" } });
  const nested = await ask({ messages: [{ ...user, prefix: true }] });
  expect(nested).toMatchObject({ status: 400, error: { code: "unknown_parameter", param: "messages[0].prefix" } });
  expect(upstream.requests).toHaveLength(1);
});

test.each(["model", "messages", "stream", "tools", "temperature", "user"])(
  "%s is no vendor's field: the gateway does not start",
  async (name) => {
    const message = `models.providers.lab.forward[1] is '${name}', which the gateway itself sees to: leave it out.`;
    await expect(startWith(["top_k", name])).rejects.toThrow(message);
  },
);

const cached = { cache_control: { type: "ephemeral" } };
const inside = {
  messages: [
    { role: "system", content: [{ type: "text", text: "Be kind.", ...cached }] },
    { role: "user", content: [{ type: "text", text: "Hi", ...cached }], weight: 1 },
    {
      role: "assistant",
      content: null,
      refusal: null,
      annotations: [],
      tool_calls: [{ id: "c1", index: 0, type: "function", function: { name: "look", arguments: "{}" }, provider: 1 }],
    },
    { role: "tool", tool_call_id: "c1", name: "look", content: [{ type: "text", text: "Seen.", ...cached }] },
    user,
  ],
  tools: [{ type: "function", function: { name: "look" }, ...cached }],
};

test("what messages, parts and tools say beyond the contract reaches the model or is named by its path", async () => {
  const { ask, upstream } = await startWith([]);
  expect(await ask(inside)).toMatchObject({
    status: 200,
    ignored: "messages[1].weight, messages[2].tool_calls[0].provider",
  });
  expect(upstream.requests[0]?.body).toMatchObject({
    messages: [inside.messages[0], { content: [cached] }, {}, { content: [cached] }, user],
    tools: inside.tools,
  });
  const built = await ask({ ...inside, model: "openclaw/beta" });
  expect(built.ignored).toBe("messages[1].weight, messages[2].tool_calls[0].provider");
});

test("the built-in agent reads nothing of it, and says so", async () => {
  const { ask } = await startWith([], { agents: { defaults: { model: "embedded/assistant" } } });
  const { ignored } = await ask(inside);
  expect(ignored?.split(", ")).toEqual([
    "messages[0].content[0].cache_control",
    "messages[1].weight",
    "messages[1].content[0].cache_control",
    "messages[2].tool_calls[0].provider",
    "messages[3].content[0].cache_control",
    "tools[0].cache_control",
  ]);
});

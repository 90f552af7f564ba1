import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toRounds } from "../breadth.fixture.ts";
import type { FunctionToolCall, Message, TextPart } from "../../src/base/contract.ts";
import { lateResult, noResult } from "../../src/run/pair-results.ts";
import { startUpstream, type UpstreamAnswer } from "./servers/upstream.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { startVendors, strictVendors, type Vendors } from "./vendors.fixture.ts";

const user = (content: string): Message => ({ role: "user", content });
const said = (content: string): Message => ({ role: "assistant", content });
const toCall = (id: string): FunctionToolCall => ({
  id,
  type: "function",
  function: { name: "get_weather", arguments: "{}" },
});
const calls = (...ids: string[]): Message => ({ role: "assistant", content: null, tool_calls: ids.map(toCall) });
const result = (id: string, content = `result of ${id}`): Message => ({ role: "tool", tool_call_id: id, content });
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }];

/** Histories that are valid here, and that some vendor refuses as they are. */
const histories: readonly { readonly what: string; readonly messages: readonly object[] }[] = [
  { what: "a call without a result", messages: [user("go"), calls("c1"), user("forget it")] },
  { what: "a call at the end", messages: [user("go"), calls("c1")] },
  { what: "one of two calls without a result", messages: [user("go"), calls("c1", "c2"), result("c2"), user("so?")] },
  { what: "a displaced result", messages: [user("go"), calls("c1"), user("btw"), result("c1")] },
  { what: "a result sent twice", messages: [user("go"), calls("c1"), result("c1"), result("c1")] },
  { what: "a result sent again later", messages: [user("go"), calls("c1"), result("c1"), said("done"), result("c1")] },
  { what: "results in another order", messages: [user("go"), calls("c1", "c2"), result("c2"), result("c1")] },
  { what: "a result after an answer", messages: [user("go"), calls("c1"), user("well"), said("hm"), result("c1")] },
  {
    what: "an id of Kimi",
    messages: [user("go"), calls("functions.get_weather:0"), result("functions.get_weather:0")],
  },
  { what: "an id with a bar", messages: [user("go"), calls("a|b"), result("a|b")] },
  { what: "an id with a space", messages: [user("go"), calls("call 1"), result("call 1")] },
  { what: "a long id", messages: [user("go"), calls("x".repeat(200)), result("x".repeat(200))] },
  { what: "an id in another script", messages: [user("go"), calls("вызов-1"), result("вызов-1")] },
  {
    what: "ids that look alike",
    messages: [user("go"), calls("a.b", "a:b", "a_b"), ...["a:b", "a_b", "a.b"].map((id) => result(id))],
  },
  {
    what: "an id that every answer has",
    messages: [
      user("go"),
      calls("call_0"),
      result("call_0"),
      said("so"),
      user("again"),
      calls("call_0"),
      result("call_0"),
    ],
  },
  { what: "an empty question", messages: [user("")] },
  { what: "a blank question", messages: [user(" \n")] },
  {
    what: "empty parts",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "" },
          { type: "text", text: "hi" },
        ],
      },
    ],
  },
  { what: "an empty answer", messages: [user("hi"), said(""), user("well?")] },
  { what: "an answer without content", messages: [user("hi"), { role: "assistant" }, user("well?")] },
  { what: "blank words beside a call", messages: [user("go"), { ...calls("c1"), content: "\n\n" }, result("c1")] },
  { what: "an empty result", messages: [user("go"), calls("c1"), result("c1", "")] },
  { what: "empty instructions", messages: [{ role: "system", content: "" }, user("hi")] },
  { what: "instructions alone", messages: [{ role: "system", content: "Say hello." }] },
  { what: "empty instructions alone", messages: [{ role: "developer", content: " " }] },
  { what: "an answer at the end", messages: [user("count"), said("one, two, ")] },
  { what: "an answer at the beginning", messages: [said("How can I help?"), user("hi")] },
  { what: "a call at the beginning", messages: [calls("c1"), result("c1")] },
  { what: "two answers in a row", messages: [user("go"), said("first"), calls("c1"), result("c1")] },
  { what: "two questions in a row", messages: [user("one"), user("two")] },
  { what: "a question behind a result", messages: [user("go"), calls("c1"), result("c1"), user("stop")] },
  { what: "a name with a space", messages: [{ ...user("hi"), name: "Ann <Lee>" }] },
  {
    what: "a name that is no tool's",
    messages: [
      user("go"),
      { ...calls("c1"), tool_calls: [{ ...toCall("c1"), function: { name: "get weather!", arguments: "" } }] },
      result("c1"),
    ],
  },
  {
    what: "a custom call",
    messages: [
      user("go"),
      { role: "assistant", tool_calls: [{ id: "c1", type: "custom", custom: { name: "shell", input: "ls" } }] },
      result("c1"),
    ],
  },
  {
    what: "a legacy call without a result",
    messages: [
      user("go"),
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      user("stop"),
    ],
  },
  { what: "a legacy result without a call", messages: [user("go"), { role: "function", name: "f", content: "1" }] },
];

describe("the ids of calls", () => {
  const alike = ["a.b", "a:b", "a_b", "abcdefgh1", "x".repeat(70), "functions.get_weather:0"];
  const messages = [user("go"), calls(...alike), ...alike.map((one) => result(one))];

  test.each(["openai", "mistral"])("stay apart, and on their results, at %s", async (name) => {
    const { gateway, sent } = await startVendors();
    expect((await gateway.chat({ model: `openclaw/${name}`, messages, tools })).status).toBe(200);
    const [, called, ...results] = sent(name)["messages"] as Message[];
    const ids = called?.role === "assistant" ? (called.tool_calls ?? []).map((call) => call.id) : [];
    expect(new Set(ids).size).toBe(alike.length);
    expect(results).toEqual(alike.map((one, index) => result(ids[index] ?? "", `result of ${one}`)));
    expect(ids).toContain("abcdefgh1");
    if (name === "openai") expect(ids).toEqual(alike.map((one) => (one.length > 40 ? expect.any(String) : one)));
  });

  test("stay apart, and on their results, at claude", async () => {
    const { gateway, sent } = await startVendors();
    expect((await gateway.chat({ model: "openclaw/claude", messages, tools })).status).toBe(200);
    const [, called, results] = sent("claude")["messages"] as {
      readonly content: readonly Record<string, unknown>[];
    }[];
    const ids = called?.content.map((block) => block["id"]);
    expect(new Set(ids).size).toBe(alike.length);
    expect(results?.content.map((block) => block["tool_use_id"])).toEqual(ids);
    expect(ids).toEqual(expect.arrayContaining(["a_b", "abcdefgh1", "x".repeat(70)]));
  });

  test("are the same in the next request", async () => {
    const { gateway, sent } = await startVendors();
    await gateway.chat({ model: "openclaw/mistral", messages, tools });
    const before = sent("mistral")["messages"] as object[];
    const more = [...messages, said("done"), user("again"), calls("a.b", "new"), result("a.b"), result("new")];
    expect((await gateway.chat({ model: "openclaw/mistral", messages: more, tools })).status).toBe(200);
    expect((sent("mistral")["messages"] as object[]).slice(0, before.length)).toEqual(before);
  });

  test("go to a server without rules as they are", async () => {
    const upstream = await startUpstream("openai-chat", [{ text: "ok" }]);
    const gateway = await startTestGateway({
      config: {
        models: { providers: { lab: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
        agents: { defaults: { model: "lab/kimi-k2" } },
      },
    });
    const told = [
      user("go"),
      calls("functions.get_weather:0", "a|b"),
      result("functions.get_weather:0"),
      result("a|b"),
    ];
    await gateway.chat({ model: "openclaw", messages: told, tools });
    expect(upstream.requests.at(-1)?.body["messages"]).toEqual(told);
  });

  test("fit the model that stands in for another", async () => {
    const down = await startUpstream("openai-chat", [{ status: 503 }]);
    const claude = await startUpstream("anthropic", [{ text: "ok" }]);
    const gateway = await startTestGateway({
      config: {
        models: {
          providers: {
            down: { api: "openai-completions", baseUrl: down.baseUrl },
            claude: { api: "anthropic-messages", baseUrl: claude.baseUrl },
          },
        },
        agents: { defaults: { model: { primary: "down/kimi-k2", fallbacks: ["claude/claude-sonnet-4-5"] } } },
      },
    });
    const response = await gateway.chat({ model: "openclaw", messages, tools });
    expect([response.status, claude.requests.length]).toEqual([200, 1]);
  });

  test("fit the server that the configuration names", async () => {
    const upstream = await startUpstream("mistral", [{ text: "ok" }]);
    const lab = { api: "openai-completions", baseUrl: upstream.baseUrl, compat: { messageForm: "mistral" } };
    const gateway = await startTestGateway({
      config: { models: { providers: { lab } }, agents: { defaults: { model: "lab/ours" } } },
    });
    expect((await gateway.chat({ model: "openclaw", messages, tools })).status).toBe(200);
  });
});

describe("a session whose client cancelled a tool call", () => {
  const answer: UpstreamAnswer = (_, count) =>
    count === 0 ? [{ call: { id: "call_1", name: "get_weather", args: {} } }] : [{ text: "fine" }];

  test.each(strictVendors)("goes on with the next message at $name", async ({ name }) => {
    const vendors = await startVendors(answer);
    const headers = { "x-openclaw-session-key": "cancelled" };
    const ask = async (...messages: object[]): Promise<number> => {
      const response = await vendors.gateway.chat({ model: `openclaw/${name}`, messages, tools }, headers);
      await response.text();
      return response.status;
    };
    expect(await ask(user("weather?"))).toBe(200);
    expect(await ask(user("never mind"))).toBe(200);
    expect(JSON.stringify(vendors.sent(name))).toContain(noResult);
    expect(await ask(user("and now?"))).toBe(200);
    // What came too late, and what comes twice.
    expect(await ask(result("call_1", "snow"))).toBe(200);
    expect(JSON.stringify(vendors.sent(name))).not.toContain(noResult);
    expect(JSON.stringify(vendors.sent(name))).toContain(lateResult);
    expect(await ask(result("call_1", "rain"))).toBe(200);
    expect(JSON.stringify(vendors.sent(name))).not.toContain("rain");
    expect(await ask(user("thanks"))).toBe(200);
  });

  test("keeps what was said as it was said", async () => {
    const { gateway } = await startVendors(answer);
    const headers = { "x-openclaw-session-key": "kept" };
    for (const text of ["weather?", "never mind", ""])
      await gateway.chat({ model: "openclaw/mistral", messages: [user(text)], tools }, headers);
    const rows = readRows(gateway.stateFolder, "agent:mistral:kept");
    expect(rows.join("\n")).not.toContain(noResult);
    expect(rows).toHaveLength(6);
  });
});

/** Each with its upstream's words. */
async function listRefused({ gateway }: Vendors, given: readonly object[]): Promise<string[]> {
  const asked = strictVendors.map(async ({ name }) => {
    const refused: string[] = [];
    for (const messages of given) {
      const response = await gateway.chat({ model: `openclaw/${name}`, messages, tools });
      const text = await response.text();
      if (response.status !== 200) {
        const why = gateway.log.findLast(({ msg }) => msg === "model failed");
        refused.push(`${name}: ${JSON.stringify(messages)}: ${text} (${JSON.stringify(why)})`);
      }
    }
    return refused;
  });
  return (await Promise.all(asked)).flat();
}

test("no vendor refuses what is often seen", async () => {
  const vendors = await startVendors();
  expect(
    await listRefused(
      vendors,
      histories.map(({ messages }) => messages),
    ),
  ).toEqual([]);
});

const id = fc.constantFrom("c1", "c2", "a|b", "a b", "a_b", "functions.f:0", "abcdefgh1", "x".repeat(70));
const text = fc.constantFrom("", " ", "\n", "hi", " hi ", "{}");
const textContent: fc.Arbitrary<string | TextPart[]> = fc.oneof(
  text,
  fc.array(
    text.map((one) => ({ type: "text" as const, text: one })),
    { minLength: 1, maxLength: 2 },
  ),
);
const call = fc.oneof(
  fc.record({
    id,
    type: fc.constant("function" as const),
    function: fc.record({ name: fc.constantFrom("get_weather", "f", "1 x", ""), arguments: text }),
  }),
  fc.record({ id, type: fc.constant("custom" as const), custom: fc.record({ name: fc.constant("sh"), input: text }) }),
);
const legacyCall = fc.record({ name: fc.constantFrom("f", "g"), arguments: text });
const name = fc.constantFrom("Ann", "Ann Lee", "<a>");
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant("user" as const), content: textContent }),
  fc.record({ role: fc.constant("user" as const), content: text, name }),
  fc.record({ role: fc.constantFrom("system" as const, "developer" as const), content: textContent }),
  fc.record({ role: fc.constant("assistant" as const), content: fc.option(textContent) }),
  fc.record({ role: fc.constant("assistant" as const), content: fc.constant(null), refusal: text }),
  fc.record({
    role: fc.constant("assistant" as const),
    content: fc.option(text),
    tool_calls: fc.array(call, { maxLength: 3 }),
  }),
  fc.record({ role: fc.constant("assistant" as const), content: fc.option(text), function_call: legacyCall }),
  fc.record({ role: fc.constant("function" as const), name: fc.constantFrom("f", "g"), content: fc.option(text) }),
  fc.record({ role: fc.constant("tool" as const), tool_call_id: id, content: textContent }),
);

/** Only results without a call before them are not valid here. */
function withoutUnbound(messages: readonly Message[]): Message[] {
  const called = new Set<string>();
  return messages.filter((one) => {
    if (one.role === "assistant") for (const { id: known } of one.tool_calls ?? []) called.add(known);
    return one.role !== "tool" || called.has(one.tool_call_id);
  });
}

test("no vendor refuses anything that is valid here", async () => {
  const vendors = await startVendors();
  const history = fc.array(message, { minLength: 1, maxLength: 9 }).map(withoutUnbound);
  const given = fc.sample(
    history.filter(({ length }) => length > 0),
    { numRuns: toRounds(60), seed: 20 },
  );
  expect((await listRefused(vendors, given)).slice(0, 3)).toEqual([]);
});

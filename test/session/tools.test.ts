import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

const key = "agent:main:openai-user:ada";
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const ada: Ask = { body: { user: "ada", tools } };
const user = (content: string): object => ({ role: "user", content });
const result = (id: string | undefined, content: string): object => ({ role: "tool", tool_call_id: id, content });

const ask = '@@tool weather {"city":"Oslo"}\n@@then It is {result}.';

test.each(["the whole history", "the result alone"])("a client answers a tool call with %s", async (habit) => {
  const gateway = await startTestGateway();
  const first = await say(gateway, ask, ada);
  expect(first.finishReason).toBe("tool_calls");
  const [call] = first.message.tool_calls ?? [];
  expect(call).toMatchObject({ type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } });
  const before = habit === "the whole history" ? [user(ask), first.message] : [];
  const second = await say(gateway, [...before, result(call?.id, "cold")], ada);
  expect(second.text).toBe("It is cold.");
  const { text } = await say(gateway, "@@messages", ada);
  expect(JSON.parse(text)).toEqual([
    user(ask),
    { role: "assistant", content: null, tool_calls: [call] },
    result(call?.id, "cold"),
    { role: "assistant", content: "It is cold." },
    user("@@messages"),
  ]);
  expect(readRows(gateway.stateFolder, key).filter((row) => row.startsWith("-"))).toEqual([]);
});

test("two calls of one answer are answered in one request, in any order; the model sees that of the calls", async () => {
  const gateway = await startTestGateway();
  const first = await say(gateway, "@@tool weather {}\n@@tool weather {}\n@@then {result}", ada);
  const [one, two] = first.message.tool_calls ?? [];
  expect(one?.id).not.toBe(two?.id);
  const { text } = await say(gateway, [result(two?.id, "second"), result(one?.id, "first")], ada);
  expect(text).toBe("first\nsecond");
});

test("a custom tool's call is remembered too", async () => {
  const gateway = await startTestGateway();
  const custom: Ask = { body: { user: "ada", tools: [{ type: "custom", custom: { name: "shell" } }] } };
  const first = await say(gateway, "@@custom shell ls -l\n@@then done: {result}", custom);
  const [call] = first.message.tool_calls ?? [];
  expect(call).toMatchObject({ type: "custom", custom: { name: "shell", input: "ls -l" } });
  expect((await say(gateway, [result(call?.id, "empty")], custom)).text).toBe("done: empty");
});

test("a legacy function call is answered with its result alone, or with the whole history", async () => {
  const gateway = await startTestGateway();
  const functions = [{ name: "weather", parameters: { type: "object" } }];
  const legacy: Ask = { body: { user: "ada", functions } };
  const first = await say(gateway, ask, legacy);
  expect(first).toMatchObject({ finishReason: "function_call", message: { function_call: { name: "weather" } } });
  const answer = { role: "function", name: "weather", content: "cold" };
  expect((await say(gateway, [user(ask), first.message, answer], legacy)).text).toBe("It is cold.");
  const again = await say(gateway, ask, { body: { user: "bob", functions } });
  expect(again.finishReason).toBe("function_call");
  expect((await say(gateway, [answer], { body: { user: "bob", functions } })).text).toBe("It is cold.");
});

test("a legacy client that resends its history abandons no turn", async () => {
  const gateway = await startTestGateway();
  const legacy: Ask = { body: { user: "ada", functions: [{ name: "weather", parameters: { type: "object" } }] } };
  const { message } = await say(gateway, ask, legacy);
  await say(gateway, [user(ask), message, { role: "function", name: "weather", content: "cold" }], legacy);
  expect(readRows(gateway.stateFolder, key).filter((row) => row.startsWith("-"))).toEqual([]);
});

const call = (id: string): object => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name: "weather", arguments: "{}" } }],
});
const unbound: readonly { readonly name: string; readonly sent: readonly object[]; readonly param: string }[] = [
  { name: "nothing", sent: [result("call_1", "x")], param: "messages[0].tool_call_id" },
  { name: "another id", sent: [user("hi"), call("call_1"), result("call_2", "x")], param: "messages[2].tool_call_id" },
  { name: "a later call", sent: [result("call_1", "x"), call("call_1")], param: "messages[0].tool_call_id" },
  {
    name: "one of two",
    sent: [{ role: "system", content: "s" }, call("call_1"), result("call_1", "x"), result("call_2", "x")],
    param: "messages[3].tool_call_id",
  },
];
test.each(["ada", undefined])(
  "a result bound to no call is 400 with its place, and is not stored (user: %s)",
  async (name) => {
    const gateway = await startTestGateway();
    for (const { name: what, sent, param } of unbound) {
      const { status, error } = await say(gateway, sent, { body: { user: name } });
      const got = { status, code: error?.code, param: error?.param };
      expect(got, what).toEqual({ status: 400, code: "invalid_value", param });
    }
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 0, messages: 0, leases: 0 });
  },
);

test("a result does not answer the call of another session, nor one that the client's history has abandoned", async () => {
  const gateway = await startTestGateway();
  const { message } = await say(gateway, ask, ada);
  const id = message.tool_calls?.[0]?.id;
  const foreign = await say(gateway, [result(id, "cold")], { body: { user: "bob" } });
  expect(foreign).toMatchObject({ status: 400, error: { param: "messages[0].tool_call_id" } });
  const diverged = [user("other"), { role: "assistant", content: "other" }, result(id, "cold")];
  expect(await say(gateway, diverged, ada)).toMatchObject({
    status: 400,
    error: { param: "messages[2].tool_call_id" },
  });
  expect(await seen(gateway, ada)).toEqual([
    `user: ${ask}`,
    "assistant: null",
    expect.stringMatching(/^tool: Not executed/),
    "user: @@messages",
  ]);
});

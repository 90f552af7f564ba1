import { describe, expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { hold, say, seen, untilLive, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };
/** A session that stays blocked shall show as 429 soon. */
const config = { sessions: { lane: { waitMs: 2_000 } } };
const remembered = ["user: @@echo before", "assistant: before"];

const failures: readonly { readonly text: string; readonly code: string }[] = [
  { text: "@@fail", code: "upstream_error" },
  { text: "@@fail code=rate_limit_exceeded retry-after=3", code: "rate_limit_exceeded" },
  { text: "@@fail after=2", code: "upstream_error" },
  { text: "@@cut", code: "upstream_error" },
  { text: "@@cut after=2", code: "upstream_error" },
  { text: "@@crash", code: "internal_error" },
  { text: "@@echo a\n@@crash", code: "internal_error" },
  { text: "@@no-such-directive", code: "invalid_value" },
];
describe.each([false, true])("a turn that fails (stream: %s)", (stream) => {
  test.each(failures)("by $text stores nothing and leaves the session usable", async ({ text, code }) => {
    const gateway = await startTestGateway({ config, expectErrors: code === "internal_error" });
    await say(gateway, "@@echo before", ada);
    const failed = await say(gateway, text, { body: { user: "ada", stream } });
    expect(failed.error?.code).toBe(code);
    expect(failed.finishReason).toBeNull();
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 1, messages: 2, leases: 0 });
    expect(await seen(gateway, ada)).toEqual([...remembered, "user: @@messages"]);
    await untilLive(gateway, 0);
  });

  test("can be told again, by itself or with the history before it", async () => {
    const gateway = await startTestGateway({ config });
    const before = { role: "user", content: "@@echo before" };
    const { message } = await say(gateway, [before], ada);
    const failing = { role: "user", content: "@@fail after=1" };
    for (const sent of [[failing], [before, message, failing]]) {
      expect((await say(gateway, sent, { body: { user: "ada", stream } })).error?.code).toBe("upstream_error");
    }
    await say(gateway, [before, message, failing, { role: "user", content: "@@echo after" }], ada);
    const want = [...remembered, "user: @@fail after=1", "user: @@echo after", "assistant: after"];
    expect(readRows(gateway.stateFolder, "agent:main:openai-user:ada")).toEqual(want);
  });
});

test("a tool result that fails can be sent again", async () => {
  const gateway = await startTestGateway({ config });
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
  const ask: Ask = { body: { user: "ada", tools } };
  const { message } = await say(gateway, "@@tool f {}\n@@then {result}\n@@fail", ask);
  const result = { role: "tool", tool_call_id: message.tool_calls?.[0]?.id, content: "42" };
  for (const _ of [1, 2]) expect((await say(gateway, [result], ask)).error?.code).toBe("upstream_error");
  expect(readRows(gateway.stateFolder, "agent:main:openai-user:ada")).toHaveLength(2);
});

const aborts: readonly { readonly name: string; readonly text: string; readonly stream: boolean }[] = [
  { name: "a whole answer", text: "@@echo a\n@@hang", stream: false },
  { name: "a stream that the model has not accepted", text: "@@delay 60s\n@@echo a", stream: true },
  { name: "a stream that the model has accepted", text: "@@think 60s\n@@echo a", stream: true },
];
describe("a client that leaves", () => {
  test.each(aborts)("$name stores nothing and leaves the session usable", async ({ text, stream }) => {
    const gateway = await startTestGateway({ config });
    await say(gateway, "@@echo before", ada);
    const leaving = new AbortController();
    const body = { model: "openclaw", user: "ada", stream, messages: [{ role: "user", content: text }] };
    const answer = gateway.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    await untilLive(gateway, 1);
    leaving.abort();
    await expect(answer).rejects.toThrow(/abort/);
    expect(await seen(gateway, ada)).toEqual([...remembered, "user: @@messages"]);
    await untilLive(gateway, 0);
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 1, messages: 4, leases: 0 });
  });

  test("a stream that has begun stores nothing and leaves the session usable", async () => {
    const gateway = await startTestGateway({ config });
    await say(gateway, "@@echo before", ada);
    const { leave } = await hold(gateway, ada);
    await leave();
    expect(await seen(gateway, ada)).toEqual([...remembered, "user: @@messages"]);
    expect(countRows(gateway.stateFolder)).toEqual({ sessions: 1, messages: 4, leases: 0 });
  });
});

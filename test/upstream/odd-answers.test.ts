import { describe, expect, test } from "vitest";
import type { FunctionToolCall } from "../../src/base/contract.ts";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { say } from "../talk.fixture.ts";
import { modes } from "./upstream.fixture.ts";
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamVendor } from "./servers/upstream.fixture.ts";

interface Setup {
  readonly api: string;
  readonly vendor: UpstreamVendor;
  readonly model: string;
}

const chat: Setup = { api: "openai-completions", vendor: "openai-chat", model: "m" };
const claude: Setup = { api: "anthropic-messages", vendor: "anthropic", model: "claude-sonnet-4-5" };

const responses: Setup = { api: "openai-responses", vendor: "openai-responses", model: "gpt-5" };

/** An agent with a tool of its own, whose model says this. */
async function start(
  { api, vendor, model }: Setup,
  script: UpstreamAnswer,
): Promise<{ readonly gateway: TestGateway; readonly upstream: Upstream }> {
  const upstream = await startUpstream(vendor, script);
  const gateway = await startTestGateway({
    config: {
      mcp: { servers: { fixture: await playSay() } },
      models: { providers: { lab: { api, baseUrl: upstream.baseUrl, apiKey: "sk-test" } } },
      agents: {
        defaults: { model: `lab/${model}` },
        list: [{ id: "main", default: true, tools: { fixture: ["*"] } }],
      },
    },
  });
  return { gateway, upstream };
}

const call = { id: "c1", name: "fixture__say", args: { text: "hi" } };
const toEvent = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const toFinish = (reason: string): string => toEvent({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });

describe.each(modes)("$mode", ({ stream }) => {
  test.each([
    ["function_call_filter: UNEXPECTED_TOOL_CALL", "upstream_error"],
    ["error_finish", "upstream_error"],
    ["content_policy_violation", undefined],
    ["tool_output_limit", undefined],
  ])("no tool runs after an answer that ended with %s", async (reason, code) => {
    const { gateway, upstream } = await start(chat, [{ call }, { raw: toFinish(reason) }, { cut: true }]);
    const { error, finishReason } = await say(gateway, "hi", { body: { stream } });
    expect({ code: error?.code, asked: upstream.requests.length }).toEqual({ code, asked: 1 });
    if (code === undefined) expect(finishReason).not.toBe("stop");
  });

  test("what Claude says in blocks that nobody knows is passed over, and the rest told", async () => {
    const known = 'event: content_block_start\ndata: {"type":"content_block_start","index":90,"content_block":';
    const { gateway } = await start(claude, [
      { raw: `${known}{"type":"later_block","x":1}}\n\n` },
      { raw: toEvent({ type: "content_block_delta", index: 90, delta: { type: "later_delta", x: "a" } }) },
      { raw: toEvent({ type: "content_block_stop", index: 90 }) },
      { text: "It is " },
      { raw: toEvent({ type: "content_block_delta", index: 0, delta: { type: "later_delta", x: "b" } }) },
      { text: "warm." },
    ]);
    const { text, error, finishReason } = await say(gateway, "hi", { body: { stream } });
    expect({ text, error, finishReason }).toEqual({ text: "It is warm.", error: undefined, finishReason: "stop" });
  });

  test.each([null, { reason: "a_new_one" }])("an incomplete response is cut, whatever it says why: %j", async (why) => {
    const response = { id: "r", status: "incomplete", incomplete_details: why };
    const raw = toEvent({ type: "response.incomplete", response });
    const { gateway } = await start(responses, [{ text: "It is" }, { raw }, { cut: true }]);
    const { error, finishReason, text } = await say(gateway, "hi", { body: { stream } });
    expect({ error, finishReason, text }).toEqual({ error: undefined, finishReason: "length", text: "It is" });
  });

  test("what belongs to a text goes back with it, though a thought stands behind", async () => {
    const item = { type: "message", id: "msg_90", role: "assistant", phase: "commentary" };
    const at = { output_index: 90, item_id: "msg_90", content_index: 0 };
    const part = { type: "output_text", text: "Let me look.", annotations: [] };
    const commentary = [
      { type: "response.output_item.added", ...at, item: { ...item, content: [] } },
      { type: "response.output_text.delta", ...at, delta: part.text },
      { type: "response.output_item.done", ...at, item: { ...item, content: [part] } },
    ];
    const { gateway, upstream } = await start(responses, ({ body }) =>
      JSON.stringify(body).includes("function_call_output")
        ? [{ text: "done" }]
        : [
            { raw: commentary.map(toEvent).join("") },
            { reasoning: "now the tool", signature: "cnMy" },
            { call },
            { finish: "tool_calls" },
          ],
    );
    await say(gateway, "hi", { body: { stream } });
    const input = upstream.requests.at(-1)?.body["input"];
    expect(input).toContainEqual({ role: "assistant", content: "Let me look.", phase: "commentary" });
  });

  test.each([['{"text":"h'], [""], ["[1]"], ['"{}"']])(
    "a call with the arguments %s breaks no session of a server that parses them",
    async (args) => {
      const { gateway, upstream } = await start(chat, ({ body }) => {
        if (!isParsed(body)) return [{ status: 400 }];
        return (body["messages"] as unknown[]).length === 1
          ? [{ call: { ...call, args } }, { finish: "tool_calls" }]
          : [{ text: "well" }];
      });
      const headers = { "x-openclaw-session-key": args };
      const first = await say(gateway, "hi", { body: { stream }, headers });
      expect(first).toMatchObject({ error: undefined, finishReason: "stop" });
      expect(await say(gateway, "again", { body: { stream }, headers })).toMatchObject({ text: "well" });
      const [sent] = toCalls(upstream.requests.at(-1)?.body ?? {});
      expect(JSON.parse(sent?.function.arguments ?? "")).toEqual(args === "" ? {} : { arguments: args });
    },
  );
});

/** As the chat templates of vLLM and llama.cpp, and Ollama, do it. */
function isParsed(body: Readonly<Record<string, unknown>>): boolean {
  return toCalls(body).every(({ function: { arguments: text } }) => {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null && !Array.isArray(value);
    } catch {
      return false;
    }
  });
}

function toCalls(body: Readonly<Record<string, unknown>>): FunctionToolCall[] {
  const messages = body["messages"] as readonly { readonly tool_calls?: readonly FunctionToolCall[] }[];
  return messages.flatMap(({ tool_calls: calls = [] }) => calls);
}

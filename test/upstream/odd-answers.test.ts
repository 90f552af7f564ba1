import { describe, expect, test, vi } from "vitest";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { say } from "../talk.fixture.ts";
import { modes } from "./upstream.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";
import { startUpstream, type Upstream, type UpstreamVendor } from "./servers/upstream.fixture.ts";

// Programs are started, on a machine that does other things too.
vi.setConfig({ testTimeout: 30_000 });

interface Setup {
  readonly api: string;
  readonly vendor: UpstreamVendor;
  readonly model: string;
}

const chat: Setup = { api: "openai-completions", vendor: "openai-chat", model: "m" };
const claude: Setup = { api: "anthropic-messages", vendor: "anthropic", model: "claude-sonnet-4-5" };

/** An agent with a tool of its own, whose model says this. */
async function start(
  { api, vendor, model }: Setup,
  script: Script,
): Promise<{ readonly gateway: TestGateway; readonly upstream: Upstream }> {
  const upstream = await startUpstream(vendor, script);
  const gateway = await startTestGateway({
    config: {
      mcp: { servers: { fixture: misbehave("plain") } },
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
});

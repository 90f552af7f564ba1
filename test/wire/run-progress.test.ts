import { describe, expect } from "vitest";
import type { ChatCompletionChunk } from "../../src/base/contract.ts";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway, test } from "../gateway.fixture.ts";
import { ask, collect, sdks, startSdkTest } from "../sdk/clients.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { readEvents, say } from "../talk.fixture.ts";
import type { Script } from "../upstream/servers/script.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";

/** Thinks, calls a tool of the gateway, and answers. */
const scripts: readonly Script[] = [
  [{ reasoning: "I should ask. " }, { call: { id: "call_a", name: "fixture__say", args: { text: "hi" } } }],
  [{ reasoning: "Now I know." }, { text: "It said hi." }],
];

async function toConfig(agent: object = {}): Promise<object> {
  const { baseUrl } = await startUpstream("openai-chat", (_, count) => scripts[count % scripts.length] ?? []);
  return {
    models: { providers: { house: { api: "openai-completions", baseUrl } } },
    mcp: { servers: { fixture: await playSay() } },
    agents: { list: [{ id: "main", model: "house/small", tools: { fixture: ["*"] }, ...agent }] },
  };
}

async function start(agent?: object): Promise<TestGateway> {
  return startTestGateway({ config: await toConfig(agent) });
}

const include = (words: string): Record<string, string> => ({ "x-clawgate-include": words });
const progress = [
  { event: "tool-start", id: "call_a", name: "fixture__say" },
  { event: "tool-end", id: "call_a", name: "fixture__say", failed: false },
];
const thoughts = "I should ask. Now I know.";

interface Shown {
  readonly tools: readonly unknown[];
  readonly reasoning: string;
  readonly text: string;
}

async function readStream(gateway: TestGateway, headers: Record<string, string> = {}): Promise<Shown> {
  const response = await gateway.chat({ ...ask("What?"), stream: true }, headers);
  expect(response.status).toBe(200);
  const chunks = readEvents(await response.text()).filter((event): event is ChatCompletionChunk => "choices" in event);
  const said = (name: "content" | "reasoning_content"): string =>
    chunks.map(({ choices: [choice] }) => choice?.delta[name] ?? "").join("");
  return {
    tools: chunks.flatMap((chunk) => chunk.x_clawgate ?? []),
    reasoning: said("reasoning_content"),
    text: said("content"),
  };
}

const headers: readonly [words: string | undefined, tools: readonly unknown[], reasoning: string][] = [
  [undefined, [], ""],
  ["", [], ""],
  ["tools", progress, ""],
  ["reasoning", [], thoughts],
  ["tools, reasoning", progress, thoughts],
  [" Reasoning ,TOOLS, ", progress, thoughts],
];
test.each(headers)("x-clawgate-include: %s shows in a stream what it asks for", async (asked, tools, reasoning) => {
  const gateway = await start();
  const shown = await readStream(gateway, asked === undefined ? {} : include(asked));
  expect(shown).toEqual({ tools, reasoning, text: "It said hi." });
});

test("what a tool does is told while it happens, in chunks whose delta is empty", async () => {
  const gateway = await start();
  const body = { ...ask("What?"), stream: true, stream_options: { include_usage: true } };
  const events = readEvents(await (await gateway.chat(body, include("tools"))).text()) as ChatCompletionChunk[];
  const places = events.flatMap(({ x_clawgate: shown }, index) => (shown === undefined ? [] : [index]));
  const firstText = events.findIndex(({ choices: [choice] }) => choice?.delta.content === "It said hi.");
  expect(places).toEqual([firstText - 2, firstText - 1]);
  for (const place of places) {
    expect(events[place]?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: null }]);
    expect(events[place]?.usage).toBeNull();
  }
  // Both calls of the model are paid for.
  expect(events.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 22, completion_tokens: 14 } });
});

test("a tool that failed is told as one", async () => {
  const { baseUrl } = await startUpstream("openai-chat", (_, count) =>
    count === 0 ? [{ call: { id: "call_a", name: "fixture__refuse", args: {} } }] : [{ text: "It refused." }],
  );
  const gateway = await startTestGateway({
    config: { ...(await toConfig()), models: { providers: { house: { api: "openai-completions", baseUrl } } } },
  });
  const { tools } = await readStream(gateway, include("tools"));
  expect(tools).toMatchObject([{ event: "tool-start" }, { event: "tool-end", failed: true }]);
});

describe("a whole answer", () => {
  test("has the reasoning in its message where that is asked for", async () => {
    const gateway = await start();
    const { message, text } = await say(gateway, "What?", { headers: include("reasoning, tools") });
    expect(message).toMatchObject({ reasoning_content: thoughts });
    expect(text).toBe("It said hi.");
  });

  test("has none otherwise", async () => {
    const gateway = await start();
    expect((await say(gateway, "What?")).message).not.toHaveProperty("reasoning_content");
  });

  test("has none where the model did not think", async ({ gateway }) => {
    const { message } = await say(gateway, "@@echo hi", { headers: include("reasoning") });
    expect(message).not.toHaveProperty("reasoning_content");
  });
});

test("an agent can show it always", async () => {
  const gateway = await start({ include: ["reasoning", "tools"] });
  expect(await readStream(gateway)).toEqual({ tools: progress, reasoning: thoughts, text: "It said hi." });
});

test("the defaults hold for an agent that does not say otherwise", async () => {
  const config = (await toConfig({ include: [] })) as { agents: object };
  const gateway = await startTestGateway({
    config: { ...config, agents: { ...config.agents, defaults: { include: ["reasoning"] } } },
  });
  expect((await readStream(gateway)).reasoning).toBe("");
  expect((await readStream(gateway, include("reasoning"))).reasoning).toBe(thoughts);
});

test.for(["thoughts", "tools reasoning", "tools, x", "constructor"])(
  "an unknown word is refused, whole and streamed: %s",
  async (words, { gateway }) => {
    for (const streamed of [false, true]) {
      const { status, error } = await say(gateway, "hi", { body: { stream: streamed }, headers: include(words) });
      expect({ status, error }).toMatchObject({
        status: 400,
        error: { code: "invalid_value", param: "x-clawgate-include" },
      });
    }
  },
);

test("what was shown of a run is no part of its session, and may be told again", async () => {
  const gateway = await start();
  const body = { user: "ada" };
  const { message } = await say(gateway, "What?", { body, headers: include("reasoning, tools") });
  expect(message).toHaveProperty("reasoning_content");
  const messages = [...ask("What?").messages, message, { role: "user", content: "And now?" }];
  expect((await say(gateway, messages, { body })).status).toBe(200);
  const rows = readRows(gateway.stateFolder, "agent:main:openai-user:ada");
  const turn = ["assistant: null", "tool: hi", "assistant: It said hi."];
  expect(rows).toEqual(["user: What?", ...turn, "user: And now?", ...turn]);
});

describe.each(sdks)("openai $major", (sdk) => {
  test("reads a stream with everything in it by its helpers", async () => {
    const { helpers } = await startSdkTest(sdk, { config: await toConfig() });
    const stream = helpers.stream(ask("What?"), { headers: include("tools, reasoning") });
    const chunks = await collect(stream);
    expect(await stream.finalContent()).toBe("It said hi.");
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "It said hi." } });
    expect(completion.choices[0]?.message.tool_calls ?? []).toEqual([]);
    const shown = chunks.flatMap((chunk) => ("x_clawgate" in chunk ? [chunk.x_clawgate] : []));
    expect(shown).toEqual(progress);
  });

  test("reads a whole answer with everything in it", async () => {
    const { client } = await startSdkTest(sdk, { config: await toConfig() });
    const { choices } = await client.chat.completions.create(ask("What?"), { headers: include("tools, reasoning") });
    expect(choices[0]?.message).toMatchObject({ content: "It said hi.", reasoning_content: thoughts });
  });
});

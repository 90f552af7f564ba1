import { writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { ask, modes, question, session, toResult, weather } from "./replay.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";
import { thinkers, toThinkerAnswer } from "./thinkers.fixture.ts";

// Programs are started, on a machine that does other things too.
vi.setConfig({ testTimeout: 30_000 });

/** A gateway whose own model is another gateway. */
function startBefore(inner: Pick<TestGateway, "baseUrl">): Promise<TestGateway> {
  return startTestGateway({
    config: {
      mcp: { servers: { fixture: misbehave("plain") } },
      models: { providers: { inner: { api: "openai-completions", baseUrl: inner.baseUrl, apiKey: testToken } } },
      agents: {
        defaults: { model: "inner/openclaw" },
        list: [
          { id: "main", default: true },
          { id: "handy", tools: { fixture: ["*"] } },
        ],
      },
    },
  });
}

type StartInner = (tool: string, args: object) => Promise<Pick<TestGateway, "baseUrl">>;

const remote = thinkers.map((thinker): { name: string; startInner: StartInner } => ({
  name: thinker.name,
  async startInner(tool, args) {
    const upstream = await startUpstream(thinker.vendor, toThinkerAnswer(thinker, { name: tool, args }));
    const { api, compat, model } = thinker;
    const provider = { api, baseUrl: upstream.baseUrl, apiKey: "sk-test", ...(compat === undefined ? {} : { compat }) };
    return startTestGateway({
      config: { models: { providers: { thinker: provider } }, agents: { defaults: { model: `thinker/${model}` } } },
    });
  },
}));

const embedded = { name: "the embedded model", startInner: (tool: string) => startEmbedded(tool) };

/** Its scenarios refuse a result whose call has come back without its reasoning. */
function startEmbedded(tool: string, agent: object = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "thinker.json");
  writeFileSync(file, JSON.stringify({ scenarios: toScenarios(tool) }));
  return startTestGateway({
    config: {
      mcp: { servers: { fixture: misbehave("plain") } },
      models: { providers: { embedded: { api: "embedded", scenarios: [file] } } },
      agents: { list: [{ id: "main", default: true, model: "embedded/scenario", ...agent }] },
    },
  });
}

function toScenarios(tool: string): object[] {
  const args = tool === "get_weather" ? { city: "Oslo" } : { text: "hi" };
  return [
    {
      name: "answer",
      match: { toolResult: true, reasoning: "Look at the sky first." },
      reply: [{ text: "It is 7 degrees." }],
    },
    { name: "refuse", match: { toolResult: true }, reply: [{ error: { code: "upstream_rejected" } }] },
    {
      name: "call",
      match: {},
      reply: [{ reasoning: "Look at the sky first." }, { toolCall: { name: tool, arguments: args } }],
    },
  ];
}

const done = { content: expect.stringMatching(/It is 7 degrees\.$/) as unknown };

describe.each(modes)("the embedded model, $mode", ({ stream }) => {
  test("goes on after a tool of the gateway", async () => {
    const gateway = await startEmbedded("fixture__say", { tools: { fixture: ["*"] } });
    expect(await ask(gateway, { messages: [question], stream })).toMatchObject(done);
  });

  test("goes on after a client's tool, where the client gives back what it got", async () => {
    const gateway = await startEmbedded("get_weather");
    const first = await ask(gateway, { messages: [question], tools: [weather], stream });
    expect(first["reasoning_content"]).toBe("Look at the sky first.");
    const messages = [question, first, toResult(first)];
    expect(await ask(gateway, { messages, tools: [weather], stream })).toMatchObject(done);
  });

  test("goes on in a session that is sent the result alone", async () => {
    const gateway = await startEmbedded("get_weather");
    const first = await ask(gateway, { messages: [question], tools: [weather], stream }, session);
    expect(first).not.toHaveProperty("reasoning_content");
    expect(await ask(gateway, { messages: [toResult(first)], tools: [weather], stream }, session)).toMatchObject(done);
  });
});

describe.each([...remote, embedded])("$name behind two gateways", ({ startInner }) => {
  describe.each(modes)("$mode", ({ stream }) => {
    test("goes on after a tool of the first", async () => {
      const gateway = await startBefore(await startInner("fixture__say", { text: "hi" }));
      const message = await ask(gateway, { model: "openclaw/handy", messages: [question], stream });
      expect(message).toMatchObject(done);
    });

    test("goes on after a client's tool, where the client gives back what it got", async () => {
      const gateway = await startBefore(await startInner("get_weather", { city: "Oslo" }));
      const first = await ask(gateway, { messages: [question], tools: [weather], stream });
      const messages = [question, first, toResult(first)];
      expect(await ask(gateway, { messages, tools: [weather], stream })).toMatchObject(done);
    });

    test("goes on in a session of the first", async () => {
      const gateway = await startBefore(await startInner("get_weather", { city: "Oslo" }));
      const first = await ask(gateway, { messages: [question], tools: [weather], stream }, session);
      const body = { messages: [toResult(first)], tools: [weather], stream };
      expect(await ask(gateway, body, session)).toMatchObject(done);
    });
  });
});

import { describe, expect, test } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { ask, modes, question, session, toResult, weather } from "./replay.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";
import { startEmbedded } from "./embedded-thinker.fixture.ts";
import { thinkers, toThinkerAnswer } from "./thinkers.fixture.ts";

/** A gateway whose own model is another gateway. */
async function startBefore(inner: Pick<TestGateway, "baseUrl">): Promise<TestGateway> {
  return startTestGateway({
    config: {
      mcp: { servers: { fixture: await playSay() } },
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

const done = { content: expect.stringMatching(/It is 7 degrees\.$/) as unknown };

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

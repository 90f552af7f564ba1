import { describe, expect, test } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { ask, modes, question, session, toResult, weather } from "./replay.fixture.ts";
import { startUpstream, type Upstream } from "./servers/upstream.fixture.ts";
import { startEmbedded } from "./embedded-thinker.fixture.ts";
import { type Thinker, thinkers, toForeignAnswer, toThinkerAnswer } from "./thinkers.fixture.ts";

interface House {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
}

async function start(thinker: Thinker, tool: string, agent: object = {}): Promise<House> {
  const upstream = await startUpstream(
    thinker.vendor,
    toThinkerAnswer(thinker, { name: tool, args: tool === "get_weather" ? { city: "Oslo" } : { text: "hi" } }),
  );
  const gateway = await startTestGateway({
    config: {
      gateway: { http: { endpoints: { sessions: { enabled: true } } } },
      mcp: { servers: { fixture: await playSay() } },
      models: { providers: { thinker: toProvider(thinker, upstream) } },
      agents: { list: [{ id: "main", default: true, model: `thinker/${thinker.model}`, ...agent }] },
    },
  });
  return { gateway, upstream };
}

function toProvider({ api, compat }: Thinker, { baseUrl }: Upstream): object {
  return { api, baseUrl, apiKey: "sk-test", ...(compat === undefined ? {} : { compat }) };
}

describe.each(thinkers)("$name", (thinker) => {
  describe.each(modes)("$mode", ({ stream }) => {
    test("goes on after a tool of the gateway", async () => {
      const { gateway, upstream } = await start(thinker, "fixture__say", { tools: { fixture: ["*"] } });
      const message = await ask(gateway, { messages: [question], stream });
      expect(message).toMatchObject({ content: expect.stringMatching(/It is 7 degrees\.$/) });
      expect(upstream.requests).toHaveLength(2);
      expect(JSON.stringify(message)).not.toContain(thinker.secret);
    });

    test("goes on after a client's tool, where the client gives back what it got", async () => {
      const { gateway } = await start(thinker, "get_weather");
      const first = await ask(gateway, { messages: [question], tools: [weather], stream });
      expect(first["tool_calls"]).toHaveLength(1);
      const messages = [question, first, toResult(first)];
      const second = await ask(gateway, { messages, tools: [weather], stream });
      expect(second).toMatchObject({ content: expect.stringMatching(/It is 7 degrees\.$/) });
    });

    test("goes on in a session that is sent the result alone, and shows nothing there", async () => {
      const { gateway } = await start(thinker, "get_weather");
      const first = await ask(gateway, { messages: [question], tools: [weather], stream }, session);
      expect(JSON.stringify(first)).not.toContain(thinker.secret);
      const second = await ask(gateway, { messages: [toResult(first)], tools: [weather], stream }, session);
      expect(second).toMatchObject({ content: expect.stringMatching(/It is 7 degrees\.$/) });
      const shown = await gateway.request("/v1/sessions/agent%3Amain%3Aweather/messages");
      const text = await shown.text();
      expect(JSON.parse(text)).toMatchObject({ data: [{}, { message: { role: "assistant" } }, {}, {}] });
      expect(text).not.toMatch(new RegExp(`${thinker.secret}|stateOf|extra_content|reasoning`));
    });

    test("goes on in a session whose client tells everything but what it never got", async () => {
      const { gateway, upstream } = await start(thinker, "get_weather");
      const first = await ask(gateway, { messages: [question], tools: [weather], stream }, session);
      const messages = [question, first, toResult(first)];
      const second = await ask(gateway, { messages, tools: [weather], stream }, session);
      expect(second).toMatchObject({ content: expect.stringMatching(/It is 7 degrees\.$/) });
      expect(JSON.stringify(upstream.requests[1]?.body).match(/What is the weather/g)).toHaveLength(1);
    });
  });
});

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

test("the embedded model goes on with what another one began, and the other with what it began", async () => {
  for (const [index, first] of thinkers.entries()) {
    const upstream = await startUpstream(first.vendor, (request, count) => {
      const answer = toThinkerAnswer(first, { name: "get_weather", args: { city: "Oslo" } });
      return count === 0 && typeof answer === "function" ? answer(request, count) : [{ status: 500 }];
    });
    const model = { primary: `thinker/${first.model}`, fallbacks: ["embedded/assistant"] };
    const gateway = await startEmbedded("get_weather", { model }, { thinker: toProvider(first, upstream) });
    const call = await ask(gateway, { messages: [{ ...question, content: `weather ${index}` }], tools: [weather] });
    const messages = [question, call, toResult(call)];
    expect(await ask(gateway, { messages, tools: [weather] })).not.toHaveProperty("tool_calls");

    const other = await startUpstream(first.vendor, toForeignAnswer(first));
    const back = { primary: "embedded/scenario", fallbacks: [`thinker/${first.model}`] };
    const reverse = await startEmbedded("get_weather", { model: back }, { thinker: toProvider(first, other) });
    const begun = await ask(reverse, { messages: [question], tools: [weather] }, session);
    const forgotten = { ...(begun as object), reasoning_content: null, extra_content: null };
    const goOn = { messages: [question, forgotten, toResult(begun)], tools: [weather] };
    expect(await ask(reverse, goOn)).toMatchObject({ content: "It is 8 degrees." });
    expect(JSON.stringify(other.requests[0]?.body)).not.toContain("Look at the sky");
  }
});

/** The first model thinks and calls a tool; then it fails, and another one has to go on. */
describe.each(thinkers.map((first, index) => ({ first, second: thinkers[(index + 3) % thinkers.length] ?? first })))(
  "from $first.name to $second.name",
  ({ first, second }) => {
    async function startBoth(tool: string, agent: object = {}): Promise<{ gateway: TestGateway; other: Upstream }> {
      const script = toThinkerAnswer(first, {
        name: tool,
        args: tool === "get_weather" ? { city: "Oslo" } : { text: "hi" },
      });
      const failing = await startUpstream(first.vendor, (request, count) =>
        count === 0 && typeof script === "function" ? script(request, count) : [{ status: 500 }],
      );
      const other = await startUpstream(second.vendor, toForeignAnswer(second));
      const model = { primary: `first/${first.model}`, fallbacks: [`second/${second.model}`] };
      const gateway = await startTestGateway({
        config: {
          mcp: { servers: { fixture: await playSay() } },
          models: { providers: { first: toProvider(first, failing), second: toProvider(second, other) } },
          agents: { list: [{ id: "main", default: true, model, ...agent }] },
        },
      });
      return { gateway, other };
    }

    function expectForeign({ requests }: Upstream): void {
      expect(requests).toHaveLength(1);
      expect(JSON.stringify(requests[0]?.body)).not.toMatch(
        new RegExp(`${first.secret}|clawgate|stateOf|Y2w|Z2dy|cnM`),
      );
    }

    test("a tool of the gateway", async () => {
      const { gateway, other } = await startBoth("fixture__say", { tools: { fixture: ["*"] } });
      const message = await ask(gateway, { messages: [question] });
      expect(message).toMatchObject({ content: expect.stringMatching(/It is 8 degrees\.$/) });
      expectForeign(other);
    });

    test.each(modes)("a client's tool, stateless and $mode", async ({ stream }) => {
      const { gateway, other } = await startBoth("get_weather");
      const call = await ask(gateway, { messages: [question], tools: [weather], stream });
      const messages = [question, call, toResult(call)];
      const message = await ask(gateway, { messages, tools: [weather], stream });
      expect(message).toMatchObject({ content: "It is 8 degrees." });
      expectForeign(other);
    });

    test("a client's tool in a session", async () => {
      const { gateway, other } = await startBoth("get_weather");
      const call = await ask(gateway, { messages: [question], tools: [weather] }, session);
      const message = await ask(gateway, { messages: [toResult(call)], tools: [weather] }, session);
      expect(message).toMatchObject({ content: "It is 8 degrees." });
      expectForeign(other);
    });
  },
);

import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { ask, question, session, toResult, weather } from "../upstream/replay.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";
import { modes } from "../upstream/upstream.fixture.ts";

test.each(modes)(
  "results that come with the answer that called go on after the question: $mode",
  async ({ stream }) => {
    const upstream = await startUpstream("openai-chat", ({ body }) =>
      (body["messages"] as { role: string }[]).some(({ role }) => role === "tool")
        ? [{ text: "7 degrees" }]
        : [{ call: { id: "c1", name: "get_weather", args: { city: "Oslo" } } }, { finish: "tool_calls" }],
    );
    const gateway = await startTestGateway({
      config: {
        models: { providers: { lab: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
        agents: { defaults: { model: "lab/m" } },
      },
    });
    const called = await ask(gateway, { messages: [question], tools: [weather], stream }, session);
    await ask(gateway, { messages: [called, toResult(called)], tools: [weather], stream }, session);
    await ask(gateway, { messages: [{ role: "user", content: "And Rome?" }], tools: [weather], stream }, session);
    const sent = upstream.requests.at(-1)?.body["messages"] as { role: string }[];
    expect(sent.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant", "user"]);
  },
);

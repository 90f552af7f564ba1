import { describe, expect, test } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { ask, startHouse, wholeOnly } from "./answers.fixture.ts";
import type { RemoteSubject } from "./provider-subjects.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";
import { startUpstream, type UpstreamAnswer } from "./servers/upstream.fixture.ts";

type Want = "stop" | "length" | "content_filter" | "failure";

const ways = [
  { stream: true, provider: {} },
  { stream: false, provider: {} },
  { stream: true, provider: wholeOnly },
  { stream: false, provider: wholeOnly },
];

/** Of Chat Completions as everybody speaks it. */
const words: readonly [word: string, want: Want][] = [
  ["MAX_TOKENS", "length"],
  ["LENGTH", "length"],
  ["max_output_tokens", "length"],
  ["max-tokens", "length"],
  ["maxTokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["FINISH_REASON_MAX_TOKENS", "length"],
  ["SAFETY", "content_filter"],
  ["refusal", "content_filter"],
  ["content-filter", "content_filter"],
  ["sensitive", "content_filter"],
  ["guardrail_intervened", "content_filter"],
  ["abort", "failure"],
  ["insufficient_system_resource", "failure"],
  ["ERROR", "failure"],
  ["cancelled", "failure"],
  ["network_error", "failure"],
  ["Malformed_Function_Call", "failure"],
  ["STOP", "stop"],
  ["end_turn", "stop"],
  ["COMPLETE", "stop"],
  ["eos_token", "stop"],
];

/** Ends each answer with the word that it is asked for. */
const obey: UpstreamAnswer = ({ body }) => {
  const word = /end with ([\w-]+)/.exec(JSON.stringify(body))?.[1] ?? "nothing";
  return [{ text: "Well" }, { finish: "stop", word }];
};

function toTold(want: Want): object {
  if (want === "failure") return { code: "upstream_error", finishReason: null };
  return { status: 200, text: "Well", finishReason: want, code: undefined };
}

test.each(ways)(
  "a finish reason is told for what it means: $provider, stream: $stream",
  async ({ stream, provider }) => {
    const { gateway } = await startHouse(obey, { provider });
    for (const [word, want] of words) {
      const told = await ask(gateway, { stream, said: `end with ${word}` });
      expect(told, word).toMatchObject(toTold(want));
    }
  },
);

const vendorWords: readonly [api: RemoteSubject["api"], word: string, want: Want][] = [
  ["google-generative-ai", "OTHER", "failure"],
  ["google-generative-ai", "UNEXPECTED_TOOL_CALL", "failure"],
  ["google-generative-ai", "TOO_MANY_TOOL_CALLS", "failure"],
  ["google-generative-ai", "MISSING_THOUGHT_SIGNATURE", "failure"],
  ["google-generative-ai", "MALFORMED_RESPONSE", "failure"],
  ["google-generative-ai", "LANGUAGE", "content_filter"],
  ["google-generative-ai", "SAFETY", "content_filter"],
  ["google-generative-ai", "IMAGE_PROHIBITED_CONTENT", "content_filter"],
  ["google-generative-ai", "max_tokens", "length"],
  ["google-generative-ai", "MAX_TOKENS", "length"],
  ["anthropic-messages", "pause_turn", "length"],
  ["anthropic-messages", "MAX_TOKENS", "length"],
  ["anthropic-messages", "model_context_window_exceeded", "length"],
  ["anthropic-messages", "refusal", "content_filter"],
  ["anthropic-messages", "guardrail_intervened", "content_filter"],
  ["anthropic-messages", "stop_sequence", "stop"],
  ["openai-responses", "max_output_tokens", "length"],
  ["openai-responses", "max_tokens", "length"],
  ["openai-responses", "content_filter", "content_filter"],
];

test.each([...new Set(vendorWords.map(([api]) => api))])(
  "%s: a finish reason is told for what it means",
  async (api) => {
    const { gateway } = await startHouse(obey, { api });
    for (const [, word, want] of vendorWords.filter(([of]) => of === api)) {
      for (const stream of [true, false]) {
        const told = await ask(gateway, { stream, said: `end with ${word}` });
        expect(told, word).toMatchObject(toTold(want));
      }
    }
  },
);

test("a failure for a reason is not kept, and with nothing said the next model answers", async () => {
  const script: Script = [{ finish: "stop", word: "insufficient_system_resource" }];
  const first = await startUpstream("openai-chat", (_, count) => (count === 0 ? script : [{ text: "Again." }]));
  const second = await startUpstream("openai-chat", [{ text: "Here I am." }]);
  const gateway = await startTestGateway({
    config: {
      models: {
        providers: {
          first: { api: "openai-completions", baseUrl: first.baseUrl },
          second: { api: "openai-completions", baseUrl: second.baseUrl },
        },
      },
      agents: {
        list: [
          { id: "main", default: true, model: { primary: "first/a", fallbacks: ["second/b"] } },
          { id: "beta", model: "first/a" },
        ],
      },
    },
  });
  expect(await ask(gateway, { stream: true })).toMatchObject({ text: "Here I am.", finishReason: "stop" });

  const kept = await startHouse((_, count) => [
    { text: "Hm" },
    { finish: "stop", word: count === 0 ? "abort" : "stop" },
  ]);
  const headers = { "x-openclaw-session-key": "ada" };
  expect(await ask(kept.gateway, { stream: false, said: "one", headers })).toMatchObject({ code: "upstream_error" });
  expect(await ask(kept.gateway, { stream: false, said: "two", headers })).toMatchObject({ text: "Hm" });
  expect(kept.upstream.requests[1]?.body["messages"]).toEqual([{ role: "user", content: "two" }]);
});

describe("a call whose arguments are not whole", () => {
  const cut = { id: "call_1", name: "get_weather", args: '{"city":"Os' };
  const cases: readonly [api: RemoteSubject["api"], word: string, want: Want][] = [
    ["openai-completions", "MAX_TOKENS", "length"],
    ["openai-completions", "length", "length"],
    ["openai-completions", "content_filter", "content_filter"],
    ["openai-completions", "nobody_knows", "length"],
    ["openai-completions", "abort", "failure"],
    ["anthropic-messages", "max_tokens", "length"],
    ["anthropic-messages", "pause_turn", "length"],
    ["anthropic-messages", "nobody_knows", "length"],
    ["openai-responses", "max_output_tokens", "length"],
    ["openai-responses", "content_filter", "content_filter"],
    ["openai-responses", "nobody_knows", "length"],
  ];

  test.each(cases)("%s: is not shown after %s, told as %s", async (api, word, want) => {
    const providers = api === "openai-completions" ? [{}, wholeOnly] : [{}];
    for (const provider of providers) {
      const { gateway } = await startHouse([{ text: "Look: " }, { call: cut }, { finish: "stop", word }], {
        api,
        provider,
      });
      for (const stream of [true, false]) {
        const told = await ask(gateway, { stream });
        expect(told.calls).toEqual([]);
        if (want === "failure") expect(told).toMatchObject({ code: "upstream_error", finishReason: null });
        else expect(told).toMatchObject({ text: "Look: ", finishReason: want });
      }
    }
  });

  test("is left out beside one that is whole", async () => {
    const whole = { id: "call_0", name: "get_time", args: { zone: "UTC" } };
    for (const api of ["openai-completions", "anthropic-messages", "openai-responses"] as const) {
      const { gateway } = await startHouse([{ call: whole }, { call: cut }, { finish: "length" }], { api });
      for (const stream of [true, false]) {
        expect(await ask(gateway, { stream })).toMatchObject({
          calls: [{ id: "call_0", name: "get_time", text: '{"zone":"UTC"}' }],
          finishReason: "length",
        });
      }
    }
  });

  test("is not shown when the answer breaks off, and the next model answers", async () => {
    const first = await startUpstream("openai-chat", [{ call: cut }, { cut: true }]);
    const second = await startUpstream("openai-chat", [{ text: "Here I am." }]);
    const toProvider = (baseUrl: string): object => ({ api: "openai-completions", baseUrl });
    const gateway = await startTestGateway({
      config: {
        models: { providers: { first: toProvider(first.baseUrl), second: toProvider(second.baseUrl) } },
        agents: { defaults: { model: { primary: "first/a", fallbacks: ["second/b"] } } },
      },
    });
    for (const stream of [true, false]) {
      expect(await ask(gateway, { stream })).toMatchObject({ text: "Here I am.", calls: [] });
    }
  });

  const own = (args: object | string): Script[number] => ({ call: { id: "call_1", name: "fixture__say", args } });
  test.each<[script: Script, want: Want]>([
    [[own('{"text":"h'), { finish: "length", word: "MAX_TOKENS" }], "length"],
    [[own('{"text":"h'), { finish: "stop", word: "nobody_knows" }], "length"],
    [[own('{"text":"h'), { finish: "content_filter", word: "SAFETY" }], "content_filter"],
    [[own({ text: "hi" }), { finish: "stop", word: "insufficient_system_resource" }], "failure"],
    [[own({ text: "hi" }), { finish: "stop", word: "CANCELLED" }], "failure"],
  ])("of the agent's own tool is not run: %j", async (script, want) => {
    const config = {
      mcp: { servers: { fixture: await playSay() } },
      agents: { list: [{ id: "main", default: true, model: "vendor/x", tools: { fixture: ["*"] } }] },
    };
    const { gateway, upstream } = await startHouse(script, { config });
    for (const stream of [true, false]) {
      const told = await ask(gateway, { stream });
      if (want === "failure") expect(told).toMatchObject({ code: "upstream_error" });
      else expect(told).toMatchObject({ finishReason: want, calls: [] });
    }
    expect(upstream.requests).toHaveLength(2);
  });
});

test("an end that nobody knows is one, with calls that are whole, and told to the log once for each word", async () => {
  const script: Script = [
    { call: { id: "call_1", name: "get_weather", args: { city: "Oslo" } } },
    { finish: "stop", word: "nobody_knows" },
  ];
  const { gateway } = await startHouse((_, count) =>
    count < 2 ? script : [{ text: "ok" }, { finish: "stop", word: `word${count}` }],
  );
  for (const stream of [true, false]) {
    expect(await ask(gateway, { stream })).toMatchObject({
      calls: [{ id: "call_1", name: "get_weather", text: '{"city":"Oslo"}' }],
      finishReason: "tool_calls",
    });
  }
  await ask(gateway, { stream: true });
  const told = gateway.log.filter(({ msg }) => String(msg).startsWith("unknown finish reason"));
  expect(told.map(({ level, model, finishReason }) => [level, model, finishReason])).toEqual([
    [40, "vendor/gpt-4.1", "nobody_knows"],
    [40, "vendor/gpt-4.1", "word2"],
  ]);
});

describe("what comes after a first finish reason", () => {
  const chunk = (delta: object, reason: string | null = null): { raw: string } => ({
    raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`,
  });
  const head = {
    tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"ci' } }],
  };
  const rest = { tool_calls: [{ index: 0, function: { arguments: 'ty":"Oslo"}' } }] };
  const call = [{ id: "call_1", name: "get_weather", text: '{"city":"Oslo"}' }];
  const end = { raw: "data: [DONE]\n\n" };

  test.each<[what: string, script: Script, want: object]>([
    [
      "text with a reason in every piece",
      [
        chunk({ content: "one " }, "stop"),
        chunk({ content: "two " }, "stop"),
        chunk({ content: "three" }, "stop"),
        end,
      ],
      { text: "one two three", finishReason: "stop" },
    ],
    [
      "a text behind an empty end",
      [chunk({ content: "" }, "stop"), chunk({ content: "Hi" }), end],
      { text: "Hi", finishReason: "stop" },
    ],
    ["the rest of a call", [chunk(head, "tool_calls"), chunk(rest), end], { calls: call, finishReason: "tool_calls" }],
    [
      "a whole call",
      [chunk({ content: "" }, "stop"), chunk(head), chunk(rest, "stop"), end],
      { calls: call, finishReason: "tool_calls" },
    ],
    [
      "another reason",
      [chunk({ content: "a" }, "stop"), chunk({}, "length"), end],
      { text: "a", finishReason: "length" },
    ],
    [
      "a last reason of nothing",
      [chunk({ content: "a" }, "length"), chunk({ content: "b" }, ""), end],
      { text: "ab", finishReason: "length" },
    ],
    [
      "no [DONE]",
      [chunk({ content: "a" }, "stop"), chunk({ content: "b" }), { cut: true }],
      { text: "ab", finishReason: "stop" },
    ],
  ])("is read: %s", async (_, script, want) => {
    const { gateway } = await startHouse([...script, { hang: true }]);
    for (const stream of [true, false]) expect(await ask(gateway, { stream })).toMatchObject({ status: 200, ...want });
  });
});

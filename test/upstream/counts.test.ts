import { describe, expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { ask, startHouse, wholeOnly } from "./answers.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";

const delta = (content: object, reason: string | null = null, more: object = {}): object => ({
  index: 0,
  delta: content,
  finish_reason: reason,
  ...more,
});
const chunk = (choices: readonly object[], more: object = {}): Script[number] => ({
  raw: `data: ${JSON.stringify({ choices, ...more })}\n\n`,
});
const text = chunk([delta({ content: "Hi you" })]);
const end = chunk([delta({}, "stop")]);
const done: Script = [{ raw: "data: [DONE]\n\n" }, { hang: true }];
const counted = { prompt_tokens: 30, completion_tokens: 4, total_tokens: 34 };
const cached = (tokens: number): object => ({ prompt_tokens_details: { cached_tokens: tokens } });
const thought = (tokens: number): object => ({ completion_tokens_details: { reasoning_tokens: tokens } });

/** What the gateway counts by itself: two words that were said. */
const estimated = 2;

const streams: readonly [what: string, script: Script, want: object][] = [
  [
    "in the choice (Moonshot)",
    [text, chunk([delta({}, "stop", { usage: { ...counted, cached_tokens: 20 } })])],
    { ...counted, ...cached(20) },
  ],
  [
    "with Kimi's cached_tokens",
    [text, end, chunk([], { usage: { ...counted, cached_tokens: 20 } })],
    { ...counted, ...cached(20) },
  ],
  [
    "with DeepSeek's cache",
    [
      text,
      chunk([delta({}, "stop")], { usage: { ...counted, prompt_cache_hit_tokens: 20, prompt_cache_miss_tokens: 10 } }),
    ],
    { ...counted, ...cached(20) },
  ],
  ["in x_groq", [text, chunk([delta({}, "stop")], { x_groq: { id: "req_1", usage: counted } })], counted],
  ["on the first chunk", [chunk([delta({ content: "Hi you" })], { usage: counted }), end], counted],
  [
    "on every chunk (vLLM)",
    [
      chunk([delta({ content: "Hi " })], { usage: { ...counted, completion_tokens: 1, total_tokens: 31 } }),
      chunk([delta({ content: "you" }, "stop")], { usage: counted }),
    ],
    counted,
  ],
  [
    "under the names of Responses",
    [
      text,
      end,
      chunk([], { usage: { input_tokens: 30, output_tokens: 4, output_tokens_details: { reasoning_tokens: 1 } } }),
    ],
    { ...counted, ...thought(1) },
  ],
  [
    "with reasoning_tokens beside (Perplexity)",
    [text, end, chunk([], { usage: { ...counted, reasoning_tokens: 2 } })],
    { ...counted, ...thought(2) },
  ],
  [
    "and zeros behind it",
    [
      text,
      chunk([delta({}, "stop")], { usage: counted }),
      chunk([], { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }),
    ],
    counted,
  ],
  [
    "with zeros before it",
    [
      chunk([delta({ content: "Hi you" })], { usage: { prompt_tokens: 0, completion_tokens: 0 } }),
      chunk([delta({}, "stop")], { usage: counted }),
    ],
    counted,
  ],
  [
    "in two chunks, each a part",
    [
      text,
      chunk([delta({}, "stop")], { usage: { prompt_tokens: 30 } }),
      chunk([], { usage: { completion_tokens: 4 } }),
    ],
    counted,
  ],
  [
    "with details that a later chunk leaves out",
    [chunk([], { usage: { ...counted, ...cached(20) } }), text, chunk([delta({}, "stop")], { usage: counted })],
    { ...counted, ...cached(20) },
  ],
  [
    "without completion_tokens",
    [text, end, chunk([], { usage: { prompt_tokens: 30 } })],
    { prompt_tokens: 30, completion_tokens: estimated, total_tokens: 30 + estimated },
  ],
  [
    "without completion_tokens, but with a total",
    [text, end, chunk([], { usage: { prompt_tokens: 30, total_tokens: 34 } })],
    counted,
  ],
];

describe("counts are read", () => {
  test.each(streams)("of a stream %s", async (_, script, want) => {
    const { gateway } = await startHouse([...script, ...done]);
    for (const stream of [true, false]) {
      const { usage, text: said } = await ask(gateway, { stream });
      expect({ said, usage }).toEqual({ said: "Hi you", usage: want });
    }
  });

  const message = { role: "assistant", content: "Hi you" };
  const wholes: readonly [what: string, body: object, choice: object, want: object][] = [
    ["in the choice", {}, { usage: counted }, counted],
    ["with Kimi's cached_tokens", { usage: { ...counted, cached_tokens: 20 } }, {}, { ...counted, ...cached(20) }],
    [
      "with DeepSeek's cache",
      { usage: { ...counted, prompt_cache_hit_tokens: 20 } },
      {},
      { ...counted, ...cached(20) },
    ],
    ["in x_groq", { x_groq: { usage: counted } }, {}, counted],
    [
      "under Anthropic's names",
      { usage: { input_tokens: 10, cache_read_input_tokens: 20, output_tokens: 4 } },
      {},
      { ...counted, ...cached(20) },
    ],
    ["without prompt_tokens", { usage: { completion_tokens: 4, total_tokens: 34 } }, {}, counted],
  ];
  test.each(wholes)("of a whole answer %s", async (_, body, choice, want) => {
    const choices = [{ index: 0, message, finish_reason: "stop", ...choice }];
    const { gateway } = await startHouse([{ status: 200, body: { choices, ...body } }], { provider: wholeOnly });
    for (const stream of [true, false]) expect((await ask(gateway, { stream })).usage).toEqual(want);
  });
});

test("counts that nobody gives are estimated, also where a server writes zeros", async () => {
  const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  for (const more of [[], [chunk([], { usage: zeros })], [chunk([], { usage: null })]]) {
    const { gateway } = await startHouse([text, end, ...more, ...done]);
    const { usage } = await ask(gateway, { stream: true });
    expect(usage?.completion_tokens).toBe(estimated);
    expect(usage?.prompt_tokens).toBeGreaterThan(0);
  }
});

test.each([
  ["openai-completions", "openai-chat"],
  ["openai-responses", "openai-responses"],
  ["anthropic-messages", "anthropic"],
  ["google-generative-ai", "google"],
] as const)("counts that are none are estimated: %s", async (api, vendor) => {
  for (const count of [-1, 1.5, 9_007_199_254_740_991]) {
    const usage = { prompt: count, completion: count, cached: count, reasoning: count };
    const { baseUrl } = await startUpstream(vendor, [{ text: "Hi you" }, { finish: "stop", usage }]);
    const gateway = await startTestGateway({
      config: { models: { providers: { lab: { api, baseUrl } } }, agents: { defaults: { model: "lab/m" } } },
    });
    for (const stream of [true, false]) {
      const { usage: told, text: said } = await ask(gateway, { stream });
      expect({ said, completion: told?.completion_tokens }).toEqual({ said: "Hi you", completion: estimated });
      expect(told?.prompt_tokens).toBeGreaterThan(0);
      expect(told?.prompt_tokens).toBeLessThan(100);
    }
    expect((await gateway.request("/metrics")).status).toBe(200);
  }
});

describe("what a model has cost that failed", () => {
  const usage = { prompt: 100, completion: 50 };
  const counts = { prompt_tokens: 100, completion_tokens: 50 };
  const fails: readonly [
    what: string,
    api: string,
    vendor: "openai-chat" | "anthropic" | "google" | "openai-responses",
    script: Script,
  ][] = [
    [
      "with a reason that is a failure",
      "openai-completions",
      "openai-chat",
      [{ finish: "stop", word: "abort", usage }],
    ],
    [
      "with an error behind its counts",
      "openai-completions",
      "openai-chat",
      [chunk([], { usage: counts }), { error: { code: "server_error" } }],
    ],
    [
      "with an error that has them",
      "openai-completions",
      "openai-chat",
      [{ raw: `data: ${JSON.stringify({ error: { code: 500 }, usage: counts })}\n\n` }, { cut: true }],
    ],
    ["by breaking off", "openai-completions", "openai-chat", [chunk([], { usage: counts }), { cut: true }]],
    ["with a reason of Google", "google-generative-ai", "google", [{ finish: "stop", word: "OTHER", usage }]],
    ["with a failed response", "openai-responses", "openai-responses", [{ finish: "error", usage }]],
  ];
  test.each(fails)("%s is in the metrics, beside what the next one has cost", async (_, api, vendor, script) => {
    const first = await startUpstream(vendor, script);
    const second = await startUpstream("openai-chat", [
      { text: "Here I am." },
      { finish: "stop", usage: { prompt: 7, completion: 3 } },
    ]);
    const gateway = await startTestGateway({
      config: {
        models: {
          providers: {
            first: { api, baseUrl: first.baseUrl },
            second: { api: "openai-completions", baseUrl: second.baseUrl },
          },
        },
        agents: { defaults: { model: { primary: "first/a", fallbacks: ["second/b"] } } },
      },
    });
    expect(await ask(gateway, { stream: true })).toMatchObject({
      text: "Here I am.",
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    });
    const metrics = await gateway.gateway.metrics.toText();
    const lines = [
      ...metrics.matchAll(/^clawgate_tokens_total\{agent="main",model="(.*?)",kind="(.*?)",key="operator"\} (\d+)$/gm),
    ];
    expect(lines.map(([, model, kind, count]) => `${model} ${kind} ${count}`).toSorted()).toEqual([
      "first/a completion 50",
      "first/a prompt 100",
      "second/b completion 3",
      "second/b prompt 7",
    ]);
  });
});

test("how long the first token took, and each further one, is in the metrics once for each run", async () => {
  const pauses = [{ pauseMs: 60 }, { text: "Here " }, { pauseMs: 90 }, { text: "I am." }];
  const usage = { prompt: 7, completion: 4 };
  const { baseUrl } = await startUpstream("openai-chat", (_, count) =>
    count < 2 ? [...pauses, { finish: "stop", usage }] : [{ status: 400 }],
  );
  const gateway = await startTestGateway({
    config: {
      models: { providers: { lab: { api: "openai-completions", baseUrl } } },
      agents: { defaults: { model: "lab/a" } },
    },
  });
  for (const stream of [true, false, true]) await ask(gateway, { stream });
  const metrics = await gateway.gateway.metrics.toText();
  const read = (name: string, part: string): number => {
    const line = new RegExp(`^clawgate_${name}_seconds_${part}\\{agent="main",model="lab/a"\\} (.*)$`, "m");
    return Number(line.exec(metrics)?.[1]);
  };
  for (const name of ["time_to_first_token", "time_per_output_token"]) expect(read(name, "count")).toBe(2);
  // Timers may fire a moment early.
  expect(read("time_to_first_token", "sum")).toBeGreaterThan(2 * 0.055);
  expect(read("time_per_output_token", "sum")).toBeGreaterThan((2 * 0.085) / 3);
});

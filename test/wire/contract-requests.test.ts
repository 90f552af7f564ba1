import { expect } from "vitest";
import { expectVerdicts, type Row } from "./contract-verdict.fixture.ts";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { say } from "../talk.fixture.ts";

type Bound = "below_min_value" | "above_max_value";

/** Values just within a range, and just without it. */
function toRange(
  field: string,
  kind: "integer" | "decimal",
  low: readonly [number, number],
  high: readonly [number, number],
): Row[] {
  const refuse = (value: number, bound: Bound): Row => [
    `${field} ${value}`,
    { [field]: value },
    `${kind}_${bound}`,
    field,
  ];
  return [
    [`${field} ${low[0]}`, { [field]: low[0] }],
    [`${field} ${high[0]}`, { [field]: high[0] }],
    refuse(low[1], "below_min_value"),
    refuse(high[1], "above_max_value"),
  ];
}

function toBroken(field: string, ...values: unknown[]): Row[] {
  return values.map((value): Row => [`${field} ${JSON.stringify(value)}`, { [field]: value }, "invalid_type", field]);
}

const numbers: readonly Row[] = [
  ...toRange("temperature", "decimal", [0, -0.1], [2, 2.1]),
  ...toRange("top_p", "decimal", [0, -0.1], [1, 1.1]),
  ...toRange("frequency_penalty", "decimal", [-2, -3], [2, 3]),
  ...toRange("presence_penalty", "decimal", [-2, -2.01], [2, 2.01]),
  ...toBroken("temperature", "1", true, [1]),
  ...toBroken("seed", 0.5, "1"),
  ...toBroken("max_tokens", 0.5, "9"),
  ["max_tokens 1", { max_tokens: 1 }],
  ["max_tokens 0", { max_tokens: 0 }, "integer_below_min_value", "max_tokens"],
  ["max_tokens -1", { max_tokens: -1 }, "integer_below_min_value", "max_tokens"],
  ["max_tokens 1e308", { max_tokens: 1e308 }, "integer_above_max_value", "max_tokens"],
  ["max_tokens 2^53", { max_tokens: 2 ** 53 }, "integer_above_max_value", "max_tokens"],
  ["max_completion_tokens 0", { max_completion_tokens: 0 }, "integer_below_min_value", "max_completion_tokens"],
  ["max_completion_tokens 2^53 - 1", { max_completion_tokens: 2 ** 53 - 1 }],
  ["both caps", { max_tokens: 5, max_completion_tokens: 6 }],
  ["n 0", { n: 0 }, "integer_below_min_value", "n"],
  ["n -1", { n: -1 }, "integer_below_min_value", "n"],
  ["n 1", { n: 1 }],
  ["n 2", { n: 2 }, "unsupported_value", "n"],
  ["n 128", { n: 128 }, "unsupported_value", "n"],
  ["n 129", { n: 129 }, "integer_above_max_value", "n"],
  ["n 1.5", { n: 1.5 }, "invalid_type", "n"],
  ["top_logprobs 21", { top_logprobs: 21 }, "integer_above_max_value", "top_logprobs"],
  ["top_logprobs 5", { logprobs: true, top_logprobs: 5 }, "unsupported_value", "logprobs"],
  ["top_logprobs 5 alone", { top_logprobs: 5 }, "invalid_value", "top_logprobs"],
  ["top_logprobs 0", { top_logprobs: 0 }],
];

const texts: readonly Row[] = [
  ["a model of 256 characters", { model: "x".repeat(256) }, "model_not_found", "model"],
  ["a model of 257 characters", { model: "x".repeat(257) }, "string_above_max_length", "model"],
  ["an empty model", { model: "" }, "model_not_found", "model"],
  ["no model", { model: undefined }, "missing_required_parameter", "model"],
  ["a model of OpenAI", { model: "gpt-4o" }, "model_not_found", "model"],
  ["a model with a path", { model: "openclaw/../main" }, "model_not_found", "model"],
  ["a model of JavaScript", { model: "openclaw/__proto__" }, "model_not_found", "model"],
  ["a user of 512 characters", { user: "ü".repeat(512) }],
  ["a user of 513 characters", { user: "x".repeat(513) }, "string_above_max_length", "user"],
  ["a user with a line end", { user: "a\nb" }, "invalid_value", "user"],
  ["a user with a NUL", { user: "a\0b" }, "invalid_value", "user"],
  ["an empty user", { user: "" }],
  ["safety_identifier of 128", { safety_identifier: "x".repeat(128) }],
  ["safety_identifier of 129", { safety_identifier: "x".repeat(129) }, "string_above_max_length", "safety_identifier"],
  ["prompt_cache_key of 513", { prompt_cache_key: "x".repeat(513) }, "string_above_max_length", "prompt_cache_key"],
  ["a stop", { stop: "x" }],
  ["four stops", { stop: ["a", "b", "c", "d"] }],
  ["no stops", { stop: [] }, "empty_array", "stop"],
  ["five stops", { stop: ["a", "b", "c", "d", "e"] }, "array_above_max_length", "stop"],
  ["an empty stop in the list", { stop: ["a", ""] }, "empty_string", "stop[1]"],
  ["a stop that is a number", { stop: ["a", 1] }, "invalid_type", "stop[1]"],
  ["an effort", { reasoning_effort: "minimal" }],
  ["an unknown effort", { reasoning_effort: "extreme" }, "invalid_value", "reasoning_effort"],
  ["an unknown verbosity", { verbosity: "x" }, "invalid_value", "verbosity"],
  ["an unknown tier", { service_tier: "x" }, "invalid_value", "service_tier"],
];

const pairs = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "v"]));

const objects: readonly Row[] = [
  ["16 pairs", { metadata: pairs(16) }],
  ["17 pairs", { metadata: pairs(17) }, "object_above_max_properties", "metadata"],
  ["a long value", { metadata: { k: "x".repeat(513) } }, "string_above_max_length", "metadata.k"],
  ["a number for a value", { metadata: { k: 1 } }, "invalid_type", "metadata.k"],
  ["a long key", { metadata: { ["k".repeat(65)]: "v" } }, "string_above_max_length", "metadata"],
  ["a bias", { logit_bias: { 50256: -100, 1: 100 } }],
  ["a bias of 101", { logit_bias: { 50256: 101 } }, "integer_above_max_value", "logit_bias[50256]"],
  ["half a bias", { logit_bias: { 50256: 0.5 } }, "invalid_type", "logit_bias[50256]"],
  ["stream that is a text", { stream: "true" }, "invalid_type", "stream"],
  ["stream that is 1", { stream: 1 }, "invalid_type", "stream"],
  ["stream_options without stream", { stream_options: {} }, "invalid_value", "stream_options"],
  ["stream_options with stream false", { stream: false, stream_options: {} }, "invalid_value", "stream_options"],
  ["stream_options null without stream", { stream_options: null }],
  ["stream_options null", { stream: true, stream_options: null }],
  ["stream_options empty", { stream: true, stream_options: {} }],
  [
    "include_usage that is a text",
    { stream: true, stream_options: { include_usage: "x" } },
    "invalid_type",
    "stream_options.include_usage",
  ],
  ["logprobs", { logprobs: true }, "unsupported_value", "logprobs"],
  ["no logprobs", { logprobs: false }],
  ["text", { modalities: ["text"] }],
  ["text and audio", { modalities: ["text", "audio"] }, "unsupported_value", "modalities"],
  ["no modality", { modalities: [] }, "unsupported_value", "modalities"],
  ["an unknown modality", { modalities: ["smell"] }, "invalid_value", "modalities[0]"],
  ["a voice", { audio: { voice: "alloy", format: "wav" } }, "unsupported_value", "audio"],
  ["a voice without a format", { audio: { voice: "alloy" } }, "missing_required_parameter", "audio.format"],
  ["moderation", { moderation: { model: "x" } }, "unsupported_value", "moderation"],
  ["a prediction", { prediction: { type: "content", content: "x" } }],
  ["a prediction of nothing", { prediction: { type: "content" } }, "missing_required_parameter", "prediction.content"],
  ["a body of the Responses API", { messages: undefined, input: "hi" }, "responses_request", "messages"],
  ["input beside messages", { input: "hi" }],
];

test.for<[what: string, rows: readonly Row[]]>([
  ["a number", numbers],
  ["a text", texts],
  ["an object or a switch", objects],
])("%s is read, or refused by its code and its name", async ([, rows], { gateway }) => {
  await expectVerdicts(gateway, rows);
});

test("what has no effect is named in a header, in a form that cannot break it", async ({ gateway }) => {
  const { chat } = gateway;
  const body = { model: "openclaw", messages: [{ role: "user", content: "@@echo ok" }] };
  const ignored = async (fields: object): Promise<string | null> => {
    const { headers, status } = await chat({ ...body, ...fields });
    expect(status).toBe(200);
    return headers.get("x-clawgate-ignored");
  };
  expect(await ignored({})).toBeNull();
  expect(await ignored({ store: null, stop: null })).toBeNull();
  expect(await ignored({ store: false, web_search_options: {}, stream: true })).toBe("store, web_search_options");
  expect(await ignored({ x_vendor: 1, enable_thinking: false })).toBe("x_vendor, enable_thinking");
  expect(await ignored({ "a\r\nset-cookie: b": 1, "ü,😀": 1 })).toBe("a??set-cookie??b, ????");
  const named = (length: number): object =>
    Object.fromEntries(Array.from({ length }, (_, at) => [`${at}`.padStart(200, "x"), 1]));
  expect((await ignored(named(900)))?.length).toBeLessThan(2000);
  const refused = await say(gateway, "hi", { body: named(1_100) });
  expect(refused).toMatchObject({ status: 400, error: { code: "object_above_max_properties" } });
});

test("a strict endpoint refuses what would be ignored", async () => {
  const config = { gateway: { http: { endpoints: { chatCompletions: { strict: true } } } } };
  await expectVerdicts(await startTestGateway({ config }), [
    ["a plain call", {}],
    ["an unknown field", { x_vendor: 1 }, "unknown_parameter", "x_vendor"],
    ["a field without effect", { store: true }, "unsupported_parameter", "store"],
    ["a field without effect that is null", { store: null }],
    ["a refused field", { n: 2 }, "unsupported_value", "n"],
  ]);
});

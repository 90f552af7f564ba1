import { describe, expect, test } from "vitest";
import { assertSupported, listIgnored, toIgnoredHeader, toSettings } from "./request.ts";
import { type ChatCompletionRequest, requestFields } from "../../base/contract.ts";
import type { StateField } from "../../base/model-state.ts";

const toBody = (more: object): ChatCompletionRequest => ({ model: "openclaw", messages: [], ...more });

const none = { more: false, some: new Set<string>(), all: new Set<string>(), drops: new Set<StateField>() };
const told = { ...none, more: true };

describe("listIgnored", () => {
  test("finds nothing ignored in a request of honoured and forwarded fields", () => {
    const used = Object.entries(requestFields).filter(([, { support }]) => /honoured|forwarded/.test(support));
    const body = toBody({ ...Object.fromEntries(used.map(([name]) => [name, 1])), messages: [], tools: [] });
    expect(used.length).toBeGreaterThan(20);
    expect(listIgnored(body, none, true)).toEqual([]);
  });

  const ignored: readonly { readonly given: object; readonly want: readonly string[] }[] = [
    { given: { store: true }, want: ["store"] },
    { given: { store: false, web_search_options: {} }, want: ["store", "web_search_options"] },
    { given: { store: null }, want: [] },
    { given: { x_vendor: 1 }, want: ["x_vendor"] },
    { given: { x_vendor: null }, want: ["x_vendor"] },
    { given: { zebra: 1, store: true, constructor: 1 }, want: ["zebra", "store", "constructor"] },
    { given: { n: 1, logprobs: false, top_logprobs: 0, modalities: ["text"], audio: null }, want: [] },
    { given: { n: null, logprobs: null, modalities: null, moderation: null }, want: [] },
  ];
  test.each(ignored)("of $given ignores $want", ({ given, want }) => {
    expect(listIgnored(toBody(given), none, false)).toEqual(want);
  });

  test("does not name what each of the agent's models is given", () => {
    const body = toBody({ top_k: 1, store: true, thinking: {} });
    const reach = { ...none, some: new Set(["top_k", "store", "thinking"]), all: new Set(["top_k", "store"]) };
    expect(listIgnored(body, reach, false)).toEqual(["thinking"]);
    expect(toSettings(body, reach)).toEqual({ vendor: { top_k: 1, store: true, thinking: {} } });
    expect(toSettings(body, none)).toEqual({});
  });

  const text = { type: "text", text: "a" };
  const fn = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
  /** `fewer` where the models are told what stands in parts and tools. */
  const nested: readonly { given: object; want: readonly string[]; fewer?: readonly string[] }[] = [
    { given: { messages: [{ role: "user", content: "a", cache_control: {} }] }, want: ["messages[0].cache_control"] },
    { given: { messages: [{ role: "user", content: "a", name: "Ada" }] }, want: [] },
    {
      given: { messages: [{ role: "system", content: [text, { ...text, cache_control: {} }] }] },
      want: ["messages[0].content[1].cache_control"],
      fewer: [],
    },
    {
      given: {
        messages: [{ role: "assistant", content: "a", prefix: true, annotations: [], parsed: {}, audio: { id: "1" } }],
      },
      want: ["messages[0].prefix", "messages[0].audio"],
    },
    {
      given: {
        messages: [
          {
            role: "assistant",
            tool_calls: [{ ...fn, index: 0, x: 1, function: { ...fn.function, parsed_arguments: {}, y: 2 } }],
          },
        ],
      },
      want: ["messages[0].tool_calls[0].x", "messages[0].tool_calls[0].function.y"],
    },
    {
      given: { messages: [{ role: "tool", tool_call_id: "1", content: "a", name: "f", is_error: true }] },
      want: ["messages[0].is_error"],
    },
    {
      given: {
        tools: [{ type: "function", defer_loading: true, function: { name: "f", strict: true, examples: [] } }],
      },
      want: ["tools[0].defer_loading", "tools[0].function.examples"],
      fewer: [],
    },
    { given: { tools: [{ type: "custom", custom: { name: "f", z: 1 } }] }, want: ["tools[0].custom.z"], fewer: [] },
  ];
  test.each(nested)("names $want of $given", ({ given, want, fewer = want }) => {
    expect(listIgnored(toBody(given), none, false)).toEqual(want);
    expect(listIgnored(toBody(given), told, false)).toEqual(fewer);
    const [first] = want;
    if (first !== undefined)
      expect(() => listIgnored(toBody(given), none, true)).toThrow(
        expect.objectContaining({ code: "unknown_parameter", param: first }),
      );
  });

  test("names reasoning that its model does not get back, but refuses none, and nothing that says whose it is", () => {
    const drops = new Set<StateField>(["reasoning_content", "reasoning_details"]);
    const thought = {
      role: "assistant",
      content: "a",
      reasoning_content: "b",
      reasoning: "c",
      reasoning_details: null,
    };
    const own = { ...thought, extra_content: { clawgate: { model: "lab/m" } } };
    // A mark that names no model says nothing.
    const unnamed = { ...thought, extra_content: { clawgate: {} } };
    const body = toBody({ messages: [{ role: "user", content: "a" }, thought, own, unnamed] });
    for (const strict of [false, true])
      expect(listIgnored(body, { ...none, drops }, strict)).toEqual([
        "messages[1].reasoning_content",
        "messages[3].reasoning_content",
      ]);
    expect(listIgnored(body, none, true)).toEqual([]);
  });

  test("looks for no more than a header can name", () => {
    const keys = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, 1]));
    const messages = Array.from({ length: 500 }, () => ({ role: "user", content: "a", ...keys }));
    expect(listIgnored(toBody({ messages }), none, false)).toHaveLength(21);
  });

  const strictly: readonly { readonly given: object; readonly code: string; readonly param: string }[] = [
    { given: { store: true }, code: "unsupported_parameter", param: "store" },
    { given: { x_vendor: 1 }, code: "unknown_parameter", param: "x_vendor" },
    { given: { x_vendor: null }, code: "unknown_parameter", param: "x_vendor" },
    { given: { toString: 1 }, code: "unknown_parameter", param: "toString" },
    { given: { ["y".repeat(100)]: 1 }, code: "unknown_parameter", param: "y".repeat(64) },
  ];
  test.each(strictly)("refuses $given when strict", ({ given, code, param }) => {
    expect(() => listIgnored(toBody(given), none, true)).toThrow(expect.objectContaining({ code, param, status: 400 }));
  });
});

describe("assertSupported", () => {
  const refused: readonly { readonly given: object; readonly param: string; readonly says: RegExp }[] = [
    { given: { n: 2 }, param: "n", says: /: 2\. This gateway accepts null and 1\./ },
    { given: { modalities: ["text", "audio"] }, param: "modalities", says: /\["text","audio"\]/ },
    { given: { modalities: ["audio"] }, param: "modalities", says: /null and \["text"\]/ },
    { given: { modalities: [] }, param: "modalities", says: /: \[\]\./ },
    { given: { audio: { voice: "x".repeat(100) } }, param: "audio", says: /: .{64}\. / },
    { given: { moderation: false }, param: "moderation", says: /null/ },
  ];
  test.each(refused)("refuses $given", ({ given, param, says }) => {
    const check = (): unknown => assertSupported(toBody(given));
    expect(check).toThrow(expect.objectContaining({ code: "unsupported_value", param }));
    expect(check).toThrow(says);
  });
});

describe("toIgnoredHeader", () => {
  const headers: readonly { readonly given: readonly string[]; readonly want: string | undefined }[] = [
    { given: [], want: undefined },
    { given: ["store"], want: "store" },
    { given: ["store", "x-vendor.field_1"], want: "store, x-vendor.field_1" },
    { given: ["a\r\nset-cookie: b"], want: "a??set-cookie??b" },
    { given: ["messages[0].tool_calls[1].x"], want: "messages[0].tool_calls[1].x" },
    { given: ["k\u00fcche", "a,b", ""], want: "k?che, a?b, " },
    { given: ["z".repeat(100)], want: "z".repeat(64) },
  ];
  test.each(headers)("shows $given as $want", ({ given, want }) => {
    expect(toIgnoredHeader(given)).toBe(want);
  });

  test("names no more than 20 fields", () => {
    const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
    expect(toIgnoredHeader(names)).toBe(`${names.slice(0, 20).join(", ")}, ...`);
    expect(toIgnoredHeader(names.slice(0, 20))).toBe(names.slice(0, 20).join(", "));
  });

  test("is never long", () => {
    const names = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(64, "x"));
    expect(toIgnoredHeader(names)).toBe(`${names.slice(0, 7).join(", ")}, ...`);
  });
});

import { describe, expect, test } from "vitest";
import { checkSupport, toIgnoredHeader } from "./request.ts";
import { type ChatCompletionRequest, requestFields } from "../../base/contract.ts";

const toBody = (more: object): ChatCompletionRequest => ({ model: "openclaw", messages: [], ...more });

describe("checkSupport", () => {
  test("finds nothing ignored in a request of honoured and forwarded fields", () => {
    const used = Object.entries(requestFields).filter(([, { support }]) => /honoured|forwarded/.test(support));
    const body = toBody(Object.fromEntries(used.map(([name]) => [name, 1])));
    expect(used.length).toBeGreaterThan(20);
    expect(checkSupport(body, true)).toEqual([]);
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
    expect(checkSupport(toBody(given), false)).toEqual(want);
  });

  const refused: readonly { readonly given: object; readonly param: string; readonly says: RegExp }[] = [
    { given: { n: 2 }, param: "n", says: /: 2\. This gateway accepts null and 1\./ },
    { given: { modalities: ["text", "audio"] }, param: "modalities", says: /\["text","audio"\]/ },
    { given: { modalities: ["audio"] }, param: "modalities", says: /null and \["text"\]/ },
    { given: { modalities: [] }, param: "modalities", says: /: \[\]\./ },
    { given: { audio: { voice: "x".repeat(100) } }, param: "audio", says: /: .{64}\. / },
    { given: { moderation: false }, param: "moderation", says: /null/ },
  ];
  test.each(refused)("refuses $given", ({ given, param, says }) => {
    for (const strict of [false, true]) {
      const check = (): unknown => checkSupport(toBody(given), strict);
      expect(check).toThrow(expect.objectContaining({ code: "unsupported_value", param }));
      expect(check).toThrow(says);
    }
  });

  const strictly: readonly { readonly given: object; readonly code: string; readonly param: string }[] = [
    { given: { store: true }, code: "unsupported_parameter", param: "store" },
    { given: { x_vendor: 1 }, code: "unknown_parameter", param: "x_vendor" },
    { given: { x_vendor: null }, code: "unknown_parameter", param: "x_vendor" },
    { given: { toString: 1 }, code: "unknown_parameter", param: "toString" },
    { given: { ["y".repeat(100)]: 1 }, code: "unknown_parameter", param: "y".repeat(64) },
  ];
  test.each(strictly)("refuses $given when strict", ({ given, code, param }) => {
    expect(() => checkSupport(toBody(given), true)).toThrow(expect.objectContaining({ code, param, status: 400 }));
  });
});

describe("toIgnoredHeader", () => {
  const headers: readonly { readonly given: readonly string[]; readonly want: string | undefined }[] = [
    { given: [], want: undefined },
    { given: ["store"], want: "store" },
    { given: ["store", "x-vendor.field_1"], want: "store, x-vendor.field_1" },
    { given: ["a\r\nset-cookie: b"], want: "a??set-cookie??b" },
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

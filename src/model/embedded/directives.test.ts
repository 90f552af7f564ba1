import { describe, expect, it } from "vitest";
import { measureCpuMs } from "../../../test/cpu.fixture.ts";
import type { Message } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";
import { directives } from "./directive-table.ts";
import { isDirectiveText, toDirectiveSteps } from "./directives.ts";
import { toRequest } from "./request.fixture.ts";
import type { Step } from "./scenario-step.ts";

const runs = { live: 1, started: 3, completed: 1, failed: 0, cancelled: 1 };
const toSteps = (said: string | readonly Message[], more: Partial<ModelRequest> = {}) =>
  toDirectiveSteps(toRequest(said, more), runs);

const afterCall = (said: string): Message[] => [
  { role: "user", content: said },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
  },
  { role: "tool", tool_call_id: "1", content: "$& 7" },
  { role: "tool", tool_call_id: "2", content: [{ type: "text", text: "8" }] },
];

describe("toDirectiveSteps", () => {
  it.each<[string, Step[]]>([
    ["@@echo  two words ", [{ text: " two words " }]],
    ["@@echo", [{ text: "" }]],
    [String.raw`@@echo "\r\u0000👍\n\ndata: [DONE]"`, [{ text: "\r\u0000👍\n\ndata: [DONE]" }]],
    ["@@echo a\nignored\n@@echo b\r\n", [{ text: "a" }, { text: "b" }]],
    ["@@rest\n@@echo not parsed\n x ", [{ text: "@@echo not parsed\n x " }]],
    ["@@rest", [{ text: "" }]],
    ["@@length\nab\nc", [{ text: '{"length":4,"lines":2}' }]],
    ["@@words 3 delay=1.5s", [{ words: { count: 3, delayMs: 1500 } }]],
    ["@@words 3", [{ words: { count: 3, delayMs: 0 } }]],
    ["@@count 5", [{ count: 5 }]],
    ["@@repeat 10", [{ repeat: { bytes: 10, text: "x" } }]],
    ["@@repeat 10 ab c", [{ repeat: { bytes: 10, text: "ab c" } }]],
    ["@@think 2s\n@@delay 100", [{ thinkMs: 2000 }, { delayMs: 100 }]],
    ["@@tool f", [{ toolCall: { name: "f", kind: "function", arguments: "{}" } }]],
    [
      '@@tool f {"a": 1}\n@@tool g not json',
      [
        { toolCall: { name: "f", kind: "function", arguments: '{"a": 1}' } },
        { toolCall: { name: "g", kind: "function", arguments: "not json" } },
      ],
    ],
    ["@@custom f some input", [{ toolCall: { name: "f", kind: "custom", arguments: "some input" } }]],
    ["@@reason hm\n@@refuse no", [{ reasoning: "hm" }, { refusal: "no" }]],
    ["@@fail", [{ error: { code: "upstream_error", afterDeltas: 0 } }]],
    [
      '@@fail code=rate_limit_exceeded after=3 retry-after=2 message="slow \\"down\\""',
      [{ error: { code: "rate_limit_exceeded", afterDeltas: 3, retryAfterSeconds: 2, message: 'slow "down"' } }],
    ],
    ["@@cut after=3", [{ words: { count: 3 } }, { cut: true }]],
    ["@@hang\n@@finish content_filter", [{ hang: true }, { finish: "content_filter" }]],
    ["@@usage prompt=10 cached=2", [{ usage: { promptTokens: 10, cachedTokens: 2 } }]],
    ["@@agent", [{ text: "main" }]],
    ["@@runs", [{ text: '{"live":0,"started":2,"completed":1,"failed":0,"cancelled":1}' }]],
    ["@@json hello", [{ text: '{"answer":"hello"}' }]],
  ])("reads %j", (given, want) => {
    expect(toSteps(given)).toEqual(want);
  });

  it.each([
    "@@",
    "@@nope",
    "@@__proto__",
    "@@words",
    "@@words -1",
    "@@words 9999999",
    "@@words 1 wait=2",
    "@@think long",
    "@@think 700s",
    "@@tool",
    "@@finish early",
    '@@echo "open',
    "@@fail code=teapot",
    "@@fail after=1 after=2",
    "@@usage prompt=x",
  ])("refuses %j, naming it and all others", (given) => {
    const refused = expect.objectContaining({
      code: "invalid_value",
      param: "messages",
      message: expect.stringContaining("@@usage"),
    });
    expect(() => toSteps(given)).toThrow(refused);
    expect(() => toSteps(given)).toThrow(given.split(" ")[0]);
  });

  const messages: Message[] = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "earlier" },
    { role: "assistant", content: "yes" },
    {
      role: "user",
      content: [
        { type: "text", text: "@@messages" },
        { type: "text", text: "@@instructions" },
      ],
    },
  ];

  it("tells what the model received", () => {
    const [seen, instructions] = toSteps(messages) as { text: string }[];
    expect(JSON.parse(seen?.text ?? "")).toEqual(messages.slice(1));
    expect(JSON.parse(instructions?.text ?? "")).toEqual(["Be brief."]);
    const tools = [{ type: "function", function: { name: "f" } }] as const;
    const [settings] = toSteps("@@settings", { tools, settings: { seed: 1 } }) as { text: string }[];
    expect(JSON.parse(settings?.text ?? "")).toEqual({ model: "assistant", tools: ["f"], settings: { seed: 1 } });
  });

  it.each<[string, Step[]]>([
    ["@@tool f", [{ text: "Tool results: $& 7\n8" }]],
    ["@@tool f\n@@then It is {result}!", [{ text: "It is $& 7\n8!" }]],
    ["@@tool f\n@@then\n@@fail", [{ text: "" }, { error: { code: "upstream_error", afterDeltas: 0 } }]],
    ["@@echo a", [{ text: "a" }]],
  ])("answers the results of %j", (given, want) => {
    expect(toSteps(afterCall(given))).toEqual(want);
  });

  it("leaves what follows `@@then` for the second round", () => {
    expect(toSteps("@@tool f\n@@then x\n@@fail")).toHaveLength(1);
  });

  it("looks at the last user message only, and at its beginning", () => {
    expect(isDirectiveText("@@echo")).toBe(true);
    expect(isDirectiveText(" @@echo")).toBe(false);
  });

  it("has a usage line and a sentence of help for every directive", () => {
    for (const [name, { usage, help }] of Object.entries(directives)) {
      expect(usage.split(" ")[0]).toBe(`@@${name}`);
      expect(help).toMatch(/\.$/);
    }
  });

  it("reads 200,000 lines in a moment", () => {
    const ms = measureCpuMs(() => {
      toSteps(`@@length\n${"x\n".repeat(200_000)}`);
      toSteps(`@@echo a\n${"x\n".repeat(200_000)}`);
    });
    expect(ms).toBeLessThan(500);
  });
});

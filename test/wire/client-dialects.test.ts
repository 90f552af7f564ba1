import { describe, expect } from "vitest";
import type { ChatCompletion, ErrorBody } from "../../src/base/contract.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";
import { startTestGateway, test } from "../gateway.fixture.ts";

const user = { role: "user", content: "Hi" };
const calling = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: "{}" } }],
};
const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };

describe("a part that is no text, where only texts are taken", () => {
  const rows = [
    {
      what: "a tool's image",
      messages: [user, calling, { role: "tool", tool_call_id: "c1", content: [image] }],
      at: 2,
    },
    { what: "a system's image", messages: [{ role: "system", content: [image] }, user], at: 0 },
    {
      what: "a developer's file",
      messages: [{ role: "developer", content: [{ type: "file", file: {} }] }, user],
      at: 0,
    },
    {
      what: "a tool's audio behind a text",
      messages: [
        user,
        calling,
        {
          role: "tool",
          tool_call_id: "c1",
          content: [{ type: "input_audio", input_audio: { data: "", format: "wav" } }],
        },
      ],
      at: 2,
    },
  ];
  test.for(rows)("is refused for what it is: $what", async ({ messages, at }, { gateway }) => {
    const response = await gateway.chat({ model: "openclaw", messages });
    const { error } = (await response.json()) as ErrorBody;
    expect([response.status, error.param]).toEqual([400, `messages[${at}].content[0].type`]);
    expect(error.message).toMatch(/Supported values are: 'text'/);
  });
});

const schemas = [
  { type: "object", properties: { age: { type: "integer" } }, required: ["age"], additionalProperties: false },
  { type: "object", properties: { ok: { const: true } }, required: ["ok"], additionalProperties: false },
  {
    type: "object",
    properties: { list: { type: "array", items: { type: "string" }, minItems: 2 } },
    required: ["list"],
  },
  { type: "object", properties: { kind: { enum: ["a"] } }, required: ["kind"] },
];
const keys = ["age", "ok", "list", "kind"];

describe("a schema beside json_object", () => {
  test.for(schemas)("is obeyed by the built-in agent: %j", async (schema, { gateway }) => {
    const body = { model: "openclaw", messages: [user], response_format: { type: "json_object", schema } };
    const response = await gateway.chat(body);
    const { choices } = (await response.json()) as ChatCompletion;
    const answer = JSON.parse(choices[0]?.message.content ?? "") as Record<string, unknown>;
    expect(Object.keys(answer)).toEqual([keys[schemas.indexOf(schema)]]);
  });

  test("is held to where the gateway sees to the form", async () => {
    const upstream = await startUpstream("anthropic", (_, count) => [
      { text: count === 0 ? '{"age":"x"}' : '{"age":7}' },
    ]);
    const gateway = await startTestGateway({
      config: {
        models: { providers: { claude: { api: "anthropic-messages", baseUrl: upstream.baseUrl } } },
        agents: { list: [{ id: "main", model: "claude/claude-sonnet-4-5", structuredOutput: "enforce" }] },
      },
    });
    const format = { type: "json_object", schema: schemas[0] };
    const response = await gateway.chat({ model: "openclaw", messages: [user], response_format: format });
    const { choices } = (await response.json()) as ChatCompletion;
    expect([choices[0]?.message.content, upstream.requests.length]).toEqual(['{"age":7}', 2]);
    expect(JSON.stringify(upstream.requests[0]?.body["system"])).toContain("age");
  });

  test("goes to a server that speaks Chat Completions as it came", async () => {
    const upstream = await startUpstream("openai-chat", [{ text: '{"age":7}' }]);
    const gateway = await startTestGateway({
      config: {
        models: { providers: { lab: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
        agents: { defaults: { model: "lab/m" } },
      },
    });
    const format = { type: "json_object", schema: schemas[0] };
    await gateway.chat({ model: "openclaw", messages: [user], response_format: format });
    expect(upstream.requests[0]?.body["response_format"]).toEqual(format);
  });

  test("is refused with its place where it is none", async ({ gateway }) => {
    const format = { type: "json_object", schema: { type: "nothing" } };
    const response = await gateway.chat({ model: "openclaw", messages: [user], response_format: format });
    expect([response.status, ((await response.json()) as ErrorBody).error.param]).toEqual([
      400,
      "response_format.schema.type",
    ]);
  });
});

describe("what a part of the instructions says besides its text", () => {
  const cached = { type: "text", text: "sys", cache_control: { type: "ephemeral" } };
  const plain = { type: "text", text: "more" };
  const rows = [
    { sent: [{ role: "system", content: [cached] }], want: [cached] },
    { sent: [{ role: "system", content: [plain, cached] }], want: [plain, cached] },
    {
      sent: [
        { role: "system", content: "first" },
        { role: "developer", content: [cached] },
      ],
      want: [{ type: "text", text: "first" }, cached],
    },
    { sent: [{ role: "system", content: [plain, plain] }], want: "moremore" },
  ];
  test.for(rows)("reaches the server: %j", async ({ sent, want }) => {
    const upstream = await startUpstream("openai-chat", [{ text: "ok" }]);
    const gateway = await startTestGateway({
      config: {
        models: { providers: { lab: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
        agents: { defaults: { model: "lab/m" } },
      },
    });
    await gateway.chat({ model: "openclaw", messages: [...sent, user] });
    expect(upstream.requests[0]?.body["messages"]).toEqual([{ role: "system", content: want }, user]);
  });
});

test.for([
  ["words", { messages: [user] }],
  [
    "a call",
    {
      messages: [{ role: "user", content: "@@tool look {}" }],
      tools: [{ type: "function", function: { name: "look" } }],
    },
  ],
  ["a legacy call", { messages: [{ role: "user", content: "@@tool look {}" }], functions: [{ name: "look" }] }],
  ["JSON", { messages: [user], response_format: { type: "json_object" } }],
] as const)("an answer has annotations, and none: %s", async ([, body], { gateway }) => {
  const response = await gateway.chat({ model: "openclaw", ...body });
  const { choices } = (await response.json()) as ChatCompletion;
  expect(choices[0]?.message.annotations).toEqual([]);
});

import { describe, expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { readTalk, say } from "../talk.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";

const user = { role: "user", content: "hi" };
const fn = (more: object): object => ({ type: "function", function: { name: "get_weather", ...more } });
const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } };
const result = { role: "tool", tool_call_id: "call_1", content: "cold" };
const schema = (more: object): object => ({ type: "json_schema", json_schema: { name: "n", ...more } });
const tools = [fn({})];

/** Requests with nulls, and the same ones without. */
const rows: readonly (readonly [what: string, given: object, same: object])[] = [
  ["tools", { tools: null }, {}],
  ["tool_choice", { tool_choice: null }, {}],
  ["tool_choice beside tools", { tools, tool_choice: null }, { tools }],
  ["parallel_tool_calls", { tools, parallel_tool_calls: null }, { tools }],
  ["user", { user: null }, {}],
  ["response_format", { response_format: null }, {}],
  ["functions", { functions: null }, {}],
  ["functions beside tools", { tools, functions: null, function_call: null }, { tools }],
  ["function_call", { functions: [{ name: "f" }], function_call: null }, { functions: [{ name: "f" }] }],
  ["tools beside functions", { tools: null, functions: [{ name: "f" }] }, { functions: [{ name: "f" }] }],
  ["stream_options", { stream_options: null }, {}],
  ["prompt_cache_options and web_search_options", { prompt_cache_options: null, web_search_options: null }, {}],
  ["prompt_cache_options.ttl", { prompt_cache_options: { ttl: null } }, { prompt_cache_options: {} }],
  ["the parts of a function", { tools: [fn({ parameters: null, description: null, strict: null })] }, { tools }],
  [
    "the parts of a legacy function",
    { functions: [{ name: "f", parameters: null, description: null }] },
    { functions: [{ name: "f" }] },
  ],
  [
    "words of a function's schema",
    { tools: [fn({ parameters: { type: "object", properties: null, required: null, $defs: null } })] },
    { tools: [fn({ parameters: { type: "object" } })] },
  ],
  [
    "words of a schema within",
    { tools: [fn({ parameters: { type: "object", properties: { a: { type: null, items: null, default: null } } } })] },
    { tools: [fn({ parameters: { type: "object", properties: { a: { default: null } } } })] },
  ],
  [
    "the parts of a custom tool",
    { tools: [{ type: "custom", custom: { name: "c", description: null, format: null } }] },
    { tools: [{ type: "custom", custom: { name: "c" } }] },
  ],
  [
    "the parts of a JSON schema",
    { response_format: schema({ description: null, schema: null, strict: null }) },
    { response_format: schema({}) },
  ],
  [
    "words of a schema that are not checked, and not where they are values",
    {
      tools: [
        fn({
          parameters: {
            type: "object",
            title: null,
            additionalProperties: null,
            properties: {
              a: { type: ["string", "null"], description: null, pattern: null, enum: ["x", null], const: null },
            },
          },
        }),
      ],
    },
    {
      tools: [
        fn({
          parameters: {
            type: "object",
            properties: { a: { type: ["string", "null"], enum: ["x", null], const: null } },
          },
        }),
      ],
    },
  ],
  [
    "words of the schema of an answer",
    { response_format: schema({ schema: { type: "object", title: null, properties: { a: { description: null } } } }) },
    { response_format: schema({ schema: { type: "object", properties: { a: {} } } }) },
  ],
  [
    "keys of a tool, a choice and a format that belong to another kind",
    {
      tools: [{ ...fn({ title: null }), custom: null, cache_control: null }],
      tool_choice: { type: "allowed_tools", function: null, allowed_tools: { mode: "auto", tools } },
      response_format: { type: "text", json_schema: null },
    },
    {
      tools,
      tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools } },
      response_format: { type: "text" },
    },
  ],
  [
    "keys of a part of a message that no contract names",
    {
      messages: [
        {
          role: "user",
          content: [{ type: "text", text: "hi", annotations: null, cache_control: null, image_url: null }],
        },
      ],
    },
    { messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }] },
  ],
  [
    "keys of a call that no contract names",
    { tools, messages: [user, { role: "assistant", tool_calls: [{ ...call, index: null, custom: null }] }, result] },
    { tools, messages: [user, { role: "assistant", tool_calls: [call] }, result] },
  ],
  ["a name", { messages: [{ ...user, name: null }] }, { messages: [user] }],
  [
    "the name of an instruction",
    { messages: [{ role: "system", content: "s", name: null }, user] },
    { messages: [{ role: "system", content: "s" }, user] },
  ],
  [
    "tool_calls",
    { messages: [{ role: "assistant", content: "a", tool_calls: null }, user] },
    { messages: [{ role: "assistant", content: "a" }, user] },
  ],
  [
    "everything that the Python SDK writes of an answer",
    {
      messages: [
        user,
        {
          content: "a",
          refusal: null,
          role: "assistant",
          annotations: null,
          audio: null,
          function_call: null,
          tool_calls: null,
          name: null,
          parsed: null,
        },
        user,
      ],
    },
    { messages: [user, { role: "assistant", content: "a" }, user] },
  ],
  [
    "everything that the Python SDK writes of a call",
    {
      tools,
      messages: [
        user,
        { content: null, refusal: null, role: "assistant", audio: null, function_call: null, tool_calls: [call] },
        result,
      ],
    },
    { tools, messages: [user, { role: "assistant", content: null, tool_calls: [call] }, result] },
  ],
  [
    "everything at once",
    Object.fromEntries(
      ["tools", "tool_choice", "parallel_tool_calls", "user", "response_format", "functions", "function_call"].map(
        (name) => [name, null],
      ),
    ),
    {},
  ],
];

describe("null is absent", () => {
  test.for(rows)("in %s: the model and the provider hear nothing of it", async ([, given, same]) => {
    const upstream = await startUpstream("openai-chat", [{ text: '{"a":1}' }]);
    const gateway = await startTestGateway({
      config: {
        agents: { list: [{ id: "main", default: true, model: "lab/x" }] },
        models: {
          providers: {
            lab: { api: "openai-completions", baseUrl: upstream.baseUrl, compat: { supportsCustomTools: true } },
          },
        },
      },
    });
    const base = { model: "openclaw", messages: [user], metadata: { a: "b" } };
    for (const body of [given, same]) {
      const { status, headers, error } = await readTalk(await gateway.chat({ ...base, ...body }));
      expect({ status, error }).toEqual({ status: 200, error: undefined });
      expect(headers.get("x-clawgate-ignored")).toBe(
        "web_search_options" in body && body.web_search_options !== null ? "web_search_options" : null,
      );
    }
    const [first, second] = upstream.requests;
    expect(first?.body).toEqual(second?.body);
  });

  test("in stream_options.include_usage: no chunk has usage", async ({ gateway }) => {
    const stream = async (options: unknown): Promise<string> =>
      (await gateway.chat({ model: "openclaw", messages: [user], stream: true, stream_options: options })).text();
    for (const options of [null, { include_usage: null }, { include_usage: null, include_obfuscation: null }]) {
      const text = await stream(options);
      expect(text).toContain("data: [DONE]");
      expect(text).not.toContain('"usage"');
    }
    expect(await stream({ include_usage: true, include_obfuscation: null })).toContain('"usage"');
  });

  test("in user: the call is stateless", async ({ gateway }) => {
    const { sessionKey } = await say(gateway, "hi", { body: { user: null } });
    expect(sessionKey).toMatch(/^agent:main:openai:[0-9a-f-]{36}$/);
  });

  test("in a part of a message: the model reads what is there", async ({ gateway }) => {
    const file = { type: "file", file: { file_id: null, filename: null, file_data: null } };
    const image = {
      type: "image_url",
      image_url: {
        url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        detail: null,
      },
    };
    const { status } = await say(gateway, [{ role: "user", content: [{ type: "text", text: "hi" }, image] }]);
    expect(status).toBe(200);
    const { error } = await say(gateway, [{ role: "user", content: [file] }]);
    expect(error?.code).not.toBe("invalid_type");
  });

  test("but not where it is a value of a schema, at any depth", async () => {
    const a = { type: ["string", "null"], enum: ["x", null], const: null, default: null };
    const parameters = { type: "object", properties: { a, b: { type: "array", items: a } }, default: null };
    const upstream = await startUpstream("openai-chat", [{ text: "ok" }]);
    const gateway = await startTestGateway({
      config: {
        agents: { list: [{ id: "main", default: true, model: "lab/x" }] },
        models: { providers: { lab: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
      },
    });
    expect((await say(gateway, "hi", { body: { tools: [fn({ parameters })] } })).status).toBe(200);
    expect(upstream.requests[0]?.body["tools"]).toEqual([fn({ parameters })]);
  });

  test("in what a session keeps", async () => {
    const gateway = await startTestGateway();
    const ask = { body: { user: "ada" } };
    expect((await say(gateway, [{ ...user, name: null }], ask)).status).toBe(200);
    const { text } = await say(gateway, "@@messages", ask);
    expect(text).not.toContain("null");
  });

  const refused: readonly (readonly [what: string, body: object, param: string])[] = [
    ["messages", { messages: null }, "messages"],
    ["a model", { model: null }, "model"],
    ["the content of a user", { messages: [{ role: "user", content: null }] }, "messages[0].content"],
    ["a message", { messages: [null] }, "messages[0]"],
    ["a tool", { tools: [null] }, "tools[0]"],
    ["the name of a function", { tools: [fn({ name: null })] }, "tools[0].function.name"],
    ["a function", { tools: [{ type: "function", function: null }] }, "tools[0].function"],
    ["the type of a format", { response_format: { type: null } }, "response_format.type"],
    ["a value of metadata", { metadata: { a: null } }, "metadata.a"],
  ];
  test.for(refused)("but not where something must be: %s", async ([, body, param], { gateway }) => {
    const { status, error } = await say(gateway, "hi", { body });
    expect({ status, param: error?.param }).toEqual({ status: 400, param });
  });
});

import { describe, expect, test } from "vitest";
import type { ToolServerConfig } from "../../src/base/contract.ts";
import { play, playHttp } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { done, good, type Script } from "../../src/tool/mcp/scripted-talk.fixture.ts";
import { pick } from "../breadth.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { say, type Talk } from "../talk.fixture.ts";
import { startUpstream, type Upstream } from "./servers/upstream.fixture.ts";

const transports: readonly (readonly [name: string, toServer: (script: Script) => Promise<ToolServerConfig>])[] = [
  ["a program", async (script) => play(script)],
  ["an address that answers in JSON", (script) => playHttp(script, "json")],
  ["an address that answers in events", (script) => playHttp(script, "events")],
];
const tried = pick(transports, ([name]) => name === "a program");
const [, [, quickly]] = transports as [unknown, (typeof transports)[number]];

interface Ran {
  readonly talk: Talk;
  /** As the model was offered them, without the name of the server. */
  readonly tools: readonly { readonly name: string; readonly parameters: unknown }[];
  /** What the model read of the call. */
  readonly result: unknown;
  /** The tool and the field of each warning. */
  readonly warnings: readonly (readonly [tool: unknown, field: unknown])[];
  readonly gateway: TestGateway;
}

/** An agent of this tool server, whose model calls `good` and then answers. */
async function run(server: ToolServerConfig): Promise<Ran> {
  const upstream = await startUpstream("openai-chat", (_, count) =>
    count % 2 === 0 ? [{ call: { id: "call_1", name: "odd__good", args: {} } }] : [{ text: "ok" }],
  );
  const gateway = await startTestGateway({
    config: {
      models: { providers: { house: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
      mcp: { servers: { odd: server } },
      agents: { list: [{ id: "main", default: true, model: "house/small", tools: { odd: ["*"] } }] },
    },
  });
  const talk = await say(gateway, "hi");
  const warnings = gateway.log
    .filter(({ level, toolServer }) => toolServer === "odd" && level === 40)
    .map(({ tool, field }) => [tool, field] as const);
  return { talk, tools: readTools(upstream), result: readToolMessage(upstream), warnings, gateway };
}

function readTools({ requests }: Upstream): Ran["tools"] {
  const tools = (requests[0]?.body["tools"] ?? []) as { function: { name: string; parameters: unknown } }[];
  return tools.map(({ function: { name, parameters } }) => ({ name: name.replace("odd__", ""), parameters }));
}

function readToolMessage({ requests }: Upstream): unknown {
  const messages = (requests[1]?.body["messages"] ?? []) as { role: string; content: unknown }[];
  return messages.find(({ role }) => role === "tool")?.content;
}

const toNames = ({ tools }: Ran): string[] => tools.map(({ name }) => name);
const anyObject = { type: "object", properties: {} };
const city = { type: "object", properties: { city: { type: "string" } } };

describe.each(tried)("a list of tools that comes from %s", (_, toServer) => {
  test("is used but for the tools that cannot be used, and each of these is named once", async () => {
    const odd = [
      { name: "no-schema" },
      { name: "null-schema", inputSchema: null },
      { name: "any-schema", inputSchema: true },
      { name: "php", inputSchema: { type: "object", properties: [] } },
      { name: "no-type", inputSchema: { anyOf: [city] } },
      { name: "or-null", inputSchema: { ...city, type: ["object", "null"] } },
      {
        name: "nulls",
        title: null,
        annotations: null,
        icons: null,
        outputSchema: null,
        _meta: null,
        inputSchema: city,
      },
      { name: "hint", annotations: { readOnlyHint: null }, execution: null, inputSchema: city, description: null },
      { name: "icon", icons: [{ src: 7 }, null], inputSchema: { ...city, required: null } },
      { name: "text", inputSchema: { type: "string" } },
      { name: "list", inputSchema: [1] },
      { name: "never", inputSchema: false },
      { name: "", inputSchema: city },
      { name: 7, inputSchema: city },
      { inputSchema: city },
      null,
      "tool",
    ];
    const server = await toServer({ pages: [{ tools: [...odd, good, good], nextCursor: null, _meta: null }] });
    const ran = await run(server);
    expect(ran.talk).toMatchObject({ status: 200, text: "ok" });
    expect(ran.result).toBe("done");
    expect(ran.tools).toEqual([
      { name: "no-schema", parameters: anyObject },
      { name: "null-schema", parameters: anyObject },
      { name: "any-schema", parameters: anyObject },
      { name: "php", parameters: anyObject },
      { name: "no-type", parameters: { type: "object", anyOf: [city] } },
      { name: "or-null", parameters: city },
      { name: "nulls", parameters: city },
      { name: "hint", parameters: city },
      { name: "icon", parameters: city },
      { name: "good", parameters: anyObject },
    ]);
    expect(ran.warnings).toEqual([
      ["text", "inputSchema.type"],
      ["list", "inputSchema"],
      ["never", "inputSchema"],
      ["#13", "name"],
      ["#14", "name"],
      ["#15", "name"],
      ["#16", "tools"],
      ["#17", "tools"],
      ["good", "name"],
    ]);
    await say(ran.gateway, "again");
    expect(ran.gateway.log.filter(({ toolServer }) => toolServer === "odd")).toHaveLength(9);
  });
});

describe("a list of many pages", () => {
  const page = (index: number, nextCursor: unknown): object => ({
    tools: [{ ...good, name: index === 0 ? "good" : `tool${index}` }],
    nextCursor,
  });
  test("is read to its end", async () => {
    const pages = Array.from({ length: 30 }, (_, index) => page(index, index === 29 ? null : `to ${index + 1}`));
    const ran = await run(await quickly({ pages }));
    expect(toNames(ran)).toHaveLength(30);
    expect(ran.warnings).toEqual([]);
  });

  const endless = Array.from({ length: 100 }, (_, index) => page(index, `to ${index + 1}`));
  test.each<[what: string, script: Script, names: number, field: string | undefined]>([
    ["has no end", { pages: endless }, 64, "nextCursor"],
    ["has the same cursor for ever", { pages: [page(0, "a"), page(1, "a")] }, 2, "nextCursor"],
    ["goes round in a circle", { pages: [page(0, "a"), page(1, "b"), page(2, "a")] }, 3, "nextCursor"],
    ["has a number for a cursor", { pages: [page(0, 7)] }, 1, "nextCursor"],
    ["ends with an empty cursor", { pages: [page(0, "a"), page(1, "")] }, 2, undefined],
    ["breaks off", { pages: [page(0, "a"), { tools: null }] }, 1, "tools"],
    [
      "is all on one page",
      { tools: [good, ...Array.from({ length: 2000 }, (_, i) => ({ name: `t${i}` }))] },
      128,
      "tools",
    ],
  ])("that %s counts as far as it was read", async (_, script, names, field) => {
    const ran = await run(await quickly(script));
    expect(ran.talk.text).toBe("ok");
    expect(toNames(ran)).toHaveLength(names);
    expect(ran.warnings).toEqual(field === undefined ? [] : [[undefined, field]]);
  });
});

test.each<[what: string, given: object, want: object]>([
  [
    "drops nulls",
    { title: null, properties: { a: { type: "string", description: null, format: null } } },
    { properties: { a: { type: "string" } } },
  ],
  [
    "drops nulls in depth",
    { properties: { a: { items: { enum: null, properties: { b: { minimum: null } } } } } },
    { properties: { a: { items: { properties: { b: {} } } } } },
  ],
  [
    "keeps nulls that are values",
    { properties: { a: { default: null, enum: ["x", null], const: null, examples: [null] } } },
    { properties: { a: { default: null, enum: ["x", null], const: null, examples: [null] } } },
  ],
  [
    "keeps what a default holds",
    { properties: { a: { default: { b: null, type: null } } } },
    { properties: { a: { default: { b: null, type: null } } } },
  ],
  [
    "keeps properties of the names of keywords",
    { properties: { default: null, required: { type: "string", title: null } } },
    { properties: { default: {}, required: { type: "string" } } },
  ],
  [
    "takes a null among types for the type",
    { properties: { a: { type: ["string", null] } } },
    { properties: { a: { type: ["string", "null"] } } },
  ],
  [
    "drops a null among schemas",
    { properties: { a: { anyOf: [null, { type: "string" }] } }, $defs: { b: null } },
    { properties: { a: { anyOf: [{ type: "string" }] } }, $defs: { b: {} } },
  ],
  [
    "drops a `required` that is no list",
    { properties: { a: { type: "string", required: true } }, required: ["a", null] },
    { properties: { a: { type: "string" } }, required: ["a"] },
  ],
  [
    "says types as JSON Schema does",
    { properties: { a: { type: "STRING" }, b: { type: "int" }, c: { type: ["Number", "none"] }, d: { type: "any" } } },
    { properties: { a: { type: "string" }, b: { type: "integer" }, c: { type: ["number", "null"] }, d: {} } },
  ],
  [
    "says bounds as later drafts do",
    { properties: { a: { minimum: 0, exclusiveMinimum: true }, b: { maximum: 9, exclusiveMaximum: false } } },
    { properties: { a: { exclusiveMinimum: 0 }, b: { maximum: 9 } } },
  ],
  ["drops a choice of nothing", { properties: { a: { enum: [] } } }, { properties: { a: {} } }],
  ["gives lists items", { properties: { a: { type: "list" } } }, { properties: { a: { type: "array", items: {} } } }],
  ["gives an object properties", { additionalProperties: false }, { additionalProperties: false, properties: {} }],
  ["leaves extensions alone", { "x-order": [null, 1], properties: {} }, { "x-order": [null, 1], properties: {} }],
])("a schema of arguments %s", async (_, given, want) => {
  const ran = await run(await quickly({ tools: [{ name: "good", inputSchema: { type: "object", ...given } }] }));
  expect(ran.tools).toEqual([{ name: "good", parameters: { type: "object", ...want } }]);
});

test("a schema that is larger than any that is written leaves out its tool alone", async () => {
  const properties = Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`p${index}`, { type: "string" }]));
  const ran = await run(
    await quickly({ tools: [{ name: "wide", inputSchema: { type: "object", properties } }, good] }),
  );
  expect(toNames(ran)).toEqual(["good"]);
  expect(ran.warnings).toEqual([["wide", "inputSchema"]]);
});

test("a schema that is nested too deep leaves out its tool alone", async () => {
  let deep = '{"type":"string"}';
  for (let depth = 0; depth < 150; depth += 1) deep = `{"items":${deep}}`;
  const ran = await run(await quickly({ tools: [{ name: "deep", inputSchema: JSON.parse(deep) as object }, good] }));
  expect(toNames(ran)).toEqual(["good"]);
  expect(ran.warnings).toEqual([["deep", "inputSchema"]]);
});

const note = { type: "text", text: "seen" };
const results: readonly (readonly [what: string, result: unknown, want: string])[] = [
  ["nulls in a block", { content: [{ ...note, annotations: null, _meta: null }] }, "seen"],
  ["nulls beside the content", { content: [note], structuredContent: null, isError: null, _meta: null }, "seen"],
  ["a `_meta` that is none", { content: [note], _meta: [1] }, "seen"],
  ["a new kind of block", { content: [note, { type: "video" }] }, "seen\n[video]"],
  [
    "a new kind of block alone",
    { content: [{ type: "video", mimeType: "video/mp4", uri: "a:b" }] },
    "[video: a:b, video/mp4]",
  ],
  ["a new kind of block that says something", { content: [{ type: "markdown", text: "# a" }] }, "[markdown]\n# a"],
  ["a block without a type", { content: [{ text: "a" }, { type: null, text: "b" }, {}] }, "a\nb\n[unknown content]"],
  ["null for a block", { content: [null, note, "more", 7] }, "seen\nmore\n7"],
  ["a text that is null", { content: [{ type: "text", text: null }, note] }, "seen"],
  ["a text that is an object", { content: [{ type: "text", text: { a: null } }] }, '{"a":null}'],
  ["a text for the content", { content: "seen" }, "seen"],
  ["a block for the content", { content: note }, "seen"],
  ["the old form", { toolResult: { a: [1, null] } }, '{"a":[1,null]}'],
  ["the old form as a text", { toolResult: "seen" }, "seen"],
  ["a structure alone", { structuredContent: { a: null } }, '{"a":null}'],
  ["a structure that is a list", { content: [], structuredContent: [1, null] }, "[1,null]"],
  [
    "a structure beside an empty text",
    { content: [{ type: "text", text: "" }], structuredContent: { a: 1 } },
    '\n{"a":1}',
  ],
  ["a structure beside a new kind of block", { content: [{ type: "video" }], structuredContent: 7 }, "[video]\n7"],
  ["no content", {}, ""],
  ["null for the content", { content: null }, ""],
  ["another form altogether", { answer: 42, isError: false, error: null }, '{"answer":42}'],
  ["null", null, ""],
  ["a text", "seen", "seen"],
  ["a list", [1, null], "[1,null]"],
  ["links", { content: [{ type: "resource_link", uri: "a:b", name: null, mimeType: null }] }, "[resource: a:b]"],
  ["a link without an address", { content: [{ type: "resource_link", name: "b", uri: null }] }, "[resource: b]"],
  ["a resource", { content: [{ type: "resource", resource: { uri: null, text: "seen", blob: null } }] }, "seen"],
  [
    "a resource of bytes",
    { content: [{ type: "resource", resource: { uri: "a:b", text: null, blob: "AAAA", mimeType: null } }] },
    "[resource: a:b, application/octet-stream, 3 bytes]",
  ],
  ["a resource of nothing", { content: [{ type: "resource", resource: null }] }, "[resource]"],
  ["the old form beside an empty content", { content: [], toolResult: "seen" }, "seen"],
  ["the old form around the new", { toolResult: { content: [note] } }, "seen"],
  ["blocks without a result", [note, { type: "resource_link", uri: "a:b" }], "seen\n[resource: a:b]"],
  ["a block without a result", note, "seen"],
  ["data that has a type", { type: "row", text: "a" }, '{"type":"row","text":"a"}'],
  ["a new kind of block with data", { content: [{ type: "json", json: { a: 1 } }] }, '[json]\n{"json":{"a":1}}'],
  ["a new kind of block of data", { content: [{ type: "table", data: [[1]] }] }, '[table]\n{"data":[[1]]}'],
  ["a resource that is the block itself", { content: [{ type: "resource", uri: "a:b", text: "seen" }] }, "seen"],
  ["an image elsewhere", { content: [{ type: "image", url: "https://a.example/b" }] }, "[image: https://a.example/b]"],
  ["an image without bytes", { content: [{ type: "image", data: null, mimeType: "image/png" }] }, "[image: image/png]"],
];

test.each(results)("a result of %s is shown, for the tool has run", async (_, result, want) => {
  const ran = await run(await quickly({ results: { good: result } }));
  expect(ran.talk).toMatchObject({ status: 200, text: "ok" });
  expect(ran.result).toBe(want);
});

describe.each(tried)("a result that comes from %s", (_, toServer) => {
  test.each([
    ["null for its `_meta`", { results: { good: { content: [note], _meta: null } } }, "seen"],
    ["null for the error beside it", { beside: { error: null } }, "done"],
    ["keys of no protocol beside it", { beside: { took: 12, jsonrpc: null } }, "done"],
    ["a text alone", { results: { good: "seen" } }, "seen"],
    [
      "null for it beside an error",
      { results: { good: null }, beside: { error: { code: -32_000, message: "no" } } },
      "no",
    ],
    ["an error of a text alone", { results: { good: null }, beside: { error: "no way" } }, "no way"],
  ] as const)("with %s is shown", async (__, script, want) => {
    expect((await run(await toServer(script))).result).toBe(want);
  });

  test.each<[what: string, initialize: object]>([
    ["nulls", { instructions: null, serverInfo: { name: "x", version: "1", title: null }, _meta: null }],
    ["no capabilities", { capabilities: {} }],
    ["null for all capabilities", { capabilities: null }],
    ["null for the capability", { capabilities: { tools: null } }],
    ["no revision", { protocolVersion: null }],
    ["a number for a revision", { protocolVersion: 1 }],
    ["nulls for capabilities", { capabilities: { tools: { listChanged: null }, prompts: null, logging: null } }],
    ["no name of its own", { serverInfo: null }],
  ])("works after a greeting with %s", async (__, initialize) => {
    expect(await run(await toServer({ initialize }))).toMatchObject({ result: "done", warnings: [] });
  });
});

test("the form of a result says nothing of its failure", async () => {
  const ran = await run(await quickly({ results: { good: { ...done, isError: true, content: [{ type: "video" }] } } }));
  expect(ran.result).toBe("[video]");
});

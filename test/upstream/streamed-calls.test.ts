import { expect, test } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { ask, startHouse, type ToldCall, wholeOnly } from "./answers.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";

/** A piece of a call as some server writes it. */
type Piece = Readonly<Record<string, unknown>>;

function toScript(deltas: readonly (readonly Piece[])[], reason = "tool_calls"): Script {
  const toChunk = (delta: object, finish: string | null = null): Script[number] => ({
    raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
  });
  return [
    ...deltas.map((calls) => toChunk({ tool_calls: calls })),
    toChunk({}, reason),
    { raw: "data: [DONE]\n\n" },
    { hang: true },
  ];
}

function toWhole(calls: readonly Piece[], reason = "tool_calls"): Script {
  const message = { role: "assistant", content: null, tool_calls: calls };
  const body = { object: "chat.completion", choices: [{ index: 0, message, finish_reason: reason }] };
  return [{ status: 200, body }];
}

const head = (
  index: number | undefined,
  id: string | null | undefined,
  name: string | undefined,
  text?: unknown,
): Piece => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: "function",
  function: { ...(name === undefined ? {} : { name }), ...(text === undefined ? {} : { arguments: text }) },
});
const more = (index: number | undefined, text: string): Piece => ({
  ...(index === undefined ? {} : { index }),
  function: { arguments: text },
});

const made = expect.stringMatching(/^call_[\da-f]{24}$/) as string;
const oslo = (id: string): ToldCall => ({ id, name: "get_weather", text: '{"city":"Oslo"}' });
const rome = (id: string): ToldCall => ({ id, name: "get_weather", text: '{"city":"Rome"}' });
const time = (id: string, text = '{"zone":"UTC"}'): ToldCall => ({ id, name: "get_time", text });

const w = "get_weather";
const [osloText, romeText] = ['{"city":"Oslo"}', '{"city":"Rome"}'];

const streams: readonly [what: string, deltas: readonly (readonly Piece[])[], want: readonly ToldCall[]][] = [
  [
    "mixed up by index",
    [
      [head(0, "a", w, "")],
      [head(1, "b", w, "")],
      [more(1, '{"city"')],
      [more(0, '{"city"')],
      [more(1, ':"Rome"}')],
      [more(0, ':"Oslo"}')],
    ],
    [oslo("a"), rome("b")],
  ],
  [
    "with both heads in one delta, and then both arguments",
    [
      [head(0, "a", w, ""), head(1, "b", w, "")],
      [more(0, osloText), more(1, romeText)],
    ],
    [oslo("a"), rome("b")],
  ],
  [
    "with three of them, the last one's arguments first",
    [
      [head(0, "a", w), head(1, "b", w), head(2, "c", "get_time")],
      [more(2, '{"zone":"UTC"}')],
      [more(1, romeText)],
      [more(0, osloText)],
    ],
    [oslo("a"), rome("b"), time("c")],
  ],
  ["with one id at two indices", [[head(0, "a", w, osloText)], [head(1, "a", w, romeText)]], [oslo("a"), rome(made)]],
  [
    "with one id at two indices, of two tools",
    [[head(0, "a", w, osloText), head(1, "a", "get_time", '{"zone":"UTC"}')]],
    [oslo("a"), time(made)],
  ],
  [
    "with one id at two indices, in pieces",
    [[head(0, "a", w, "{")], [head(1, "a", w, "{")], [more(0, osloText.slice(1))], [more(1, romeText.slice(1))]],
    [oslo("a"), rome(made)],
  ],
  [
    "without ids, under one index",
    [[head(0, undefined, w, osloText)], [head(0, undefined, w, romeText)]],
    [oslo(made), rome(made)],
  ],
  [
    "without ids, under one index, the same twice",
    [[head(0, undefined, w, osloText)], [head(0, undefined, w, osloText)]],
    [oslo(made), oslo(made)],
  ],
  [
    "without ids and indices, all at once",
    [[head(undefined, undefined, w, osloText), head(undefined, undefined, w, romeText)]],
    [oslo(made), rome(made)],
  ],
  [
    "with ids and without indices",
    [[head(undefined, "a", w, "")], [more(undefined, osloText)], [head(undefined, "b", w, romeText)]],
    [oslo("a"), rome("b")],
  ],
  [
    "whole, under one index, with ids",
    [[head(0, "a", w, osloText)], [head(0, "b", w, romeText)]],
    [oslo("a"), rome("b")],
  ],
  [
    "with the id first and the name later",
    [[{ index: 0, id: "a", type: "function" }], [head(0, undefined, w)], [more(0, osloText)]],
    [oslo("a")],
  ],
  [
    "with arguments before the name",
    [[{ index: 0, id: "a", ...more(0, osloText) }], [head(0, undefined, w)]],
    [oslo("a")],
  ],
  [
    "with the name in pieces",
    [[head(0, "a", "get_", "")], [head(0, undefined, "weather", "")], [more(0, osloText)]],
    [oslo("a")],
  ],
  ["with the head in every piece", [[head(0, "a", w, '{"city"')], [head(0, "a", w, ':"Oslo"}')]], [oslo("a")]],
  ["with arguments as an object", [[head(0, "a", w, { city: "Oslo" })]], [oslo("a")]],
  ["without arguments", [[head(0, "a", "get_time", "")]], [time("a", "{}")]],
  [
    "without arguments, with another behind it",
    [[head(0, "a", "get_time", "")], [head(1, "b", w, osloText)]],
    [time("a", "{}"), oslo("b")],
  ],
  [
    "with null in every field",
    [[head(0, "a", "get_time")], [{ index: 0, id: null, type: null, function: { name: null, arguments: null } }]],
    [time("a", "{}")],
  ],
  ["with an empty object first", [[head(0, "a", w, "{}")], [more(0, osloText)]], [oslo("a")]],
  ["with an empty id", [[head(0, "", w, osloText)]], [oslo(made)]],
];

test.each(streams)("calls are read that stream %s", async (_, deltas, want) => {
  const { gateway } = await startHouse(toScript(deltas));
  for (const stream of [true, false]) {
    const told = await ask(gateway, { stream });
    expect(told).toMatchObject({ status: 200, calls: want, finishReason: "tool_calls" });
    expect(new Set(told.calls.map(({ id }) => id)).size).toBe(want.length);
  }
});

const wholes: readonly [what: string, calls: readonly Piece[], want: readonly ToldCall[]][] = [
  ["one id twice", [head(undefined, "a", w, osloText), head(undefined, "a", w, romeText)], [oslo("a"), rome(made)]],
  [
    "one id and index twice, of two tools",
    [head(0, "a", w, osloText), head(0, "a", "get_time", '{"zone":"UTC"}')],
    [oslo("a"), time(made)],
  ],
  ["no ids", [head(undefined, undefined, w, osloText), head(undefined, null, w, osloText)], [oslo(made), oslo(made)]],
  [
    "no ids and no arguments",
    [head(undefined, undefined, "get_time"), head(undefined, undefined, "get_time", null)],
    [time(made, "{}"), time(made, "{}")],
  ],
  [
    "arguments as objects",
    [head(undefined, "a", w, { city: "Oslo" }), head(undefined, "b", "get_time", {})],
    [oslo("a"), time("b", "{}")],
  ],
  ["an empty text for none", [head(undefined, "a", "get_time", "")], [time("a", "{}")]],
  ["no type", [{ id: "a", function: { name: w, arguments: osloText } }], [oslo("a")]],
];

test.each(wholes)("calls are read of a whole answer with %s", async (_, calls, want) => {
  const { gateway } = await startHouse(toWhole(calls), { provider: wholeOnly });
  for (const stream of [true, false]) {
    const told = await ask(gateway, { stream });
    expect(told).toMatchObject({ status: 200, calls: want, finishReason: "tool_calls" });
    expect(new Set(told.calls.map(({ id }) => id)).size).toBe(want.length);
  }
});

test("calls of the agent's own tools that come mixed up are run, each with its own arguments", async () => {
  const say = "fixture__say";
  const deltas = [
    [head(0, "a", say, ""), head(1, "a", say, "")],
    [more(1, '{"text":"two"}'), more(0, '{"text":"one"}')],
  ];
  const config = {
    mcp: { servers: { fixture: await playSay() } },
    agents: { list: [{ id: "main", default: true, model: "vendor/x", tools: { fixture: ["*"] } }] },
  };
  const { gateway, upstream } = await startHouse((_, count) => (count === 0 ? toScript(deltas) : [{ text: "Done." }]), {
    config,
  });
  expect(await ask(gateway, { stream: true })).toMatchObject({ text: "Done.", calls: [], finishReason: "stop" });
  const messages = upstream.requests[1]?.body["messages"] as { role: string; tool_call_id?: string; content: string }[];
  const results = messages.filter(({ role }) => role === "tool");
  expect(results.map(({ content }) => content)).toEqual([
    expect.stringContaining("one"),
    expect.stringContaining("two"),
  ]);
  expect(new Set(results.map(({ tool_call_id: id }) => id)).size).toBe(2);
});

test.each(["anthropic-messages", "google-generative-ai", "openai-responses"] as const)(
  "%s: of two calls with one id, the second gets another",
  async (api) => {
    const script: Script = [
      { call: { id: "same", name: w, args: { city: "Oslo" } } },
      { call: { id: "same", name: w, args: { city: "Rome" } } },
    ];
    const { gateway } = await startHouse(script, { api });
    for (const stream of [true, false]) {
      expect(await ask(gateway, { stream })).toMatchObject({
        calls: [oslo("same"), rome(made)],
        finishReason: "tool_calls",
      });
    }
  },
);

test("blocks of Claude that come mixed up are put in order", async () => {
  const toEvent = (value: { type: string }): string => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
  const start = (index: number, id: string): object => ({
    type: "content_block_start",
    index,
    content_block: { type: "tool_use", id, name: w, input: {} },
  });
  const delta = (index: number, text: string): object => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json: text },
  });
  const events = [
    start(0, "a"),
    start(1, "b"),
    delta(1, '{"city":'),
    delta(0, '{"city":'),
    delta(1, '"Rome"}'),
    { type: "content_block_stop", index: 1 },
    delta(0, '"Oslo"}'),
    { type: "content_block_stop", index: 0 },
  ];
  const raw = events.map((event) => toEvent(event as { type: string })).join("");
  const { gateway } = await startHouse([{ raw }, { finish: "tool_calls" }], { api: "anthropic-messages" });
  for (const stream of [true, false]) {
    expect(await ask(gateway, { stream })).toMatchObject({ calls: [oslo("a"), rome("b")], finishReason: "tool_calls" });
  }
});

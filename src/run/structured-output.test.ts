import { describe, expect, test } from "vitest";
import { hear } from "../base/listener.fixture.ts";
import type { ModelEnd, ModelEvent, ModelRequest } from "../model/model.ts";
import type { JsonFormat } from "./json-fit.ts";
import { answer, call, createModel, end, reasoning, type Said, start, text } from "./model.fixture.ts";
import { streamStructured } from "./structured-output.ts";

const person: JsonFormat = {
  type: "json_schema",
  json_schema: {
    name: "person",
    description: "whom the text is about",
    schema: { type: "object", properties: { age: { type: "integer" } }, required: ["age"] },
  },
};
const right = '{"age":7}';
const request: ModelRequest = {
  model: "small",
  agentId: "main",
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Who?" },
  ],
  tools: [],
  settings: { response_format: person, temperature: 0 },
};

async function ask(scripts: readonly Said[], { format = person, signal = new AbortController().signal } = {}) {
  const model = createModel(scripts);
  const { events, result, error } = await hear<ModelEvent, ModelEnd>(
    (to) => streamStructured(model, request, format, to),
    { signal },
  );
  return { model, events: result === undefined ? events : [...events, { type: "end", ...result }], error };
}

const spent = (calls: number): object => ({ prompt_tokens: calls, completion_tokens: calls, total_tokens: 2 * calls });
const ended = (calls: number): object => ({ type: "end", finishReason: "stop", usage: spent(calls) });

describe("an answer", () => {
  test("that fits at once is given whole, after one call", async () => {
    const { model, events, error } = await ask([[start, text('{"age"'), text(":7}"), end()]]);
    expect(error).toBeUndefined();
    expect(events).toEqual([start, text(right), ended(1)]);
    expect(model.requests).toHaveLength(1);
  });

  test("that does not fit is repaired once, and both calls are paid for", async () => {
    const { model, events, error } = await ask([answer('{"age":"seven"}'), answer(right)]);
    expect(error).toBeUndefined();
    expect(events).toEqual([start, text(right), ended(2)]);
    const [first, second] = model.requests;
    expect(second?.messages).toEqual([
      ...(first?.messages ?? []),
      expect.objectContaining({ role: "assistant", content: '{"age":"seven"}' }),
      { role: "user", content: expect.stringMatching(/age must be integer/) as string },
    ]);
  });

  test("that never fits is the model's failure, and nothing of it is told", async () => {
    const { model, events, error } = await ask([answer("secret words")]);
    expect(error).toMatchObject({ code: "upstream_error" });
    // A cause would be written into the log.
    expect(error).not.toHaveProperty("cause");
    expect(String(error)).not.toContain("secret");
    expect(events).toEqual([start]);
    expect(model.requests).toHaveLength(2);
  });

  const bare: readonly [what: string, said: string, want: string][] = [
    ["in a code fence", '```json\n{"age":7}\n```', right],
    ["in a fence without a language", '\n```\n{"age":7}\n```\n', right],
    ["with white space around it", ` ${right}\n\n`, right],
  ];
  test.each(bare)("%s is the JSON alone", async (_, said, want) => {
    expect((await ask([answer(said)])).events).toEqual([start, text(want), ended(1)]);
  });

  test("without a schema need only be an object", async () => {
    const { model, events } = await ask([answer("[1]"), answer("{}")], { format: { type: "json_object" } });
    expect(events).toEqual([start, text("{}"), ended(2)]);
    expect(model.requests[1]?.messages.at(-1)?.content).toMatch(/no JSON object/);
  });
});

describe("the model", () => {
  test("is asked in words, before its other instructions, and never for a format", async () => {
    const { model } = await ask([answer(right)]);
    const [asked] = model.requests;
    expect(asked?.settings).toEqual({ temperature: 0 });
    expect(asked?.messages.slice(1)).toEqual(request.messages);
    const words = (part: string): unknown => ({ role: "system", content: expect.stringContaining(part) as string });
    expect(asked?.messages[0]).toEqual(words("whom the text is about"));
    expect(asked?.messages[0]).toEqual(words(JSON.stringify(person.json_schema.schema)));
  });

  test("is not asked at all for a schema that cannot be used", async () => {
    const format: JsonFormat = { type: "json_schema", json_schema: { name: "x", schema: { pattern: "(" } } };
    const { model, events, error } = await ask([answer(right)], { format });
    expect(error).toMatchObject({ code: "invalid_value", param: "response_format.json_schema.schema" });
    expect({ events, calls: model.requests.length }).toEqual({ events: [], calls: 0 });
  });

  test("that fails while it repairs fails the call", async () => {
    const { events, error } = await ask([answer("no"), [new Error("gone")]]);
    expect(error).toEqual(new Error("gone"));
    expect(events).toEqual([start]);
  });
});

describe("what is no object passes", () => {
  const calling: ModelEvent[] = [...call(0, "look", '{"at":1}'), ...call(1, "write")];
  const refusal: ModelEvent = { type: "refusal-delta", text: "I must not." };
  const rows: readonly [what: string, said: Said, want: Said][] = [
    ["calls of tools", [start, ...calling, end("tool_calls")], [...calling, end("tool_calls")]],
    [
      "calls, but not the words before them",
      [start, text("Let me look."), ...calling, end("tool_calls")],
      [...calling, end("tool_calls")],
    ],
    ["a refusal", [start, refusal, end()], [refusal, end()]],
    ["what was cut short", [start, text('{"ag'), end("length")], [text('{"ag'), end("length")]],
    ["what a filter stopped", [start, end("content_filter")], [end("content_filter")]],
  ];
  test.each(rows)("%s", async (_, said, want) => {
    const { model, events, error } = await ask([said]);
    expect(error).toBeUndefined();
    expect(events).toEqual([start, ...want]);
    expect(model.requests).toHaveLength(1);
  });

  test("the reasoning of both calls, as it comes", async () => {
    const { events } = await ask([
      [start, reasoning("hm"), text("no"), end()],
      [start, reasoning("ah"), text(right), end()],
    ]);
    expect(events).toEqual([start, reasoning("hm"), reasoning("ah"), text(right), ended(2)]);
  });

  test("the log probabilities of the answer", async () => {
    const logprobs = [{ token: right, logprob: -1, bytes: null, top_logprobs: [] }];
    const { events } = await ask([[start, { type: "text-delta", text: right, logprobs }, end()]]);
    expect(events[1]).toEqual({ type: "text-delta", text: right, logprobs });
  });
});

test("whoever leaves stops the model, which is not asked again", async () => {
  const leaving = new AbortController();
  const reason = new Error("left");
  const leave = async (): Promise<void> => leaving.abort(reason);
  const { model, error } = await ask([[start, text("no"), leave, end()]], { signal: leaving.signal });
  expect(error).toBe(reason);
  expect(model.requests).toHaveLength(1);
});

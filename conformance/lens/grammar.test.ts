import { expect, test } from "vitest";
import { checkGrammar, type GrammarRule, grammarRules } from "./grammar.ts";
import type { Asked } from "./grammar-view.ts";
import { readStream, type StreamReading } from "./stream.ts";

type Chunk = Record<string, unknown>;

const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "m" };
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

function chunk(delta: unknown, finish: unknown = null): Chunk {
  return { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] };
}

function call(index: number, fields: Chunk): Chunk {
  return chunk({ tool_calls: [{ index, ...fields }] });
}

function begin(index: number, fields: Chunk = {}): Chunk {
  return call(index, { id: `c${index}`, type: "function", function: { name: "f", arguments: "" }, ...fields });
}

function more(index: number, fields: Chunk = {}): Chunk {
  return call(index, { function: { arguments: "{}" }, ...fields });
}

const role = chunk({ role: "assistant", content: "" });
const text = chunk({ content: "hi" });
const finish = chunk({}, "stop");
const good = [role, text, finish];
const withNull = good.map((one): Chunk => ({ ...one, usage: null }));
const usageChunk = { ...head, choices: [], usage };

/** A value in place of one key of the second chunk. */
function spoilt(fields: Chunk): Chunk[] {
  return [role, { ...text, ...fields }, finish];
}

/** The same for its choice; undefined leaves the key out. */
function spoiltChoice(fields: Chunk): Chunk[] {
  return [role, { ...text, choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null, ...fields }] }, finish];
}

function toText(chunks: readonly unknown[], end = "data: [DONE]\n\n"): string {
  return chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("") + end;
}

function read(body: string, end: StreamReading["answer"]["end"] = "complete"): StreamReading {
  const bytes = Buffer.from(body);
  const reads = [{ atMs: 1, bytes }];
  return readStream({ status: 200, headers: {}, body: bytes, text: body, reads, headersMs: 1, endMs: 2, end, json: 0 });
}

function toRules(body: string, asked: Asked = {}): GrammarRule[] {
  return checkGrammar(read(body), asked).map(({ rule }) => rule);
}

test.each<{ name: string; given: string; asked?: Asked }>([
  { name: "role, text, finish", given: toText(good) },
  { name: "CRLF", given: toText(good).replaceAll("\n", "\r\n") },
  { name: "no space after the colon", given: toText(good).replaceAll("data: ", "data:") },
  { name: "comments everywhere", given: `: hi\n\n${toText(good).replaceAll("data:", ": ping\ndata:")}: bye\n` },
  { name: "role and first text in one chunk", given: toText([chunk({ role: "assistant", content: "hi" }), finish]) },
  { name: "content null beside the role", given: toText([chunk({ role: "assistant", content: null }), text, finish]) },
  { name: "unknown fields", given: toText(good.map((one) => ({ ...one, x: 1, obfuscation: "a" }))) },
  { name: "empty text beside the finish reason", given: toText([role, text, chunk({ content: "" }, "length")]) },
  { name: "usage null that was not asked for", given: toText(withNull) },
  { name: "an idle chunk", given: toText([role, chunk({ content: "" }), chunk({}), text, finish]) },
  { name: "error null", given: toText(good.map((one) => ({ ...one, error: null }))) },
  { name: "usage", given: toText([...withNull, usageChunk]), asked: { usage: true } },
  { name: "a whole call in one delta", given: toText([role, begin(0), begin(1), chunk({}, "tool_calls")]) },
  { name: "calls one after another", given: toText([role, begin(0), more(0), more(0), begin(1), more(1), finish]) },
  { name: "the same identity again", given: toText([role, begin(0), more(0, { id: "c0", type: "function" }), finish]) },
  {
    name: "a custom call",
    given: toText([
      role,
      call(0, { id: "c0", type: "custom", custom: { name: "n", input: "" } }),
      call(0, { custom: { input: "x" } }),
      finish,
    ]),
  },
  {
    name: "two choices",
    given: toText([
      ...good,
      ...good.map((one) => ({ ...one, choices: (one["choices"] as Chunk[]).map((c) => ({ ...c, index: 1 })) })),
    ]),
    asked: { choices: 2 },
  },
])("nothing to find: $name", ({ given, asked }) => {
  expect(checkGrammar(read(given), asked)).toEqual([]);
});

const broken: readonly { name: string; given: string; want: GrammarRule[]; asked?: Asked }[] = [
  { name: "data null", given: toText([role, null, text, finish]), want: ["payload"] },
  { name: "empty data", given: `data:\n\n${toText(good)}`, want: ["payload"] },
  { name: "an event without data", given: `event: ping\n\n${toText(good)}`, want: ["payload"] },
  { name: "a comment as data", given: `data: : ping\n\n${toText(good)}`, want: ["payload"] },
  { name: "an error on a chunk", given: toText(spoilt({ error: "x" })), want: ["error"] },
  { name: "another object", given: toText(spoilt({ object: "chat.completion" })), want: ["object"] },
  { name: "another id", given: toText(spoilt({ id: "chatcmpl-2" })), want: ["id"] },
  { name: "no id", given: toText(spoilt({ id: undefined })), want: ["id"] },
  { name: "empty ids", given: toText(good.map((one) => ({ ...one, id: "" }))), want: ["id"] },
  { name: "another created", given: toText(spoilt({ created: 1_700_000_001 })), want: ["created"] },
  { name: "milliseconds", given: toText(good.map((one) => ({ ...one, created: 1.7e12 }))), want: ["created"] },
  { name: "a fraction", given: toText(good.map((one) => ({ ...one, created: 1.7e9 + 0.5 }))), want: ["created"] },
  { name: "another model", given: toText(spoilt({ model: "n" })), want: ["model"] },
  { name: "no model", given: toText(good.map((one) => ({ ...one, model: undefined }))), want: ["model"] },
  { name: "choices null", given: toText([role, text, { ...head, choices: null }, finish]), want: ["choices"] },
  { name: "a choice null", given: toText([role, text, { ...head, choices: [null] }, finish]), want: ["choices"] },
  { name: "no index", given: toText(spoiltChoice({ index: undefined })), want: ["index"] },
  { name: "index as text", given: toText(spoiltChoice({ index: "0" })), want: ["index"] },
  { name: "a choice too many", given: toText([...good, ...shift(good)]), want: ["index"] },
  {
    name: "a choice too few",
    given: toText(good),
    want: ["index", "role-first", "finish-once"],
    asked: { choices: 2 },
  },
  { name: "delta null", given: toText([role, text, chunk(null), finish]), want: ["delta"] },
  { name: "message instead", given: toText([role, text, chunk(undefined, "stop")]), want: ["delta"] },
  { name: "parts", given: toText([role, chunk({ content: [{ type: "text", text: "hi" }] }), finish]), want: ["text"] },
  { name: "no role", given: toText([text, finish]), want: ["role-first"] },
  { name: "role empty", given: toText([chunk({ role: "" }), text, finish]), want: ["role-first"] },
  { name: "role late", given: toText([text, role, finish]), want: ["role-first", "role-once"] },
  { name: "role twice", given: toText([role, role, text, finish]), want: ["role-once"] },
  { name: "role null later", given: toText([role, chunk({ role: null, content: "x" }), finish]), want: ["role-once"] },
  { name: "first call has index 1", given: toText([role, begin(1), finish]), want: ["tool-index"] },
  { name: "a hole", given: toText([role, begin(0), begin(2), finish]), want: ["tool-index"] },
  {
    name: "no tool index",
    given: toText([role, call(0, { ...only(begin(0)), index: undefined }), finish]),
    want: ["tool-index"],
  },
  { name: "no call id", given: toText([role, begin(0, { id: undefined }), finish]), want: ["tool-first"] },
  { name: "call id empty", given: toText([role, begin(0, { id: "" }), finish]), want: ["tool-first"] },
  { name: "no type", given: toText([role, begin(0, { type: undefined }), finish]), want: ["tool-first"] },
  { name: "no name", given: toText([role, begin(0, { function: { arguments: "" } }), finish]), want: ["tool-first"] },
  { name: "id null later", given: toText([role, begin(0), more(0, { id: null }), finish]), want: ["tool-rest"] },
  { name: "another id later", given: toText([role, begin(0), more(0, { id: "c9" }), finish]), want: ["tool-rest"] },
  {
    name: "the name in two parts",
    given: toText([role, begin(0), more(0, { function: { name: "oo", arguments: "" } }), finish]),
    want: ["tool-rest"],
  },
  {
    name: "interleaved calls",
    given: toText([role, begin(0), begin(1), more(0), more(1), finish]),
    want: ["tool-order"],
  },
  { name: "no finish key", given: toText(spoiltChoice({ finish_reason: undefined })), want: ["finish-key"] },
  { name: "finish empty until the end", given: toText(spoiltChoice({ finish_reason: "" })), want: ["finish-value"] },
  { name: "an unknown finish", given: toText([role, text, chunk({}, "eos")]), want: ["finish-value"] },
  { name: "no finish", given: toText([role, text]), want: ["finish-once"] },
  { name: "finish twice", given: toText([...good, finish]), want: ["finish-once"] },
  { name: "text beside the finish", given: toText([role, chunk({ content: "hi" }, "stop")]), want: ["finish-empty"] },
  { name: "text after the finish", given: toText([role, finish, text]), want: ["after-finish"] },
  { name: "a call after the finish", given: toText([role, text, finish, begin(0)]), want: ["after-finish"] },
  {
    name: "finish on every chunk",
    given: toText([chunk({ role: "assistant" }, "stop"), chunk({ content: "a" }, "stop"), finish]),
    want: ["finish-once", "finish-empty", "after-finish"],
  },
  { name: "no usage", given: toText(withNull), want: ["usage-last"], asked: { usage: true } },
  {
    name: "usage without choices",
    given: toText([...withNull, { ...head, usage }]),
    want: ["choices", "usage-last"],
    asked: { usage: true },
  },
  {
    name: "usage, then null",
    given: toText([...withNull, usageChunk, { ...head, choices: [], usage: null }]),
    want: ["usage-last", "usage-null"],
    asked: { usage: true },
  },
  {
    name: "usage with another id",
    given: toText([...withNull, { ...usageChunk, id: "other" }]),
    want: ["id"],
    asked: { usage: true },
  },
  {
    name: "usage without an id",
    given: toText([...withNull, { ...usageChunk, id: undefined }]),
    want: ["id"],
    asked: { usage: true },
  },
  {
    name: "usage twice",
    given: toText([role, text, { ...finish, usage }, usageChunk]),
    want: ["usage-once", "usage-null"],
    asked: { usage: true },
  },
  { name: "no usage null", given: toText([...good, usageChunk]), want: ["usage-null"], asked: { usage: true } },
  { name: "usage unasked", given: toText([...good, usageChunk]), want: ["usage-unasked"] },
  { name: "usage on the finish, unasked", given: toText([role, text, { ...finish, usage }]), want: ["usage-unasked"] },
  { name: "empty choices", given: toText([{ ...head, choices: [] }, ...good]), want: ["usage-unasked"] },
  { name: "no [DONE]", given: toText(good, ""), want: ["done"] },
  { name: "[DONE] without its empty line", given: toText(good, "data: [DONE]\n"), want: ["done"] },
  { name: "[DONE] with a space", given: toText(good, "data: [DONE] \n\n"), want: ["payload", "done"] },
  { name: "[done]", given: toText(good, "data: [done]\n\n"), want: ["payload", "done"] },
  { name: "[DONE] twice", given: toText(good, "data: [DONE]\n\ndata: [DONE]\n\n"), want: ["done-last"] },
  {
    name: "a chunk after [DONE]",
    given: `${toText([role, text])}data: ${JSON.stringify(finish)}\n\n`,
    want: ["done-last"],
  },
  { name: "half a line after [DONE]", given: `${toText(good)}data`, want: ["done-last"] },
  {
    name: "an error in place of the end",
    given: toText([role, text, { error: { message: "boom" } }], ""),
    want: ["error", "finish-once", "done"],
  },
  { name: "nothing but [DONE]", given: toText([]), want: ["index", "role-first", "finish-once"] },
];

test.each(broken)("found: $name", ({ given, asked, want }) => {
  expect(toRules(given, asked)).toEqual(want);
});

test("every rule is broken by something above", () => {
  expect(grammarRules.filter((rule) => !broken.some(({ want }) => want.includes(rule)))).toEqual([]);
});

test("a finding says what was expected, and where it was not so", () => {
  expect(checkGrammar(read(toText(spoilt({ id: "chatcmpl-2" }))))).toEqual([
    {
      rule: "id",
      expected: '`id` to be "chatcmpl-1" in every chunk, as in the first',
      actual: 'chunk 2 has id "chatcmpl-2"',
    },
  ]);
});

test("a body that was cut off says so", () => {
  const [finding] = checkGrammar(read(toText([role], ""), "cut"), {}, ["done"]);
  expect(finding?.actual).toContain("cut off");
});

function shift(chunks: readonly Chunk[]): Chunk[] {
  return chunks.map((one) => ({
    ...one,
    choices: (one["choices"] as Chunk[]).map((choice) => ({ ...choice, index: 1 })),
  }));
}

function only({ choices }: Chunk): Chunk {
  const [{ delta } = {}] = choices as { delta?: { tool_calls: Chunk[] } }[];
  return delta?.tool_calls[0] ?? {};
}

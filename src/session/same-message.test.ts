import { describe, expect, test } from "vitest";
import type { Message, ToolCall } from "../base/contract.ts";
import { isSameMessage } from "./same-message.ts";

const call: ToolCall = { id: "call_1", type: "function", function: { name: "add", arguments: '{"a":1}' } };
const custom: ToolCall = { id: "call_1", type: "custom", custom: { name: "add", input: "1" } };
const image = (url: string, detail?: "low"): Message => ({
  role: "user",
  content: [{ type: "image_url", image_url: { url, ...(detail && { detail }) } }],
});
/** A message as an SDK replays it, with keys that the contract does not name. */
const replayed = (message: object): Message => message as Message;

const same: readonly { readonly what: string; readonly a: Message; readonly b: Message }[] = [
  {
    what: "a text and the same text in parts",
    a: { role: "user", content: "one two" },
    b: {
      role: "user",
      content: [
        { type: "text", text: "one" },
        { type: "text", text: " two" },
      ],
    },
  },
  { what: "an image looked at more closely", a: image("data:a"), b: image("data:a", "low") },
  {
    what: "null, empty and absent content beside tool calls",
    a: { role: "assistant", content: null, tool_calls: [call] },
    b: { role: "assistant", tool_calls: [call] },
  },
  {
    what: "empty and absent content beside tool calls",
    a: { role: "assistant", content: "", tool_calls: [call] },
    b: { role: "assistant", tool_calls: [call] },
  },
  {
    what: "an answer with the keys that SDKs replay",
    a: { role: "assistant", content: "Hello." },
    b: replayed({
      role: "assistant",
      content: "Hello.",
      refusal: null,
      parsed: null,
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: [],
      reasoning_content: "hm",
    }),
  },
  {
    what: "arguments with other blanks",
    a: { role: "assistant", tool_calls: [{ ...call, function: { name: "add", arguments: '{ "a": 1, "b": [2] }' } }] },
    b: { role: "assistant", tool_calls: [{ ...call, function: { name: "add", arguments: '{"a":1,"b":[2]}' } }] },
  },
  {
    what: "a tool call with parsed arguments",
    a: { role: "assistant", tool_calls: [call] },
    b: replayed({
      role: "assistant",
      tool_calls: [{ ...call, index: 0, function: { ...call.function, parsed_arguments: { a: 1 } } }],
    }),
  },
];

const sameAnswers: readonly { readonly what: string; readonly a: string; readonly b: string }[] = [
  { what: "trimmed", a: "\n\nHello.\n", b: "Hello." },
  { what: "with a line end", a: "Hello.", b: "Hello.\n" },
  { what: "with CRLF", a: "one\n\ntwo", b: "one\r\n\r\ntwo" },
  { what: "with CR", a: "one\ntwo", b: "one\rtwo" },
  { what: "of nothing but white space", a: " \n", b: "" },
];

const different: readonly { readonly what: string; readonly a: Message; readonly b: Message }[] = [
  { what: "roles", a: { role: "user", content: "a" }, b: { role: "assistant", content: "a" } },
  { what: "texts", a: { role: "user", content: "a" }, b: { role: "user", content: "a " } },
  { what: "answers", a: { role: "assistant", content: "a b" }, b: { role: "assistant", content: "a  b" } },
  { what: "forms of Unicode", a: { role: "user", content: "\u00e9" }, b: { role: "user", content: "e\u0301" } },
  { what: "names", a: { role: "user", content: "a", name: "x" }, b: { role: "user", content: "a" } },
  { what: "images", a: image("data:a"), b: image("data:b") },
  { what: "an image and its text", a: image("data:a"), b: { role: "user", content: "data:a" } },
  {
    what: "the order of parts",
    a: {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "image_url", image_url: { url: "u" } },
      ],
    },
    b: {
      role: "user",
      content: [
        { type: "image_url", image_url: { url: "u" } },
        { type: "text", text: "a" },
      ],
    },
  },
  {
    what: "files",
    a: { role: "user", content: [{ type: "file", file: { file_id: "1" } }] },
    b: { role: "user", content: [{ type: "file", file: { file_id: "2" } }] },
  },
  {
    what: "audio",
    a: { role: "user", content: [{ type: "input_audio", input_audio: { data: "a", format: "wav" } }] },
    b: { role: "user", content: [{ type: "input_audio", input_audio: { data: "a", format: "mp3" } }] },
  },
  { what: "refusals", a: { role: "assistant", refusal: "No." }, b: { role: "assistant", refusal: null } },
  {
    what: "ids of tool calls",
    a: { role: "assistant", tool_calls: [call] },
    b: { role: "assistant", tool_calls: [{ ...call, id: "call_2" }] },
  },
  {
    what: "arguments that are no JSON",
    a: { role: "assistant", tool_calls: [{ ...call, function: { name: "add", arguments: '{"a": ' } }] },
    b: { role: "assistant", tool_calls: [{ ...call, function: { name: "add", arguments: '{"a":' } }] },
  },
  {
    what: "arguments",
    a: { role: "assistant", tool_calls: [call] },
    b: { role: "assistant", tool_calls: [{ ...call, function: { name: "add", arguments: '{"a":2}' } }] },
  },
  {
    what: "the kinds of tool calls",
    a: { role: "assistant", tool_calls: [call] },
    b: { role: "assistant", tool_calls: [custom] },
  },
  {
    what: "how many tools are called",
    a: { role: "assistant", tool_calls: [call, custom] },
    b: { role: "assistant", tool_calls: [call] },
  },
  {
    what: "legacy function calls",
    a: { role: "assistant", function_call: { name: "f", arguments: "1" } },
    b: { role: "assistant", function_call: { name: "f", arguments: "2" } },
  },
  {
    what: "calls that are answered",
    a: { role: "tool", content: "1", tool_call_id: "call_1" },
    b: { role: "tool", content: "1", tool_call_id: "call_2" },
  },
  {
    what: "functions that are answered",
    a: { role: "function", content: "1", name: "f" },
    b: { role: "function", content: "1", name: "g" },
  },
];

describe("isSameMessage", () => {
  test.each(same)("finds the same: $what", ({ a, b }) => {
    expect([isSameMessage(a, b), isSameMessage(b, a), isSameMessage(a, a)]).toEqual([true, true, true]);
  });

  test.each(sameAnswers)("finds the same: an answer $what", ({ a, b }) => {
    const forms = (text: string): Message[] => [
      { role: "assistant", content: text },
      { role: "assistant", content: [{ type: "text", text }] },
    ];
    for (const one of forms(a)) for (const other of forms(b)) expect(isSameMessage(one, other)).toBe(true);
    const refused = (refusal: string): Message => ({ role: "assistant", content: null, refusal });
    expect(isSameMessage(refused(a), refused(b))).toBe(true);
    const asked = (content: string): Message => ({ role: "user", content });
    expect(isSameMessage(asked(a), asked(b))).toBe(false);
  });

  test.each(different)("tells apart: $what", ({ a, b }) => {
    expect([isSameMessage(a, b), isSameMessage(b, a)]).toEqual([false, false]);
  });
});

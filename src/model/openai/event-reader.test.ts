import { describe, expect, it, test } from "vitest";
import { createEventReader } from "./event-reader.ts";

interface Read {
  readonly pieces: unknown[];
  readonly done: boolean;
  readonly error: unknown;
}

function read(...chunks: readonly (string | Uint8Array)[]): Read {
  const reader = createEventReader();
  const pieces: unknown[] = [];
  let error: unknown;
  try {
    for (const chunk of chunks) {
      for (const piece of reader.read(Buffer.from(chunk as string))) pieces.push(piece);
      if (reader.done) break;
    }
  } catch (thrown) {
    error = thrown;
  }
  return { pieces, done: reader.done, error };
}

const both = { pieces: [{ a: 1 }, { b: "ü" }], done: true, error: undefined };

describe("createEventReader", () => {
  it.each<[what: string, text: string]>([
    ["plain", 'data: {"a":1}\n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\n'],
    ["without spaces", 'data:{"a":1}\n\ndata:{"b":"ü"}\n\ndata:[DONE]\n\n'],
    ["CRLF", 'data: {"a":1}\r\n\r\ndata: {"b":"ü"}\r\n\r\ndata: [DONE]\r\n\r\n'],
    ["CR", 'data: {"a":1}\r\rdata: {"b":"ü"}\r\rdata: [DONE]\r\r:\r'],
    ["comments", ': OPENROUTER PROCESSING\n\ndata: {"a":1}\n: x\n\n:\n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\n'],
    ["a byte order mark", '\ufeffdata: {"a":1}\n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\n'],
    ["data on several lines", 'data: {"a"\ndata: :1}\n\ndata: {\ndata: "b":"ü"\ndata: }\n\ndata: [DONE]\n\n'],
    ["other fields", 'event: message\nid: 7\nretry: 9\nx: y\ndata: {"a":1}\n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\n'],
    ["events without a text", 'data:\n\ndata: {"a":1}\n\ndata: \n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\n'],
    ["[DONE] among spaces", 'data: {"a":1}\n\ndata: {"b":"ü"}\n\ndata:   [DONE]  \n\n'],
    ["data after [DONE]", 'data: {"a":1}\n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\ndata: {"c":1}\n\ndata: {nonsense\n\n'],
    ["[DONE] twice", 'data: {"a":1}\n\ndata: {"b":"ü"}\n\ndata: [DONE]\n\ndata: [DONE]\n\n'],
  ])("gives the same events wherever the bytes are split: %s", (_, text) => {
    const bytes = Buffer.from(text);
    expect(read(bytes)).toEqual(both);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(read(bytes.subarray(0, at), bytes.subarray(at)), `split at ${at}`).toEqual(both);
    }
    expect(read(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(both);
  });

  it.each<[what: string, text: string, says: string]>([
    ["no JSON", 'data: {"a":1}\n\ndata: {nonsense\n\ndata: {"b":2}\n\n', "no JSON"],
    ["a bare word", 'data: {"a":1}\n\ndata: undefined\n\n', "no JSON"],
  ])("gives what came before %s, and throws", (_, text, says) => {
    const { pieces, error } = read(text);
    expect(pieces).toEqual([{ a: 1 }]);
    expect(error).toMatchObject({ code: "upstream_error", message: expect.stringContaining(says) as string });
  });

  it("does not give an event that never ended", () => {
    expect(read('data: {"a":1}\n\ndata: {"b":2}\n')).toEqual({ pieces: [{ a: 1 }], done: false, error: undefined });
  });

  it("replaces bytes that are no UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from('data: "a'), Buffer.from([0xff, 0xc3]), Buffer.from('b"\n\n')]);
    expect(read(bytes)).toEqual({ pieces: ["a\ufffd\ufffdb"], done: false, error: undefined });
  });

  it("is not taken in by a field of another kind that says [DONE]", () => {
    expect(read("event: [DONE]\n\n: [DONE]\n\nid: [DONE]\n\n")).toMatchObject({ pieces: [], done: false });
  });

  it.each<[what: string, piece: string]>([
    ["one line", "x".repeat(64 * 1024)],
    ["many lines", `${"x".repeat(1_000)}\ndata: `],
  ])("gives what came before an event of %s that is too long, and throws", (_, piece) => {
    const count = Math.ceil((1024 * 1024) / piece.length) + 100;
    const chunks = ['data: {"a":1}\n\ndata: "', ...Array.from({ length: count }, () => piece)];
    const { pieces, error } = read(...chunks);
    expect(pieces).toEqual([{ a: 1 }]);
    expect(error).toMatchObject({
      code: "upstream_error",
      message: "The model provider sent an event that is too long.",
    });
  });
});

test("a line of many small pieces is not read again with each", () => {
  const reader = createEventReader();
  const started = process.cpuUsage();
  for (let count = 0; count < 200_000; count += 1) for (const _ of reader.read(Uint8Array.of(120)));
  const { user } = process.cpuUsage(started);
  expect(user / 1_000).toBeLessThan(2_000);
});

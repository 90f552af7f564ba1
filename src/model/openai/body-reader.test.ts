import { inspect } from "node:util";
import { describe, expect, it, test } from "vitest";
import { measureCpuMs } from "../../../test/cpu.fixture.ts";
import { createBodyReader, EventReader, parseJson } from "./body-reader.ts";

interface Read {
  readonly pieces: unknown[];
  readonly done: boolean;
  readonly error: unknown;
}

function read(...chunks: readonly (string | Uint8Array)[]): Read {
  const pieces: unknown[] = [];
  const reader = new EventReader((piece) => pieces.push(piece));
  let done = false;
  try {
    for (const chunk of chunks) {
      done = reader.read(Buffer.from(chunk as string));
      if (done) break;
    }
    reader.end();
  } catch (error) {
    return { pieces, done, error };
  }
  return { pieces, done, error: undefined };
}

const both = { pieces: [{ a: 1 }, { b: "ü" }], done: true, error: undefined };

describe("EventReader", () => {
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

  it("gives each event as soon as it is whole", () => {
    const pieces: unknown[] = [];
    const reader = new EventReader((piece) => pieces.push(piece));
    const seen = ['data: {"a":1}\n', "\n", "data: 2\n\ndata: 3\n\nda", "ta: 4\n\n"].map((text) => {
      reader.read(Buffer.from(text));
      return pieces.length;
    });
    expect({ seen, pieces }).toEqual({ seen: [0, 1, 3, 4], pieces: [{ a: 1 }, 2, 3, 4] });
  });

  it("throws what the taker throws, and gives it nothing more of these bytes", () => {
    const broken = new Error("broken");
    const pieces: unknown[] = [];
    const reader = new EventReader((piece) => {
      pieces.push(piece);
      if (piece === 2) throw broken;
    });
    expect(() => reader.read(Buffer.from("data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n"))).toThrow(broken);
    expect(pieces).toEqual([1, 2]);
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

  it("holds an event as long as an answer may be", () => {
    const pieces = Array.from({ length: 31 * 16 }, () => "x".repeat(64 * 1024));
    const { pieces: read31, error } = read('data: "', ...pieces, '"\n\ndata: [DONE]\n\n');
    expect({ length: (read31[0] as string).length, error }).toEqual({ length: 31 * 1024 * 1024, error: undefined });
  });

  it.each<[what: string, piece: string]>([
    ["one line", "x".repeat(64 * 1024)],
    ["many lines", `${"x".repeat(10_000)}\ndata: `],
  ])("gives what came before an event of %s that is too long, and throws", (_, piece) => {
    const count = Math.ceil((32 * 1024 * 1024) / piece.length) + 100;
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
  const reader = new EventReader(() => undefined);
  const ms = measureCpuMs(() => {
    for (let count = 0; count < 200_000; count += 1) reader.read(Uint8Array.of(120));
  });
  expect(ms).toBeLessThan(2_000);
});

describe("createBodyReader", () => {
  const readAs = (type: string | undefined, chunks: readonly string[]): Read => {
    const pieces: unknown[] = [];
    let done = false;
    try {
      const head = { statusCode: 200, headers: { "content-type": type } };
      const reader = createBodyReader(head, (piece) => pieces.push(piece));
      for (const chunk of chunks) done = reader.read(Buffer.from(chunk, "latin1"));
      reader.end();
    } catch (error) {
      return { pieces, done, error };
    }
    return { pieces, done, error: undefined };
  };
  const stream = 'data: {"a":1}\n\ndata: [DONE]\n\n';

  it.each<[type: string | undefined, chunks: string[], want: Read]>([
    ["text/event-stream", [stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    ["text/plain", [stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    [undefined, [stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    ["application/json", [stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    ["application/json", [":", " hello\n\n", stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    ["text/html", ["\r\n", stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    ["application/octet-stream", ["event: x\n", stream], { pieces: [{ a: 1 }], done: true, error: undefined }],
    ["text/event-stream", ['{"a":1}'], { pieces: [{ a: 1 }], done: false, error: undefined }],
    ["text/plain", ["\xef\xbb\xbf", ' {"a":1}\n'], { pieces: [{ a: 1 }], done: false, error: undefined }],
    [undefined, ["\n", "\n", "[1]"], { pieces: [[1]], done: false, error: undefined }],
    // The bytes of a character may come in two pieces.
    ["application/json", ['{"a":', '"\xc3', '\xbc"}'], { pieces: [{ a: "ü" }], done: false, error: undefined }],
    ["Application/JSON; charset=utf-8", [" [1]\n"], { pieces: [[1]], done: false, error: undefined }],
  ])("reads a body of type %s", (type, chunks, want) => {
    expect(readAs(type, chunks)).toEqual(want);
  });

  it.each<[type: string, body: string, says: string]>([
    ["text/html", "<html>", "a web page"],
    ["TEXT/HTML; charset=utf-8", "<html>", "a web page"],
    ["application/json", "<html>", "a web page"],
    ["text/html", "", "a web page"],
    ["text/event-stream", '{"a":', "something that is no JSON"],
    ["application/problem+json", "nonsense", "something that is no JSON"],
    ["application/json", '{"a":', "something that is no JSON"],
    ["application/json", "", "something that is no JSON"],
  ])("refuses a body of type %s: %j", (type, body, says) => {
    const { pieces, error } = readAs(type, [body]);
    expect(pieces).toEqual([]);
    expect(error).toMatchObject({ code: "upstream_error", message: expect.stringContaining(says) as string });
  });
});

describe("parseJson", () => {
  it("gives the value", () => {
    expect(parseJson(' {"a":[1,null]} ', "no")).toEqual({ a: [1, null] });
  });

  it("says what it was told to say, and nothing of the text, not even for the log", () => {
    let thrown: unknown;
    try {
      parseJson("sk-secret", "It is no JSON.");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "GatewayError", code: "upstream_error", message: "It is no JSON." });
    expect(inspect(thrown, { depth: 12, showHidden: true })).not.toContain("secret");
    expect((thrown as Error).cause).toEqual(new Error("no JSON in 9 characters"));
  });
});

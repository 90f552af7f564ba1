import { expect } from "vitest";
import { test } from "../gateway.fixture.ts";
import { readStream, readWhole, toChunks, toPayloads, toText } from "./events.fixture.ts";

/** Texts that are dangerous to one who writes lines, bytes or JSON. */
const texts: readonly (readonly [name: string, text: string])[] = [
  ["the end of a stream", "\n\ndata: [DONE]\n\n"],
  ["an error event", '\n\nevent: error\ndata: {"error":{"message":"no"}}\n\n'],
  ["a comment and fields of SSE", ": ping\nid: 1\nretry: 1\n\n"],
  ["a carriage return", "a\rb\r\nc\n\rd"],
  ["a NUL and other controls", "a\0b\u0001\u0007\u001B[31m\u007F\u0085"],
  ["separators of lines and paragraphs", "a\u2028b\u2029c"],
  ["an emoji of four bytes", "😀"],
  ["a family of one", "👩‍👩‍👧‍👦 and 🏳️‍🌈"],
  ["combining marks", `e${"\u0301".repeat(50)}`],
  ["scripts of the world", "日本語 العربية עברית ไทย हिन्दी"],
  ["a byte-order mark and text that runs backwards", "\uFEFFa\u202Eb"],
  ["quotes and backslashes", String.raw`"\" \\u0041 \n </script><!--`],
  ["a half of a pair", "a\uD83Db"],
  ["nothing", ""],
  ["only white space", " \n\t "],
];

test("a text comes through as it is, whole and streamed", async ({ gateway }) => {
  const { port } = gateway;
  for (const [name, text] of texts) {
    const say = `@@echo ${JSON.stringify(text)}`;
    const { body } = await readStream(port, say);
    expect(body.subarray(0, 6).toString(), name).toBe("data: ");
    expect(toText(toChunks(body)), name).toBe(text);
    expect(body.toString().split("data: [DONE]\n\n"), name).toHaveLength(2);
    expect(await readWhole(port, say), name).toBe(text);
  }
});

test("no delta holds half a character", async ({ gateway }) => {
  const { port } = gateway;
  const text = "😀👩‍👩‍👧‍👦日本語é".repeat(2000);
  const { body } = await readStream(port, `@@rest\n${text}`);
  const deltas = toChunks(body).map(({ choices }) => choices[0]?.delta.content ?? "");
  expect(deltas.length).toBeGreaterThan(100);
  expect(deltas.every((delta) => delta.isWellFormed())).toBe(true);
  expect(deltas.join("")).toBe(text);
});

test("ten thousand deltas come in order", async ({ gateway }) => {
  const { port } = gateway;
  const { body } = await readStream(port, "@@count 10000");
  const payloads = toPayloads(body);
  expect(payloads).toHaveLength(10_003);
  const said = toText(toChunks(body)).split(" ").map(Number);
  expect(said).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
});

test.for([1_000_000, 10_000_000])("a single delta of %i bytes comes whole", async (bytes, { gateway }) => {
  const { port } = gateway;
  const { body } = await readStream(port, `@@repeat ${bytes} ü`);
  const chunks = toChunks(body);
  expect(chunks).toHaveLength(3);
  expect(chunks[1]?.choices[0]?.delta.content).toBe("ü".repeat(bytes / 2));
});

test("a text of 200 kB, in one line or in 200,000, reaches the agent", async ({ gateway }) => {
  const { port } = gateway;
  for (const text of ["x".repeat(200_000), "\n".repeat(200_000)]) {
    const lines = text.split("\n").length;
    expect(await readWhole(port, `@@length\n${text}`)).toBe(JSON.stringify({ length: 200_000, lines }));
  }
});

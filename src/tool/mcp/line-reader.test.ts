import { expect, test } from "vitest";
import { createLineReader } from "./line-reader.ts";

test.for([1, 2, 3, 100])("lines are the same in pieces of %d bytes", (size) => {
  const lines: string[] = [];
  const read = createLineReader(100, (line) => lines.push(line));
  const bytes = Buffer.from("one\n\ngrüße 😀\r\nrest");
  for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
  expect(lines).toEqual(["one", "", "grüße 😀\r"]);
});

test("a line may have the most bytes and not one more, whatever came before it", () => {
  const lines: string[] = [];
  const read = createLineReader(4, (line) => lines.push(line));
  read(Buffer.from("abcd"));
  read(Buffer.from("\nabcd\nab"));
  expect(lines).toEqual(["abcd", "abcd"]);
  expect(() => read(Buffer.from("cde"))).toThrow("more than 4 bytes");
});

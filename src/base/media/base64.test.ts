import { expect, it } from "vitest";
import { type Base64, countBytes, decodeHead, isBase64 } from "./base64.ts";

const after = (prefix: string, text: string): Base64 => ({ text: prefix + text, from: prefix.length });

it.each<[text: string, bytes: number]>([
  ["AAAA", 3],
  ["AAA=", 2],
  ["AA==", 1],
  ["ab+/", 3],
  ["QUJD".repeat(1000), 3000],
])("takes %s", (text, bytes) => {
  const content = after("data:;base64,", text);
  expect(isBase64(content)).toBe(true);
  expect(countBytes(content)).toBe(bytes);
  expect(countBytes(content)).toBe(Buffer.from(text, "base64").length);
});

it.each<[name: string, text: string]>([
  ["nothing", ""],
  ["one character", "A"],
  ["a group without its padding", "AAAAAA"],
  ["padding alone", "===="],
  ["too much padding", "A==="],
  ["padding in the middle", "AA==AAAA"],
  ["padding before the end", "AA=A"],
  ["the alphabet of URLs", "ab-_"],
  ["a space", "AA A"],
  ["a line break", "AAA\n"],
  ["percent-encoding", "AAA%3D=="],
  ["a letter of another alphabet", "AAAé"],
  ["a NUL", "AAA\0"],
])("refuses %s", (_, text) => {
  expect(isBase64(after("data:;base64,", text))).toBe(false);
});

it("decodes no more than the beginning", () => {
  expect(decodeHead(after("x", "QUJD".repeat(10)), 6).toString()).toBe("ABCABC");
});

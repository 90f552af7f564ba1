import { expect, test } from "vitest";
import { readSse } from "./sse.ts";

const toData = (text: string): string[] => readSse(text).events.map(({ data }) => data);

test.each([
  { name: "LF", given: "data: a\n\ndata: b\n\n", want: ["a", "b"] },
  { name: "CRLF", given: "data: a\r\n\r\ndata: b\r\n\r\n", want: ["a", "b"] },
  { name: "CR", given: "data: a\r\rdata: b\r\r", want: ["a", "b"] },
  { name: "all three mixed", given: "data: a\r\n\ndata: b\r\r\ndata: c\n\r\n", want: ["a", "b", "c"] },
  { name: "many empty lines", given: "\n\ndata: a\n\n\n\ndata: b\n\n\n", want: ["a", "b"] },
  { name: "no space after the colon", given: "data:a\n\n", want: ["a"] },
  { name: "only the first space is taken away", given: "data:  a \n\n", want: [" a "] },
  { name: "several data lines", given: "data: a\ndata\ndata: b\n\n", want: ["a\n\nb"] },
  { name: "data without a value", given: "data\n\ndata:\n\n", want: ["", ""] },
  { name: "unknown fields", given: "foo: 1\ndata: a\n: note\n\n", want: ["a"] },
  { name: "colons in the value", given: "data: a: b\n\n", want: ["a: b"] },
  { name: "a byte-order mark", given: "\uFEFFdata: a\n\n", want: ["a"] },
  { name: "a space before the field is part of its name", given: " data: a\n\n", want: [] },
  { name: "line separators of Unicode end no line", given: "data: a\u2028b\u0085c\n\n", want: ["a\u2028b\u0085c"] },
])("events: $name", ({ given, want }) => {
  expect(toData(given)).toEqual(want);
});

test.each([
  { name: "nothing", given: "data: a\n\n", want: "" },
  { name: "an event without its empty line", given: "data: a\n\ndata: b\n", want: "data: b\n" },
  { name: "half a line", given: "data: a\n\nda", want: "da" },
  { name: "a comment", given: "data: a\n\n: bye\n", want: ": bye\n" },
])("what is left at the end: $name", ({ given, want }) => {
  expect(readSse(given)).toMatchObject({ events: [{ data: "a" }], rest: want });
});

test("names, ids and the number of data lines belong to their event", () => {
  expect(readSse("event: x\nid: 7\ndata: a\ndata: b\n\ndata: c\n\n").events).toEqual([
    { data: "a\nb", name: "x", id: "7", dataLines: 2 },
    { data: "c", name: "", id: undefined, dataLines: 1 },
  ]);
});

test.each([
  { name: "a lone comment with an empty line", given: ": ping\n\n", want: { loneComments: 1, emptyBlocks: 0 } },
  { name: "a comment right before an event", given: ": ping\ndata: a\n\n", want: { loneComments: 0, emptyBlocks: 0 } },
  { name: "a comment inside an event", given: "data: a\n: ping\n\n", want: { loneComments: 0, emptyBlocks: 0 } },
  { name: "a name without data", given: "event: ping\n\n", want: { loneComments: 0, emptyBlocks: 1 } },
  { name: "an id without data", given: "id: 1\n: ping\n\n", want: { loneComments: 0, emptyBlocks: 1 } },
  { name: "retry lines", given: "retry: 10\ndata: a\n\nretry\n\n", want: { retryLines: 2, emptyBlocks: 1 } },
])("counts: $name", ({ given, want }) => {
  expect(readSse(given)).toMatchObject(want);
});

test("comments are kept in order, wherever they stand", () => {
  expect(readSse(": a\n\n:b\ndata: x\n:\n\n: c").comments).toEqual([": a", ":b", ":"]);
});

import { expect, test } from "vitest";
import { parseRawAnswer } from "./nonstream-framing.ts";

const ok = "HTTP/1.1 200 OK\r\n";
const length = (value: string): string => `${ok}Content-Length: ${value}\r\n\r\n`;
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

test.each([
  { name: "content-length", given: `${length("2")}{}`, want: { framing: "content-length", body: "{}" } },
  { name: "chunked", given: `${chunked}1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n`, want: { framing: "chunked", body: "{}" } },
  { name: "trailers", given: `${chunked}2\r\n{}\r\n0\r\nA: b\r\n\r\n`, want: { framing: "chunked", body: "{}" } },
  { name: "until the end", given: `${ok}\r\n{}`, want: { framing: "close", body: "{}" } },
  {
    name: "an interim answer",
    given: `HTTP/1.1 100 Continue\r\n\r\n${length("2")}{}`,
    want: { status: 200, body: "{}" },
  },
])("sound: $name", ({ given, want }) => {
  expect(parseRawAnswer(given)).toMatchObject({ ...want, problem: undefined });
});

test.each([
  { name: "too short", given: `${length("3")}{}` },
  { name: "too long", given: `${length("2")}{}data: [DONE]` },
  { name: "not a number", given: `${length("2, 2")}{}` },
  { name: "two lengths", given: `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}` },
  { name: "both", given: `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n` },
  { name: "no last chunk", given: `${chunked}2\r\n{}\r\n` },
  { name: "no last line", given: `${chunked}2\r\n{}\r\n0\r\n` },
  { name: "something behind", given: `${chunked}2\r\n{}\r\n0\r\n\r\ndata: [DONE]` },
  { name: "no sizes at all", given: `${chunked}{}` },
  { name: "a chunk with a wrong size", given: `${chunked}1\r\n{}\r\n0\r\n\r\n` },
])("unsound: $name", ({ given }) => {
  expect(parseRawAnswer(given)?.problem).toEqual(expect.any(String));
});

test("half a head is no answer", () => {
  expect(parseRawAnswer("HTTP/1.1 200 OK\r\nContent-Le")).toBeUndefined();
});

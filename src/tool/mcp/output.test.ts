import type { CallToolResult } from "@modelcontextprotocol/client";
import { describe, expect, test } from "vitest";
import { cutText, toToolResult } from "./output.ts";

const data = Buffer.alloc(1234).toString("base64");

test.for<[what: string, result: CallToolResult, text: string]>([
  ["texts in lines", { content: [text("one"), text("two")] }, "one\ntwo"],
  ["an image", { content: [{ type: "image", mimeType: "image/png", data }] }, "[image: image/png, 1234 bytes]"],
  ["a sound", { content: [{ type: "audio", mimeType: "audio/wav", data }] }, "[audio: audio/wav, 1234 bytes]"],
  ["a resource's text", { content: [resource({ uri: "a:b", text: "inside" })] }, "inside"],
  [
    "a resource's bytes",
    { content: [resource({ uri: "a:b", blob: data })] },
    "[resource: a:b, application/octet-stream, 1234 bytes]",
  ],
  ["a link", { content: [{ type: "resource_link", uri: "a:b", name: "b" }] }, "[resource: a:b]"],
  ["a structure alone", { content: [], structuredContent: { a: 1 } }, '{"a":1}'],
  ["a structure beside a text", { content: [text("one")], structuredContent: { a: 1 } }, "one"],
  ["nothing", { content: [] }, ""],
  ["half a character", { content: [text("a\ud83d")] }, "a\ufffd"],
])("%s", ([, result, want]) => {
  expect(toToolResult(result, 1000)).toMatchObject({ text: want, failed: false });
});

test("a tool's own error is a failed result", () => {
  expect(toToolResult({ content: [text("no")], isError: true }, 1000)).toEqual({ text: "no", failed: true });
});

describe("a text that is too long", () => {
  test.for([0, 1, 2, 3])("is cut between characters, %d bytes further", (shift) => {
    const given = "a".repeat(shift) + "😀".repeat(500);
    const shown = cutText(given, 300);
    const [, head = "", missing] = /^([^\n]*)\n\[cut: (\d+) of \d+ bytes are not shown\]$/.exec(shown) ?? [];
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(300);
    expect(given.startsWith(head)).toBe(true);
    expect(head.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(head) + Number(missing)).toBe(Buffer.byteLength(given));
  });

  test("is whole at exactly the limit", () => {
    expect(cutText("ä".repeat(150), 300)).toBe("ä".repeat(150));
  });
});

function text(value: string): { type: "text"; text: string } {
  return { type: "text", text: value };
}

function resource(value: { uri: string; text: string } | { uri: string; blob: string }): CallToolResult["content"][0] {
  return { type: "resource", resource: value };
}

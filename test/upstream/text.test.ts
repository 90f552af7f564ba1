import { describe, expect, it } from "vitest";
import { modes, startUpstreamTest } from "./upstream.fixture.ts";
import { done, finished, streamHead, toChunk, toEvent, toSaid } from "./servers/fault.fixture.ts";

interface Row {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly text: string;
}

const end = finished + done;
const said = (text: string, more: object = {}): string =>
  toEvent({ choices: [{ index: 0, delta: { content: text }, ...more }] });
const word = "x".repeat(1_000_000);

const rows: readonly Row[] = [
  // More than a stream should hold, or another order.
  { name: "data after [DONE]", body: `${toSaid("a")}${end}${toSaid("b")}data: {nonsense\n\n`, text: "a" },
  { name: "[DONE] twice", body: `${toSaid("a")}${end}${done}`, text: "a" },
  { name: "words after the end", body: `${toSaid("a")}${finished}${toSaid("b")}${finished}${done}`, text: "ab" },
  {
    name: "ids, models and times that change",
    body:
      ["one", "two"]
        .map((id) => toEvent({ id, model: id, created: -1, choices: [{ delta: { content: id } }] }))
        .join("") + end,
    text: "onetwo",
  },
  {
    name: "choices that nobody asked for",
    body: `${toEvent({ choices: [{ index: 1, delta: { content: "no" } }] })}${toSaid("a")}${end}`,
    text: "a",
  },
  {
    name: "an error without one",
    body: `${toEvent({ error: null, choices: [{ delta: { content: "a" } }] })}${end}`,
    text: "a",
  },
  // Words that could be taken for something else.
  {
    name: "terminal codes",
    body: `${toSaid("\u001b[31mred\u001b]0;x\u0007")}${end}`,
    text: "\u001b[31mred\u001b]0;x\u0007",
  },
  { name: "markup", body: `${toSaid("</script><img onerror=x>")}${end}`, text: "</script><img onerror=x>" },
  {
    name: "the stream's own grammar",
    body: `${toSaid("\n\ndata: [DONE]\n\nevent: x\r\r")}${end}`,
    text: "\n\ndata: [DONE]\n\nevent: x\r\r",
  },
  { name: "a word of 1 MB", body: `${toSaid(word)}${end}`, text: word },
  {
    name: "zero bytes and line separators",
    body: `${toSaid("a\u0000b\u2028c\ufeffd")}${end}`,
    text: "a\u0000b\u2028c\ufeffd",
  },
  {
    name: "half a pair, and the other half later",
    body: `${said("\ud83d")}${said("\ude00")}${end}`,
    text: "\ud83d\ude00",
  },
  {
    name: "bytes that are no UTF-8",
    body: Buffer.concat([
      Buffer.from('data: {"choices":[{"delta":{"content":"a'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`b"}}]}\n\n${end}`),
    ]),
    text: "a\ufffd\ufffdb",
  },
  {
    name: "names of every object",
    body: `${toEvent({ __proto__: null, constructor: 1, choices: [{ delta: { content: "a", toString: 5 } }] })}${end}`,
    text: "a",
  },
  {
    name: "a reason of every object",
    body: `${toSaid("a")}${finished.replace("stop", "constructor")}${done}`,
    text: "a",
  },
];

describe.each(modes)("an upstream's answer, $mode, with", ({ stream }) => {
  it.each(rows)("$name reaches the client as it is meant", async ({ body, text }) => {
    const bytes = Buffer.from(body as string);
    const size = `${bytes.length.toString(16)}\r\n`;
    const { ask, gateway } = await startUpstreamTest((socket) => {
      socket.write(streamHead + size);
      socket.write(bytes);
      socket.write("\r\n0\r\n\r\n");
    });
    const talk = await ask("Hi", stream);
    expect(talk).toMatchObject({ status: 200, finishReason: "stop", error: undefined });
    expect(talk.text === text, talk.text.slice(0, 200)).toBe(true);
    // And what is kept of it can be read again.
    expect(await ask("again", stream)).toMatchObject({ status: 200, finishReason: "stop" });
    expect((await gateway.request("/healthz")).status).toBe(200);
  });
});

it.each<[what: string, body: string]>([
  [
    "arguments of no tool",
    `${toEvent({ choices: [{ delta: { tool_calls: [{ function: { arguments: "{}" } }] } }] })}${end}`,
  ],
  ["a tool call without a name", `${toEvent({ choices: [{ delta: { tool_calls: [{ index: 0, id: "a" }] } }] })}${end}`],
])("%s is a failure", async (_, body) => {
  const { ask } = await startUpstreamTest((socket) => socket.write(`${streamHead}${toChunk(body)}0\r\n\r\n`));
  for (const { stream } of modes)
    expect(await ask("Hi", stream)).toMatchObject({ finishReason: null, error: { code: "upstream_error" } });
});

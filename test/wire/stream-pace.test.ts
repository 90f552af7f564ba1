import { expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { type Reading, readStream, toChunks, toPayloads, toText } from "./events.fixture.ts";
import { exchange, toChatBody, toRequest } from "./socket.fixture.ts";

/** Milliseconds from the request until the piece with this text was there. */
function toDelay({ pieces, sentAt }: Reading, text: string): number {
  const piece = pieces.find(({ bytes }) => bytes.includes(text));
  expect(piece, `${text} never came`).toBeDefined();
  return (piece?.at ?? Infinity) - sentAt;
}

function withKeepAlive(form: "comment" | "chunk" | "off") {
  return { config: { gateway: { http: { keepAlive: { form, intervalMs: 100 } } } } };
}

test.concurrent("words are sent as they are said", async ({ gateway }) => {
  const { port } = gateway;
  const reading = await readStream(port, "@@words 10 delay=50ms");
  const words = Array.from({ length: 10 }, (_, index) => toDelay(reading, `"word${index}`));
  const total = reading.endAt - reading.sentAt;
  expect(total).toBeGreaterThanOrEqual(450);
  expect(new Set(reading.pieces.map(({ at }) => at)).size).toBeGreaterThanOrEqual(5);
  expect(words).toEqual(words.toSorted((a, b) => a - b));
  // Long before the last one is said.
  expect((words[9] ?? 0) - (words[0] ?? 0)).toBeGreaterThan(300);
});

test.concurrent("the headers and the role come at once, although the model thinks for two seconds", async ({
  gateway,
}) => {
  const { port } = gateway;
  const reading = await readStream(port, "@@think 2s\n@@echo done");
  const done = toDelay(reading, '"done"');
  expect(done).toBeGreaterThan(1900);
  // Most of the thinking comes after them.
  expect(done - (reading.headAt - reading.sentAt)).toBeGreaterThan(1000);
  expect(done - toDelay(reading, '"role":"assistant"')).toBeGreaterThan(1000);
});

test.concurrent("a failure soon after the model has accepted is a real status, a later one an event", async ({
  gateway,
}) => {
  const { port } = gateway;
  const soon = toRequest({ body: toChatBody("@@think 20ms\n@@fail", { stream: true }) });
  expectError(await exchange(port, soon), { code: "upstream_error" });
  const { head, body } = await readStream(port, "@@think 1s\n@@fail");
  expect(head.status).toBe(200);
  expect(toPayloads(body).map((payload) => Object.keys(JSON.parse(payload) as object).includes("error"))).toEqual([
    false,
    true,
  ]);
});

test.concurrent("the body ends with [DONE], or with the error, and the connection is free", async ({ gateway }) => {
  const { port } = gateway;
  for (const [say, last] of [
    ["@@count 100", "data: [DONE]\n\n"],
    ["@@fail after=3", '"error"'],
  ] as const) {
    const reading = await readStream(port, say);
    expect(reading.body.toString().trimEnd().split("\n").at(-1)).toContain(last.trimEnd());
    // Well before any time of the gateway's or of Node's ends it.
    expect(reading.endAt - reading.sentAt - toDelay(reading, last)).toBeLessThan(4_000);
    expect(reading.head.headers["connection"]).toBe("keep-alive");
  }
});

test.concurrent("a silent stream shows life with a comment, which is one line and no event", async () => {
  const { port } = await startTestGateway(withKeepAlive("comment"));
  const { body } = await readStream(port, "@@think 900ms\n@@echo a\n@@delay 450ms\n@@echo b");
  expect(body.toString()).toMatch(/^data: \{.*?\}\n\n(?:: ping\n)+data: \{.*?\}\n\n(?:: ping\n)+data: \{/s);
  expect(toText(toChunks(body))).toBe("ab");
  const pings = body.toString().split(": ping\n").length - 1;
  expect(pings).toBeGreaterThanOrEqual(4);
  expect(pings).toBeLessThanOrEqual(13);
});

test.concurrent("a silent stream shows life with an empty chunk where the configuration says so", async () => {
  const { port } = await startTestGateway(withKeepAlive("chunk"));
  const { body } = await readStream(port, "@@think 900ms\n@@echo a", { stream_options: { include_usage: true } });
  const chunks = toChunks(body);
  expect(body.toString()).not.toContain(": ping");
  const idle = chunks.slice(1, -3);
  expect(idle.length).toBeGreaterThanOrEqual(3);
  for (const chunk of idle) {
    expect(chunk).toEqual({
      ...chunks[0],
      choices: [{ index: 0, delta: { content: "" }, logprobs: null, finish_reason: null }],
    });
  }
  expect(toText(chunks)).toBe("a");
});

test.concurrent("a silent stream stays silent where the configuration says so", async () => {
  const { port } = await startTestGateway(withKeepAlive("off"));
  const { body } = await readStream(port, "@@think 700ms\n@@echo a");
  expect(toPayloads(body)).toHaveLength(4);
  expect(body.toString()).not.toMatch(/^:/m);
});

test.concurrent("a stream that speaks needs no sign of life", async () => {
  const { port } = await startTestGateway({ config: { gateway: { http: { keepAlive: { intervalMs: 1000 } } } } });
  const { body } = await readStream(port, "@@words 40 delay=50ms");
  expect(body.toString()).not.toMatch(/^:/m);
});

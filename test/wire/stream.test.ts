import { expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { readStream, toChunks, toPayloads, toText } from "./events.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { exchange, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

test("a stream is the role, the deltas, one finish reason and [DONE]", async ({ gateway }) => {
  const { port } = gateway;
  const { body } = await readStream(port, "@@count 3");
  const chunks = toChunks(body);
  const { id, created, model } = chunks[0] ?? {};
  expect(id).toMatch(/^chatcmpl-[0-9a-f]{24}$/);
  expect(Math.abs((created ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  expect(model).toBe("openclaw");
  const deltas = [{ role: "assistant", content: "" }, { content: "0 " }, { content: "1 " }, { content: "2" }, {}];
  expect(chunks).toEqual(
    deltas.map((delta, at) => ({
      id,
      object: "chat.completion.chunk",
      created,
      model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: at === 4 ? "stop" : null }],
    })),
  );
});

test("the usage comes last and alone when it is asked for, and is null before", async ({ gateway }) => {
  const { port } = gateway;
  const { body } = await readStream(port, "@@count 3", { stream_options: { include_usage: true } });
  const chunks = toChunks(body);
  const last = chunks.pop();
  expect(chunks.map(({ usage }) => usage)).toEqual(chunks.map(() => null));
  expect(last).toMatchObject({ id: chunks[0]?.id, created: chunks[0]?.created, model: "openclaw", choices: [] });
  const whole = await exchange(port, toRequest({ body: toChatBody("@@count 3") }));
  expect(last?.usage).toEqual((JSON.parse(whole.text) as { usage: object }).usage);
  expect(last?.usage).toMatchObject({ completion_tokens: expect.toSatisfy((tokens: number) => tokens > 0) as number });
});

test.for([{ include_usage: false }, {}, null])(
  "with stream_options %j no chunk has a usage",
  async (options, { gateway }) => {
    const { port } = gateway;
    const chunks = toChunks((await readStream(port, "@@count 3", { stream_options: options })).body);
    expect(chunks.every((chunk) => !("usage" in chunk) && chunk.choices.length === 1)).toBe(true);
  },
);

test("a stream says how it shall be handled, and is not compressed", async ({ gateway }) => {
  const { port } = gateway;
  for (const accept of [null, "application/json", "text/event-stream", "*/*;q=0"]) {
    const headers = { accept, "accept-encoding": "gzip, br, deflate, zstd" };
    const answer = await exchange(port, toRequest({ headers, body: toChatBody("@@echo hi", { stream: true }) }));
    expect(answer.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "transfer-encoding": "chunked",
      "x-openclaw-agent-id": "main",
      "x-openclaw-session-key": expect.stringMatching(/^agent:main:openai:/) as string,
      "x-clawgate-model": "embedded/assistant",
      "x-request-id": expect.stringMatching(/^req_/) as string,
    });
    expect(answer.headers).not.toHaveProperty("content-encoding");
    expect(answer.headers).not.toHaveProperty("content-length");
    expect(toText(toChunks(answer.body))).toBe("hi");
  }
});

test("without stream, with false and with null the answer is one JSON object", async ({ gateway }) => {
  const { port } = gateway;
  for (const fields of [{}, { stream: false }, { stream: null }]) {
    const headers = { accept: "text/event-stream" };
    const answer = await exchange(port, toRequest({ headers, body: toChatBody("@@echo hi", fields) }));
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.headers["content-length"]).toBe(`${answer.body.length}`);
    expect(answer.text).toMatch(/^\{"id":"chatcmpl-[0-9a-f]{24}","object":"chat\.completion",.*\}$/);
  }
});

test("tool calls come one after the other, each announced once", async ({ gateway }) => {
  const { port } = gateway;
  const tools = ["a", "b"].map((name) => ({ type: "function", function: { name } }));
  const say = '@@tool a {"text":"first call of two"}\n@@tool b {}';
  const chunks = toChunks((await readStream(port, say, { tools })).body);
  const calls = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  const starts = calls.filter(({ id }) => id !== undefined);
  expect(starts).toMatchObject([
    { index: 0, type: "function", function: { name: "a", arguments: "" } },
    { index: 1, type: "function", function: { name: "b", arguments: "" } },
  ]);
  expect(new Set(starts.map(({ id }) => id)).size).toBe(2);
  const rest = calls.filter(({ id }) => id === undefined);
  expect(rest.every((call) => Object.keys(call).join() === "index,function")).toBe(true);
  expect(calls.map(({ index }) => index)).toEqual(calls.map(({ index }) => index).toSorted((a, b) => a - b));
  const joined = [0, 1].map((index) =>
    calls
      .filter((call) => call.index === index)
      .map((call) => call.function?.arguments)
      .join(""),
  );
  expect(joined).toEqual(['{"text":"first call of two"}', "{}"]);
  expect(chunks.at(-1)?.choices[0]).toEqual({ index: 0, delta: {}, logprobs: null, finish_reason: "tool_calls" });
});

test.for(["upstream_error", "rate_limit_exceeded", "upstream_timeout", "context_length_exceeded"] as const)(
  "a model that fails with %s before it says anything is a real status",
  async (code, { gateway }) => {
    const { port } = gateway;
    for (const stream of [true, false]) {
      const answer = await exchange(port, toRequest({ body: toChatBody(`@@fail code=${code}`, { stream }) }));
      expectError(answer, { code });
    }
  },
);

test("a stream that breaks ends with an error event, without a finish reason and without [DONE]", async () => {
  const { port } = await startTestGateway({ expectErrors: true });
  for (const [say, code] of [
    ["@@fail after=3", "upstream_error"],
    ["@@cut after=3", "upstream_error"],
    ["@@count 3\n@@crash at /home/secret", "internal_error"],
  ] as const) {
    const { head, body } = await readStream(port, say, { stream_options: { include_usage: true } });
    expect(head.status).toBe(200);
    const payloads = toPayloads(body);
    expect(payloads).not.toContain("[DONE]");
    const events = payloads.map((payload) => JSON.parse(payload) as Record<string, unknown>);
    const error = events.pop();
    expect(error, say).toEqual({
      error: { message: expect.any(String) as string, type: "server_error", param: null, code },
    });
    expect(events).toHaveLength(4);
    expect(JSON.stringify(events)).not.toMatch(/"finish_reason":"|"usage":\{/);
    expect(body.toString()).not.toMatch(/secret|node_modules/);
  }
});

test("a stream ends exactly where its framing says, so that its connection has the next answer", async ({
  gateway,
}) => {
  const wire = await openSocket(gateway.port);
  for (const text of ["ok", "🦊 ü"]) {
    wire.send(toRequest({ body: toChatBody(`@@echo ${text}`, { stream: true }) }));
    const { headers, body } = await wire.read();
    expect(headers).toMatchObject({ "transfer-encoding": "chunked" });
    expect(toText(toChunks(body))).toBe(text);
  }
});

test("a client of HTTP/1.0, which knows no chunks, reads a stream to the end of its connection", async ({
  gateway,
}) => {
  const wire = await openSocket(gateway.port);
  const request = toRequest({ body: toChatBody("@@echo ü", { stream: true }) });
  wire.send(Buffer.from(request.toString("latin1").replace("HTTP/1.1", "HTTP/1.0"), "latin1"));
  const { headers, body } = await wire.read();
  expect(headers["transfer-encoding"]).toBeUndefined();
  expect(toText(toChunks(body))).toBe("ü");
});

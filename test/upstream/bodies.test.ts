import { expect, test } from "vitest";
import { ask, startHouse, wholeOnly } from "./answers.fixture.ts";
import { startFaultServer, toChunk, toHead } from "./servers/fault.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";

const said = {
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi you" }, finish_reason: "stop" }],
};
const whole = JSON.stringify(said);
const toEvent = (choice: object): string => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;
const stream =
  toEvent({ delta: { content: "Hi " } }) +
  toEvent({ delta: { content: "you" } }) +
  toEvent({ delta: {}, finish_reason: "stop" }) +
  "data: [DONE]\n\n";

/** In front of a server that writes exactly this, in these pieces. */
async function startBehind(type: string | undefined, pieces: readonly string[], provider: object = {}) {
  const fields = [...(type === undefined ? [] : [`content-type: ${type}`]), "transfer-encoding: chunked"];
  const server = await startFaultServer((socket) => {
    socket.write(toHead(fields));
    for (const piece of pieces) socket.write(toChunk(piece));
    socket.write("0\r\n\r\n");
  });
  return startTestGateway({
    config: {
      models: { providers: { vendor: { api: "openai-completions", baseUrl: server.baseUrl, ...provider } } },
      agents: { defaults: { model: "vendor/x" } },
    },
  });
}

test.each<[type: string | undefined, what: string, pieces: string[]]>([
  ["application/json", "a stream", [stream]],
  ["application/json; charset=utf-8", "a stream with a comment first", [": ping\n\n", stream]],
  ["text/html; charset=utf-8", "a stream (PHP)", [stream]],
  ["application/octet-stream", "a stream", [stream]],
  [undefined, "a stream", [stream]],
  ["text/event-stream", "one whole answer", [whole]],
  ["text/event-stream", "one whole answer behind white space", ["\n", "\n  ", whole]],
  ["text/plain", "one whole answer", [whole.slice(0, 20), whole.slice(20)]],
  ["text/html", "one whole answer", [whole]],
  ["application/json", "one whole answer behind a byte order mark", [`\ufeff${whole}`]],
  [undefined, "one whole answer", [whole]],
])("a body of type %s is read that is %s", async (type, _, pieces) => {
  for (const provider of [{}, wholeOnly]) {
    const gateway = await startBehind(type, pieces, provider);
    for (const asked of [true, false]) {
      expect(await ask(gateway, { stream: asked })).toMatchObject({
        status: 200,
        text: "Hi you",
        finishReason: "stop",
      });
    }
  }
});

test.each(["text/html", "text/event-stream", "application/json"])("a web page of type %s is none", async (type) => {
  const gateway = await startBehind(type, ["<!doctype html><title>Login</title>"]);
  for (const asked of [true, false])
    expect(await ask(gateway, { stream: asked })).toMatchObject({ code: "upstream_error" });
});

test.each([[null], [""], [false], [{}], [{ message: "", type: null, code: 0 }]])(
  "an error %j in every chunk beside what is said is none",
  async (error) => {
    const raw = stream.replaceAll('{"choices"', `{"error":${JSON.stringify(error)},"choices"`);
    const streaming = await startHouse([{ raw }, { hang: true }]);
    const notStreaming = await startHouse([{ status: 200, body: { error, ...said } }], { provider: wholeOnly });
    for (const { gateway } of [streaming, notStreaming]) {
      for (const asked of [true, false]) {
        expect(await ask(gateway, { stream: asked })).toMatchObject({ text: "Hi you", finishReason: "stop" });
      }
    }
  },
);

test.each([[{}], [{ message: "" }], [{ message: "no", code: 500 }], ["no"], [[{ error: { code: 500 } }]]])(
  "an error %j alone is one",
  async (error) => {
    const body = Array.isArray(error) ? error : { error };
    const raw = `data: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`;
    const streaming = await startHouse([{ raw }, { hang: true }]);
    const notStreaming = await startHouse([{ status: 200, body }], { provider: wholeOnly });
    for (const { gateway } of [streaming, notStreaming]) {
      for (const asked of [true, false])
        expect(await ask(gateway, { stream: asked })).toMatchObject({ code: "upstream_error" });
    }
  },
);

test("an event may be as long as an answer may be", async () => {
  const city = "x".repeat(1_200_000);
  const text = "y".repeat(3_000_000);
  const call = {
    index: 0,
    id: "a",
    type: "function",
    function: { name: "get_weather", arguments: JSON.stringify({ city }) },
  };
  const details = "z".repeat(5_000_000);
  const raw =
    toEvent({ delta: { content: text }, details }) +
    toEvent({ delta: { tool_calls: [call] } }) +
    toEvent({ delta: {}, finish_reason: "tool_calls" }) +
    "data: [DONE]\n\n";
  const { gateway } = await startHouse([{ raw }, { hang: true }]);
  for (const asked of [true, false]) {
    const told = await ask(gateway, { stream: asked });
    expect({ ...told, text: told.text.length, calls: told.calls.map(({ text: args }) => args.length) }).toMatchObject({
      status: 200,
      text: text.length,
      calls: [city.length + 11],
      finishReason: "tool_calls",
    });
  }
});

test("an answer that is larger than an answer may be is none, also in one event", async () => {
  const server = await startFaultServer((socket) => {
    socket.write(toHead(["content-type: text/event-stream", "transfer-encoding: chunked"]));
    socket.write(toChunk(`data: {"choices":[{"index":0,"delta":{"content":"`));
    const piece = toChunk("x".repeat(1024 * 1024));
    for (let count = 0; count < 33; count += 1) socket.write(piece);
  });
  const gateway = await startTestGateway({
    config: {
      models: { providers: { vendor: { api: "openai-completions", baseUrl: server.baseUrl } } },
      agents: { defaults: { model: "vendor/x" } },
    },
  });
  expect(await ask(gateway, { stream: true })).toMatchObject({ code: "upstream_error", text: "" });
});

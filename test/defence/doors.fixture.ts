import { once } from "node:events";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { socketMethods } from "../../src/base/contract.ts";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { startFaultServer } from "../upstream/servers/fault.fixture.ts";
import { toConfig } from "../upstream/upstream.fixture.ts";
import { toChatBody, toRequest } from "../wire/socket.fixture.ts";

/** A place at which bytes come in that somebody else has made. */
export interface Door {
  readonly gateway: TestGateway;
  readonly seeds: readonly Buffer[];
  readonly words: readonly string[];
  /** Throws if what comes of the input is nothing that may come of any input. */
  readonly feed: (input: Buffer) => Promise<void>;
}

export type DoorName = keyof typeof doors;

const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } }];
const schema = { type: "object", properties: { a: { type: "string", pattern: "^a+$" } }, required: ["a"] };
const bodies = [
  toChatBody("hi"),
  toChatBody("@@words 3", { stream: true, stream_options: { include_usage: true }, user: "ada" }),
  toChatBody("@@tool weather {}", { tools, tool_choice: "auto" }),
  toChatBody("hi", { response_format: { type: "json_schema", json_schema: { name: "x", schema } } }),
  JSON.stringify({
    model: "openclaw:beta",
    stop: ["a"],
    max_completion_tokens: 3,
    messages: [
      { role: "system", content: [{ type: "text", text: "be brief" }] },
      { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }] },
      { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c", content: "4" },
    ],
  }),
];

/** Requests on a raw socket: how they are framed, and what stands in their heads. */
async function openHttp(): Promise<Door> {
  const gateway = await startTestGateway(quiet);
  return {
    gateway,
    seeds: [
      toRequest(),
      toRequest({ method: "GET", path: "/v1/models" }),
      toRequest({ method: "OPTIONS", headers: { origin: "https://a.example" } }),
      Buffer.concat([toRequest({ method: "GET", path: "/healthz" }), toRequest()]),
      toRequest({ headers: { "content-length": null, "transfer-encoding": "chunked" }, body: "0\r\n\r\n" }),
    ],
    words: [
      "\r\n",
      "\n",
      "\r\n\r\n",
      "0\r\n\r\n",
      ":",
      " ",
      "\t",
      "\0",
      "\x80",
      "HTTP/1.1",
      "HTTP/1.0",
      "HTTP/2.0",
      "POST",
      "GET",
      "content-length: 5\r\n",
      "transfer-encoding: chunked\r\n",
      "expect: 100-continue\r\n",
      "connection: close\r\n",
      "upgrade: websocket\r\n",
      "host: evil.example\r\n",
      "host: [::1\r\n",
      "x-forwarded-for: 1.1.1.1\r\n",
      "%zz",
      "%00",
      "//",
      "ffffffff\r\n",
      "1;a=b\r\n",
      "x-openclaw-session-key: a\r\n",
      "x-openclaw-agent-id: beta\r\n",
      "__proto__: 1\r\n",
    ],
    async feed(input) {
      const socket = connect({ port: gateway.port, host: "127.0.0.1" });
      let said = "";
      socket.setEncoding("latin1").on("data", (text: string) => (said += text));
      // The gateway may close on what it refuses while more is written.
      socket.on("error", () => undefined);
      socket.end(input);
      // Not `once` of node:events, which rejects with such a failure.
      await new Promise((resolve) => {
        socket.once("close", resolve);
        setTimeout(resolve, 2000).unref();
      });
      socket.destroy();
      if (said !== "" && !/^HTTP\/1\.1 [1-5]\d\d [ -~]*\r\n/.test(said))
        throw new Error(`not HTTP: ${said.slice(0, 200)}`);
      if (/\bHTTP\/1\.1 500 /.test(said)) throw new Error(`a defect: ${said.slice(0, 500)}`);
    },
  };
}

/** Bodies of a chat completion. Every answer is held against the contract as it is read. */
async function openBody(): Promise<Door> {
  const gateway = await startTestGateway(quiet);
  return {
    gateway,
    seeds: bodies.map((body) => Buffer.from(body)),
    words: [
      ...Object.keys(JSON.parse(bodies[4] ?? "") as object).map((key) => `"${key}":`),
      '"tools":',
      '"tool_choice":',
      '"stream":true,',
      '"user":"a",',
      '"role":"tool"',
      '"role":"developer"',
      '"content":null',
      '"response_format":{"type":"json_object"},',
      '"type":"file"',
      '"$ref":"#"',
      '"pattern":"(a+)+$"',
      '"enum":[1]',
      "{}",
      "[]",
      "null",
      "true",
      "-1",
      "1e400",
      "0.5",
      '"__proto__":',
      '"\\ud800"',
      "\\u0000",
      "\xff",
      '"@@hang"',
      '"@@cut"',
      '"@@then"',
      ",",
      "[[[[[[[[",
    ],
    async feed(input) {
      const response = await gateway.request("/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: new Uint8Array(input),
        signal: AbortSignal.timeout(5000),
      });
      await response.text();
      if (response.status === 500) throw new Error("a defect");
    },
  };
}

const event = (choice: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "m", choices: [{ index: 0, ...choice }], ...more })}\n\n`;

/** What a model server sends back. */
async function openUpstream(): Promise<Door> {
  let answer: Buffer = Buffer.alloc(0);
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
  const server = await startFaultServer((socket) => socket.end(Buffer.concat([Buffer.from(head), answer])));
  const gateway = await startTestGateway({ ...quiet, config: { ...quiet.config, ...toConfig(server.baseUrl, {}) } });
  const call = { index: 0, id: "a", type: "function", function: { name: "weather", arguments: "{}" } };
  return {
    gateway,
    seeds: [
      `${event({ delta: { role: "assistant", content: "hi" } })}${event({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`,
      `${event({ delta: { tool_calls: [call] } })}${event({ delta: {}, finish_reason: "tool_calls" })}data: [DONE]\n\n`,
      `: ping\n\n${event({ delta: { reasoning_content: "hm" } })}${event({ finish_reason: "length" }, { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } })}`,
      'data: {"error":{"message":"no","code":429}}\n\n',
      JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }] }),
    ].map((text) => Buffer.from(text)),
    words: [
      "data: ",
      "data:",
      "\n\n",
      "\r\n\r\n",
      "\r",
      "event: error\n",
      "id: 1\n",
      "retry: 1\n",
      ": \n",
      "[DONE]",
      "null",
      "{}",
      "[]",
      '"delta":',
      '"content":',
      '"tool_calls":',
      '"index":1',
      '"index":-1',
      '"arguments":"',
      '"finish_reason":"stop"',
      '"usage":',
      '"reasoning_details":[',
      '"refusal":"no"',
      '"choices":[]',
      '"error":',
      "\\ud800",
      "\xff\xfe",
      "1e400",
      '"__proto__":',
    ],
    async feed(input) {
      answer = input;
      for (const stream of [false, true]) {
        // oxlint-disable-next-line no-await-in-loop -- the server has one answer at a time
        const response = await gateway.chat(JSON.parse(toChatBody("hi", { stream, tools })) as object);
        // oxlint-disable-next-line no-await-in-loop -- the same
        await response.text();
        if (response.status === 500) throw new Error("a defect");
      }
    },
  };
}

const quiet = {
  config: { gateway: { http: { keepAlive: { form: "off" } }, auth: { limit: { enabled: false } } } },
  expectErrors: true,
};

const frames = [
  { type: "req", id: "1", method: "health" },
  { type: "req", id: "2", method: "chat.send", params: { sessionKey: "a", message: "hi", idempotencyKey: "k" } },
  {
    type: "req",
    id: "3",
    method: "agent",
    params: { message: "@@words 3", agentId: "beta", idempotencyKey: "l", timeout: 1 },
  },
  { type: "req", id: "4", method: "chat.history", params: { sessionKey: "agent:main:a", limit: 5, maxChars: 10 } },
  { type: "req", id: "5", method: "sessions.list", params: { limit: 2, offset: 1, search: "a", activeMinutes: 1 } },
  { type: "req", id: "6", method: "sessions.delete", params: { key: "a", agentId: "main" } },
  { type: "req", id: "7", method: "chat.abort", params: { sessionKey: "a", runId: "k" } },
];
const hello = { minProtocol: 4, maxProtocol: 4, client: { id: "test", mode: "test" }, auth: { token: testToken } };

/** Frames of the gateway protocol, from a client that has signed in. */
async function openFrames(): Promise<Door> {
  const gateway = await startTestGateway(quiet);
  return {
    gateway,
    seeds: [...frames, { type: "req", id: "0", method: "connect", params: hello }].map((frame) =>
      Buffer.from(JSON.stringify(frame)),
    ),
    words: [
      ...Object.keys(socketMethods).map((method) => JSON.stringify(method)),
      '"type":"res"',
      '"id":""',
      '"params":null',
      '"sessionKey":"key:ada:agent:main:a"',
      '"sessionKey":"agent:beta:a"',
      '"key":"agent:nobody:a"',
      '"attachments":[{"mimeType":"image/png","content":"AAAA"}],',
      '"timeoutMs":0',
      '"__proto__":',
      '"constructor"',
      "1e400",
      "-1",
      "null",
      "{}",
      "[]",
      "\\ud800",
      "\\u0000",
      "[[[[[[[[",
    ],
    async feed(input) {
      const socket = new WebSocket(gateway.url.replace("http", "ws"));
      socket.on("error", () => undefined);
      const told: string[] = [];
      socket.on("message", (data: Buffer) => told.push(data.toString()));
      const closed = once(socket, "close");
      await once(socket, "message");
      socket.send(JSON.stringify({ type: "req", id: "hello", method: "connect", params: hello }));
      socket.send(input, { binary: false });
      // Answered in its turn, if the connection lives that long.
      socket.send(JSON.stringify({ type: "req", id: "last", method: "health" }));
      const answered = new Promise<void>((resolve) => {
        socket.on("message", (data: Buffer) => data.includes('"id":"last"') && resolve());
      });
      await Promise.race([answered, closed]);
      socket.terminate();
      for (const text of told) {
        const { type } = JSON.parse(text) as { type: string };
        if (type !== "res" && type !== "event") throw new Error(`not a frame: ${text.slice(0, 200)}`);
        if (text.includes('"internal_error"')) throw new Error(`a defect: ${text.slice(0, 500)}`);
      }
    },
  };
}

export const doors = { http: openHttp, body: openBody, upstream: openUpstream, frames: openFrames };

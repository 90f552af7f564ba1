import { once } from "node:events";
import { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { expect } from "vitest";
import { startTestGateway, test, testToken } from "../gateway.fixture.ts";
import { expectError } from "../wire/error.fixture.ts";
import { type Answer, exchange, openSocket as openTcp, toRequest } from "../wire/socket.fixture.ts";
import { connect, connectParams, openSocket } from "./client.fixture.ts";

const withToken = { ...connectParams, auth: { token: testToken } };
const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};
const manyFields = Object.fromEntries(Array.from({ length: 2500 }, (_, index) => [`a${index}`, "1"]));

test.for<[string, Parameters<typeof toRequest>[0], Parameters<typeof expectError>[1]["code"]]>([
  ["of another web origin", { headers: { origin: "https://evil.example", authorization: null } }, "origin_not_allowed"],
  ["of another web origin, with the token", { headers: { origin: "null" } }, "origin_not_allowed"],
  ["for another host", { headers: { host: "evil.example" } }, "host_not_allowed"],
  ["on another path", { path: "/socket" }, "not_found"],
  ["on an endpoint, without a token", { path: "/v1/models", headers: { authorization: null } }, "invalid_api_key"],
  ["on an endpoint", { path: "/v1/chat/completions" }, "method_not_allowed"],
  ["with POST", { method: "POST" }, "method_not_allowed"],
  ["with a body", { body: "x" }, "invalid_http"],
  ["without a key", { headers: { "sec-websocket-key": null } }, "invalid_http"],
  ["with a short key", { headers: { "sec-websocket-key": "AAAA" } }, "invalid_http"],
  ["of version 12", { headers: { "sec-websocket-version": "12" } }, "websocket_version_not_supported"],
  ["of no version", { headers: { "sec-websocket-version": null } }, "websocket_version_not_supported"],
  ["of 2,500 fields", { headers: manyFields }, "headers_too_large"],
])(
  "a handshake %s is refused as HTTP, and makes no connection",
  async ([, { headers, ...request } = {}, code], { gateway }) => {
    const { port } = gateway;
    const given = { method: "GET", path: "/", body: "", ...request, headers: { ...handshake, ...headers } };
    expectError(await knock(port, given), { code });
    expect((await exchange(port, toRequest())).status).toBe(200);
  },
);

test("a handshake behind a request that is still being answered is refused, and the answer is whole", async ({
  gateway,
}) => {
  const wire = await openTcp(gateway.port);
  wire.send(toRequest());
  wire.send(toRequest({ method: "GET", path: "/", headers: handshake }));
  expect((await wire.read()).status).toBe(200);
  expectError(await wire.read(), { code: "invalid_http" });
});

test("a page that the gateway has served may connect, and one of an allowed origin", async () => {
  const gateway = await startTestGateway({
    config: { gateway: { http: { allowedOrigins: ["https://app.example"] } } },
  });
  await connect(gateway, { headers: { origin: gateway.url } });
  await connect(gateway, { headers: { origin: "https://app.example" } });
});

test("nothing works before connect: another method, a frame that is none, bytes", async ({ gateway }) => {
  const early = await openSocket(gateway.url);
  const answer = await early.answer("health");
  expect(answer).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("first request must be connect") },
  });
  expect((await early.closed()).code).toBe(1008);
  for (const [frame, code] of [
    ["garbage", 1008],
    ["[]", 1008],
    [Buffer.from([0, 1]), 1003],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one connection each
    const socket = await openSocket(gateway.url);
    if (typeof frame === "string") socket.send(frame);
    else socket.socket.send(frame, { binary: true });
    // oxlint-disable-next-line no-await-in-loop -- see above
    expect((await socket.closed()).code).toBe(code);
  }
  expect(gateway.log.filter(({ msg }) => msg === "socket opened")).toEqual([]);
});

test("a client that says nothing is closed in time, and its place is free again", async () => {
  const gateway = await startTestGateway({ config: { gateway: { websocket: { challengeMs: 100 } } } });
  const silent = await openSocket(gateway.url);
  expect(await silent.closed()).toEqual({ code: 1008, reason: "no connect in time" });
  const connected = await connect(gateway);
  await pause(300);
  expect(await connected.request("health")).toMatchObject({ ok: true });
});

test("a process that was late does not close a client that was in time", async () => {
  const gateway = await startTestGateway({ config: { gateway: { websocket: { challengeMs: 200 } } } });
  const socket = await openSocket(gateway.url);
  const id = socket.ask("connect", withToken);
  const until = performance.now() + 500;
  while (performance.now() < until);
  expect(await socket.until(() => socket.answers(id)[0])).toMatchObject({ ok: true });
});

test("a stranger may send 64 KiB, in one frame or in many", async ({ gateway }) => {
  const large = await openSocket(gateway.url);
  large.send({ type: "req", id: "1", method: "connect", params: { ...withToken, locale: "x".repeat(70_000) } });
  expect((await large.closed()).code).toBe(1009);
  const endless = await openSocket(gateway.url);
  endless.socket.on("error", () => undefined);
  for (let sent = 0; sent < 8; sent++) endless.socket.send("x".repeat(10_000), { fin: false });
  expect((await endless.closed()).code).toBe(1009);
  const fitting = await openSocket(gateway.url);
  const params = { ...withToken, locale: "x".repeat(60_000) };
  expect(await fitting.request("connect", params)).toMatchObject({ protocol: 4 });
});

test("a frame that is longer than is said is closed with 1009, and a shorter one is read", async () => {
  const gateway = await startTestGateway({ config: { gateway: { websocket: { payloadBytesMax: 100_000 } } } });
  const socket = await connect(gateway);
  expect(socket.hello.policy.maxPayload).toBe(100_000);
  expect(await socket.request("sessions.list", { novel: "x".repeat(90_000) })).toMatchObject({ count: 0 });
  socket.ask("sessions.list", { novel: "x".repeat(100_000) });
  expect((await socket.closed()).code).toBe(1009);
});

test("frames that are not whole yet have no more room together than bodies have", async () => {
  const limits = { bodyBytesHeld: 1_000_000 };
  const gateway = await startTestGateway({ config: { gateway: { limits } } });
  const [first, second] = [await connect(gateway), await connect(gateway)];
  // What a connection is kept alive with is no part of a frame.
  let pongs = 0;
  first.socket.on("pong", () => pongs++);
  for (let sent = 0; sent < 1000; sent++) first.socket.ping("x".repeat(125));
  await expect.poll(() => pongs).toBe(1000);
  expect(await gateway.gateway.metrics.toText()).toMatch(/clawgate_request_bytes_held 0/);
  const part = JSON.stringify({ type: "req", id: "1", method: "health", params: { novel: "x".repeat(600_000) } });
  first.socket.send(part.slice(0, -1), { fin: false });
  await expect.poll(() => gateway.gateway.metrics.toText()).toMatch(/clawgate_request_bytes_held 6\d{5}/);
  second.socket.send(part.slice(0, -1), { fin: false });
  expect((await second.closed()).code).toBe(1013);
  first.socket.send(part.slice(-1));
  expect(await first.until(() => first.answers("1")[0])).toMatchObject({ ok: true });
  await expect.poll(() => gateway.gateway.metrics.toText()).toMatch(/clawgate_request_bytes_held 0/);
});

test("continuations without end, empty or not, are closed", async ({ gateway }) => {
  const socket = await connect(gateway);
  for (let sent = 0; sent < 1100; sent++) socket.socket.send("", { fin: false });
  expect((await socket.closed()).code).toBe(1008);
});

test("compression is not agreed to, and what comes compressed all the same is closed with 1002", async ({
  gateway,
}) => {
  const socket = await connect(gateway);
  expect(socket.socket.extensions).toBe("");
  toTcp(socket.socket).write(Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x61]));
  expect((await socket.closed()).code).toBe(1002);
});

/** Frames by hand; the mask is of zeros. */
const frame = (first: number, body: Buffer | string = ""): Buffer => {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from([first, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
};

test.for<[string, Buffer, number]>([
  ["a reserved bit", frame(0xa1), 1002],
  ["an opcode that is none", frame(0x83), 1002],
  ["no mask", Buffer.from([0x81, 1, 0x61]), 1002],
  [
    "a control frame of 126 bytes",
    Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]),
    1002,
  ],
  ["a ping in pieces", frame(0x09), 1002],
  ["a continuation of nothing", frame(0x80), 1002],
  ["a text that is no UTF-8", frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
  ["a close of one byte", frame(0x88, "a"), 1002],
  ["a close with a code that is none", frame(0x88, Buffer.from([3, 237])), 1002],
  ["a length beyond counting", Buffer.from([0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
])("%s is closed with its code, and the gateway lives", async ([, bytes, code], { gateway }) => {
  const socket = await connect(gateway);
  toTcp(socket.socket).write(bytes);
  expect((await socket.closed()).code).toBe(code);
  expect((await exchange(gateway.port, toRequest())).status).toBe(200);
});

test("frames that are no requests are answered, and closed when there are ten", async ({ gateway }) => {
  const socket = await connect(gateway);
  const odd = [
    "{",
    `{"type":"req"}`,
    `{"type":"event","id":"x","method":"health"}`,
    "[".repeat(10_000),
    `{"__proto__":1}`,
  ];
  for (const text of odd) socket.send(text);
  await socket.until(() => socket.frames.filter(({ ok }) => ok === false)[odd.length - 1]);
  expect(socket.frames.filter(({ ok }) => ok === false).map(({ id, error }) => [id, error?.details?.["code"]])).toEqual(
    [
      ["invalid", "invalid_json"],
      ["invalid", "missing_required_parameter"],
      ["x", "invalid_value"],
      ["invalid", "too_deep"],
      ["invalid", "missing_required_parameter"],
    ],
  );
  expect(await socket.request("health")).toMatchObject({ ok: true });
  for (const text of odd) socket.send(text);
  expect((await socket.closed()).code).toBe(1008);
});

test.for<[string, string, unknown, object]>([
  ["a method that is none", "config.get", {}, { code: "INVALID_REQUEST", message: "unknown method: config.get" }],
  [
    "a method's name of an object",
    "constructor",
    {},
    { code: "INVALID_REQUEST", message: "unknown method: constructor" },
  ],
  ["a second connect", "connect", withToken, { code: "INVALID_REQUEST", message: "unknown method: connect" }],
  ["params that are no object", "health", [], { code: "INVALID_REQUEST", details: { code: "invalid_type" } }],
  [
    "a key that is no text",
    "chat.history",
    { sessionKey: 1 },
    { details: { code: "invalid_type", param: "sessionKey" } },
  ],
  ["a limit of nothing", "sessions.list", { limit: 0 }, { details: { param: "limit" } }],
])("%s is refused under its id, and the connection lives", async ([, method, params, error], { gateway }) => {
  const socket = await connect(gateway);
  expect(await socket.answer(method, params)).toMatchObject({ ok: false, error });
  // Without params, as the command line asks.
  expect(await socket.request("health")).toMatchObject({ ok: true, defaultAgentId: "main" });
});

test("an id is given back as it came, twice too, and one that is too long is none", async ({ gateway }) => {
  const socket = await connect(gateway);
  const id = "\u0000 é 😀";
  socket.ask("health", {}, id);
  socket.ask("status", {}, id);
  await socket.until(() => socket.answers(id)[1]);
  socket.ask("health", {}, "x".repeat(1_000_000));
  const refused = await socket.until(() => socket.answers("invalid")[0]);
  expect(refused.error?.details).toMatchObject({ param: "id" });
});

test("a reader that stops is closed with 1013 and its run goes on; the others miss nothing", async () => {
  const gateway = await startTestGateway({ config: { gateway: { websocket: { tickMs: 2000 } } } });
  const [slow, quick] = [await connect(gateway), await connect(gateway)];
  await quick.request("chat.history", { sessionKey: "slow" });
  const toRun = (key: string, message: string): object => ({ sessionKey: "slow", message, idempotencyKey: key });
  await slow.request("chat.send", toRun("slow", "@@words 10 delay=20ms"));
  toTcp(slow.socket).pause();
  // More than the kernel keeps for a reader.
  for (let index = 0; index < 12; index++) {
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await quick.request("chat.send", toRun(`quick-${index}`, "@@repeat 300000 word"));
    // oxlint-disable-next-line no-await-in-loop -- see above
    expect(await quick.ended(`quick-${index}`)).toMatchObject({ state: "final" });
  }
  await expect.poll(() => gateway.gateway.metrics.toText()).toMatch(/cut_total\{reason="socket"\} 1/);
  expect(await quick.ended("slow")).toMatchObject({ state: "final" });
  toTcp(slow.socket).resume();
  expect([1006, 1013]).toContain((await slow.closed()).code);
});

test("a client that pings without reading the pongs is cut", async () => {
  // Not by the next tick, which would find the same.
  const websocket = { bufferedBytesMax: 65_536, tickMs: 600_000 };
  const gateway = await startTestGateway({ config: { gateway: { websocket } } });
  const socket = await connect(gateway);
  const tcp = toTcp(socket.socket);
  tcp.pause();
  tcp.on("error", () => undefined);
  const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(0x89, "x".repeat(125))));
  // More than the kernel keeps of the pongs for a reader.
  for (let sent = 0; sent < 400 && tcp.writable; sent++) {
    tcp.write(pings);
    // oxlint-disable-next-line no-await-in-loop -- the gateway is to have its turn
    await pause(1);
  }
  await expect.poll(() => tcp.writable, { timeout: 30_000 }).toBe(false);
  expect((await exchange(gateway.port, toRequest())).status).toBe(200);
});

test("ticks come more often than is said, and a peer that answers no ping is cut", async () => {
  const gateway = await startTestGateway({ config: { gateway: { websocket: { tickMs: 150 } } } });
  const socket = await connect(gateway);
  expect(socket.hello.policy.tickIntervalMs).toBe(150);
  const times: number[] = [];
  socket.socket.on("message", (data: Buffer) => data.includes('"tick"') && times.push(performance.now()));
  await socket.until(() => socket.payloads("tick")[5]);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(150 * (times.length - 1));
  const gone = new WebSocket(gateway.url.replace("http", "ws"), { autoPong: false });
  gone.on("error", () => undefined);
  gone.on("message", (data: Buffer) => {
    if (data.includes("connect.challenge"))
      gone.send(JSON.stringify({ type: "req", id: "1", method: "connect", params: withToken }));
  });
  const [code] = (await once(gone, "close")) as [number];
  expect(code).toBe(1006);
});

test("so many strangers there may be of one address; those who have signed in are not among them", async () => {
  const gateway = await startTestGateway();
  const inside = await connect(gateway);
  const strangers = Array.from({ length: 32 }, () => openSocket(gateway.url));
  await Promise.all(strangers);
  expectError(await knock(gateway.port, { method: "GET", path: "/", headers: handshake }), { code: "overloaded" });
  expect(await inside.request("health")).toMatchObject({ ok: true });
  const [first] = await Promise.all(strangers);
  expect(await first?.request("connect", withToken)).toMatchObject({ protocol: 4 });
  await openSocket(gateway.url);
});

test("with the switch off a handshake is refused, and with the chat endpoint off the socket works", async () => {
  const off = await startTestGateway({ config: { gateway: { websocket: { enabled: false } } } });
  const answer = await exchange(off.port, toRequest({ method: "GET", path: "/", headers: handshake }));
  expectError(answer, { code: "websocket_not_available" });
  const disabled = { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } };
  const gateway = await startTestGateway({ config: disabled });
  const socket = await connect(gateway);
  await socket.request("chat.send", { sessionKey: "a", message: "@@echo on", idempotencyKey: "1" });
  expect(await socket.ended("1")).toMatchObject({ state: "final" });
});

/** The answer to a handshake that becomes no connection. */
async function knock(port: number, request: Parameters<typeof toRequest>[0]): Promise<Answer> {
  const wire = await openTcp(port);
  wire.send(toRequest(request));
  const head = await wire.readHead();
  expect(head.status).not.toBe(101);
  const pieces: Buffer[] = [];
  for await (const { bytes } of wire.readBody(head)) pieces.push(bytes);
  const body = Buffer.concat(pieces);
  return { ...head, body, text: body.toString() };
}

function toTcp(socket: WebSocket): Socket {
  const { _socket: tcp } = socket as unknown as { _socket: Socket };
  return tcp;
}

test("an answer of megabytes reaches whoever reads, in frames that leave others their turn", async ({ gateway }) => {
  const socket = await connect(gateway);
  const length = 8_000_000;
  const params = { sessionKey: "long", message: `@@repeat ${length} \u{1F600}`, idempotencyKey: "long" };
  await socket.request("chat.send", params);
  const end = await socket.ended("long");
  const text = (end.state === "final" && end.message.content[0]?.text) || "";
  expect(Buffer.byteLength(text)).toBe(length);
  const deltas = socket.payloads("chat").flatMap((event) => (event.state === "delta" ? [event] : []));
  expect(deltas.map(({ deltaText }) => deltaText).join("") === text).toBe(true);
  const events = socket.payloads("agent").filter(({ stream }) => stream === "assistant");
  expect(events.map(({ data }) => data.delta).join("") === text).toBe(true);
  for (const { deltaText, message } of deltas) {
    expect(deltaText.length).toBeLessThanOrEqual(262_144);
    expect(deltaText.isWellFormed()).toBe(true);
    expect(message).toBeUndefined();
  }
  expect(await socket.request("health")).toMatchObject({ ok: true });
});

test("an answer that no client takes in one frame closes the connection, with the reason, and its run goes on", async ({
  gateway,
}) => {
  const socket = await connect(gateway);
  // Six bytes of JSON for each.
  const params = { sessionKey: "too-long", message: "@@repeat 8000000 \u0001", idempotencyKey: "too-long" };
  await socket.request("chat.send", params);
  // In one process the client may not have read all the pieces by then.
  const { code, reason } = await socket.closed();
  expect(`${code} ${reason}`).toMatch(/^1009 an answer is longer than a frame may be$|^1013 too slow$/);
  const later = await connect(gateway);
  expect(await later.request("agent.wait", { runId: "too-long" })).toMatchObject({ status: "ok" });
});

test("readers that stop give way together, before each of them holds what it may", async () => {
  const limits = { answerBytesHeld: 28_000_000, loopDelayMs: 0 };
  const gateway = await startTestGateway({ config: { gateway: { limits } } });
  const [reader, ...stopped] = await Promise.all(Array.from({ length: 3 }, () => connect(gateway)));
  if (reader === undefined) throw new Error("nobody reads");
  const follow = (socket: Awaited<ReturnType<typeof connect>>) => socket.request("chat.history", { sessionKey: "all" });
  await Promise.all([reader, ...stopped].map(follow));
  for (const { socket } of stopped) socket.pause();
  const ask = async (idempotencyKey: string): Promise<string> => {
    await reader.request("chat.send", { sessionKey: "all", message: "@@repeat 4000000 x", idempotencyKey });
    return (await reader.ended(idempotencyKey)).state;
  };
  expect(await ask("first")).toBe("final");
  await pause(300);
  expect(await ask("second")).toBe("final");
  await expect
    .poll(() => gateway.gateway.metrics.toText())
    .toMatch(/^clawgate_connections_cut_total\{reason="socket"\} [12]$/m);
  for (const { socket } of stopped) socket.resume();
});

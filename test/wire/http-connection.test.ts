import { describe, expect } from "vitest";
import { test } from "../gateway.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { exchange, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

test("fifty calls go over one connection", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  for (let call = 0; call < 50; call++) {
    wire.send(toRequest({ body: toChatBody(`@@echo call ${call}`, { stream: call % 2 === 1 }) }));
    const { status, headers, text } = await wire.read();
    expect({ status, connection: headers["connection"] }).toEqual({ status: 200, connection: "keep-alive" });
    expect(text).toContain(`${call}`);
  }
});

test("a refused call leaves the connection usable", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  const refused = [
    toRequest({ body: "{}" }),
    toRequest({ headers: { authorization: "Bearer wrong" } }),
    toRequest({ path: "/v1/nope" }),
    toRequest({ headers: { "content-type": "text/plain" } }),
    toRequest({ headers: { origin: "https://evil.example" } }),
  ];
  for (const request of refused) {
    wire.send(request);
    expect((await wire.read()).status).toBeGreaterThanOrEqual(400);
    wire.send(toRequest());
    expect((await wire.read()).status).toBe(200);
  }
});

test("two requests in one segment are answered in their order", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  const first = toRequest({ body: toChatBody("@@think 100ms\n@@echo first", { stream: true }) });
  wire.send(Buffer.concat([first, toRequest({ body: toChatBody("@@echo second") })]));
  const answers = [await wire.read(), await wire.read()];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(answers[0]?.text).toMatch(/first.*data: \[DONE\]\n\n$/s);
  expect(answers[1]?.text).toContain('"content":"second"');
});

test.for<[what: string, last: Buffer, behind: string]>([
  ["another request", toRequest({ headers: { connection: "close" } }), toRequest().toString()],
  ["what is no HTTP", toRequest({ headers: { connection: "close" } }), "\0junk\r\n\r\n"],
  ["another of HTTP/1.0", toOld(toRequest()), toOld(toRequest()).toString()],
])(
  "a request that is the last by its own word is answered, whatever is behind it: %s",
  async ([, last, behind], { gateway }) => {
    const wire = await openSocket(gateway.port);
    wire.send(Buffer.concat([last, Buffer.from(behind, "latin1")]));
    const { status, headers, text } = await wire.read();
    expect([status, headers["connection"]]).toEqual([200, "close"]);
    expect(text).toContain("ok");
    expect((await wire.readRest()).length).toBe(0);
  },
);

test("a request that comes byte by byte is understood", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  for (const byte of toRequest()) {
    await new Promise<void>((resolve) => {
      wire.socket.write(Buffer.from([byte]), () => resolve());
    });
  }
  expect((await wire.read()).text).toContain('"content":"ok"');
});

describe("a client that has said all and ends its half", () => {
  const get = (path: string): Buffer => toRequest({ method: "GET", path });

  test("gets every answer that is no run, and then the end", async ({ gateway }) => {
    const { port } = gateway;
    const refused = toRequest({ body: "{}" });
    const wire = await openSocket(port);
    wire.socket.end(Buffer.concat([get("/docs"), get("/v1/models"), get("/readyz"), get("/nothing"), refused]));
    const answers = [await wire.read(), await wire.read(), await wire.read(), await wire.read(), await wire.read()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 400]);
    expect(await wire.readRest()).toHaveLength(0);
  });

  test("gets what its run says at once, kept in a session or not", async ({ gateway }) => {
    const { port } = gateway;
    for (const fields of [{}, { user: "half" }, { stream: true }]) {
      const call = async (): Promise<string> => {
        const wire = await openSocket(port);
        wire.socket.end(toRequest({ body: toChatBody("@@think 10ms\n@@echo ok", fields) }));
        return (await wire.read()).text;
      };
      // On a busy machine a run may take too long.
      await expect.poll(call).toContain('"content":"ok"');
    }
  });

  test("gets all of an answer that is there, however slowly it reads", async ({ gateway }) => {
    const { port } = gateway;
    const wire = await openSocket(port);
    wire.send(toRequest({ body: toChatBody("@@repeat 6000000") }));
    const head = await wire.readHead();
    wire.socket.end();
    await exchange(port, get("/healthz"));
    let length = 0;
    for await (const { bytes } of wire.readBody(head)) length += bytes.length;
    expect(length).toBe(Number(head.headers["content-length"]));
  });

  test.for([false, true])("reads that its run ended, as a stream: %s", async (stream, { gateway }) => {
    const { port, log } = gateway;
    const wire = await openSocket(port);
    wire.send(toRequest({ body: toChatBody("@@hang", { stream }) }));
    if (stream) await wire.readHead();
    wire.socket.end();
    const text = (await wire.readRest()).toString();
    expect(text).toMatch(stream ? /data: \{"error":.*"cancelled"/ : /^HTTP\/1.1 499 .*"code":"cancelled"/s);
    await expect.poll(() => log.filter(({ left }) => left === true)).toMatchObject([{ code: "cancelled" }]);
  });
});

test("the head of an answer is never longer than proxies have room for", async ({ gateway }) => {
  const { port } = gateway;
  const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}`.padEnd(64, "x"), 1]));
  for (const letter of ["é", "東", "😀"]) {
    const wire = await openSocket(port);
    const body = toChatBody("@@echo ok", { user: letter.repeat(512 / letter.length), ...unknown });
    wire.send(toRequest({ body }));
    const { status, headers } = await wire.readHead();
    expect(status).toBe(200);
    expect(Object.entries(headers).flat().join(": \r\n").length).toBeLessThan(2048);
  }
});

test("HEAD of a GET route is its answer without the body", async ({ gateway }) => {
  const { port } = gateway;
  for (const path of ["/healthz", "/readyz", "/v1/models", "/v1/models/openclaw", "/openapi.json", "/docs"]) {
    const wire = await openSocket(port);
    wire.send(Buffer.concat([toRequest({ method: "HEAD", path }), toRequest({ method: "GET", path })]));
    const head = await wire.read({ bodyless: true });
    const get = await wire.read();
    expect({ path, status: head.status }).toEqual({ path, status: 200 });
    const { date: _, "x-request-id": id, ...fields } = head.headers;
    expect(get.headers, path).toMatchObject(fields);
    expect(get.headers["x-request-id"], path).not.toBe(id);
    expect(get.body.length, path).toBe(Number(head.headers["content-length"]));
  }
});

const waits = { expect: "100-continue" };

/** The head of a request whose body is held back. */
function toHead(parts: Parameters<typeof toRequest>[0]): Buffer {
  const request = toRequest(parts);
  return request.subarray(0, request.indexOf("\r\n\r\n") + 4);
}

test("100 Continue is said when the body will be read", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  const body = toChatBody("@@echo ok");
  wire.send(toHead({ headers: waits, body }));
  expect((await wire.readHead()).status).toBe(100);
  wire.send(body);
  expect((await wire.read()).text).toContain('"content":"ok"');
});

test("100 Continue is not said for what is refused by its head", async ({ gateway }) => {
  const { port } = gateway;
  const unknown = await openSocket(port);
  unknown.send(toHead({ headers: { ...waits, authorization: "Bearer wrong" } }));
  expectError(await unknown.read(), { code: "invalid_api_key" });
  const large = await openSocket(port);
  large.send(toHead({ headers: { ...waits, "content-length": "1073741824" } }));
  expectError(await large.read(), { code: "request_too_large" });
  const text = await openSocket(port);
  text.send(toHead({ headers: { ...waits, "content-type": "text/plain" } }));
  expectError(await text.read(), { code: "unsupported_media_type" });
});

test("another expectation is 417", async ({ gateway }) => {
  const { port } = gateway;
  const answer = await exchange(port, toRequest({ headers: { expect: "200-ok" } }));
  expectError(answer, { code: "expectation_failed", param: "expect" });
});

const upgrade = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" };
const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

test("a call that offers HTTP/2 is served over HTTP/1.1", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  for (const stream of [false, true]) {
    wire.send(toRequest({ headers: upgrade, body: toChatBody("@@echo ok", { stream }) }));
    expect((await wire.read()).text).toContain('"content":"ok"');
  }
  const both = ["first", "second"].map((word) => toRequest({ headers: upgrade, body: toChatBody(`@@echo ${word}`) }));
  wire.send(Buffer.concat(both));
  expect((await wire.read()).text).toContain('"content":"first"');
  expect((await wire.read()).text).toContain('"content":"second"');
});

test("a WebSocket handshake that is none is refused in words, and the port goes on serving", async ({ gateway }) => {
  const { port } = gateway;
  const old = { ...handshake, "sec-websocket-version": "8" };
  const root = await exchange(port, toRequest({ method: "GET", path: "/", headers: old }));
  expectError(root, { code: "websocket_version_not_supported" });
  const foreign = { ...handshake, origin: "https://evil.example" };
  const page = await exchange(port, toRequest({ method: "GET", path: "/", headers: foreign }));
  expectError(page, { code: "origin_not_allowed" });
  const stranger = { ...handshake, authorization: null };
  const secret = await exchange(port, toRequest({ method: "GET", path: "/v1/models", headers: stranger }));
  expectError(secret, { code: "invalid_api_key" });
  expect((await exchange(port, toRequest())).status).toBe(200);
});

test("a client that leaves within its request leaves no trace but a line", async ({ gateway }) => {
  const { port, log } = gateway;
  const wire = await openSocket(port);
  wire.send(toRequest().subarray(0, -10));
  await expect.poll(async () => (await exchange(port, toRequest())).status).toBe(200);
  wire.socket.resetAndDestroy();
  await expect.poll(() => log.filter(({ left }) => left === true)).toHaveLength(1);
  expect(log.every(({ level }) => level === 30)).toBe(true);
  expect(log.find(({ left }) => left === true)).toMatchObject({ status: 499, code: "cancelled" });
});

function toOld(request: Buffer): Buffer {
  return Buffer.from(request.toString("latin1").replace("HTTP/1.1", "HTTP/1.0"), "latin1");
}

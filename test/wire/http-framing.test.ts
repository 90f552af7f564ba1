import { expect } from "vitest";
import { errorCodes } from "../../src/base/contract.ts";
import { testToken, test } from "../gateway.fixture.ts";
import { expectError, type WantedError } from "./error.fixture.ts";
import { type Answer, chatPath, exchange, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

const start = `POST ${chatPath} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${testToken}\r\n`;
const call = `${start}content-type: application/json\r\n`;
const body = toChatBody("@@echo never");
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const get = (rest: string, line = "GET /healthz HTTP/1.1"): string => `${line}\r\n${rest}\r\n`;
const host = "host: 127.0.0.1\r\n";
const bad: WantedError = { code: "invalid_http" };

const coded = (coding: string): string => `${call}transfer-encoding:${coding}\r\n\r\n${chunked}`;
const sized = (length: string): string => `${call}content-length:${length}\r\n\r\n{}`;
/** A body of chunks, as they stand. */
const cut = (chunks: string): string => `${call}transfer-encoding: chunked\r\n\r\n${chunks}`;
const last = "0\r\n\r\n";
const tooLarge: WantedError = { code: "request_too_large" };
/** No language at all; each byte follows from the one before. */
const noise = Buffer.alloc(65_536);
for (let index = 0, byte = 7; index < noise.length; index++) noise[index] = byte = (byte * 141 + 67) % 251;

/** Requests that could be read in two ways, or in none. */
const refused: readonly (readonly [name: string, request: string | Buffer, wanted: WantedError])[] = [
  ["a request line of one word", "garbage\r\n\r\n", bad],
  ["a lower-case method", get(host, "get /healthz HTTP/1.1"), bad],
  ["an unknown method", get(host, "FETCH /healthz HTTP/1.1"), bad],
  ["a space before the method", get(host, " GET /healthz HTTP/1.1"), bad],
  ["a lower-case version", get(host, "GET /healthz http/1.1"), bad],
  ["HTTP/1.2", get(host, "GET /healthz HTTP/1.2"), bad],
  ["HTTP/9.9", get(host, "GET /healthz HTTP/9.9"), bad],
  ["a line of SMTP", "EHLO localhost\r\n", bad],
  ["a line of SSH", "SSH-2.0-OpenSSH_9.2\r\n", bad],
  ["a TLS greeting", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]), bad],
  ["64 KB of noise", noise, bad],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bad],
  ["HTTP/2.0 in the request line", get(host, "GET /healthz HTTP/2.0"), { code: "http_version_not_supported" }],
  ["an absolute target", get(host, "GET http://127.0.0.1/healthz HTTP/1.1"), bad],
  ["a target of a proxy's CONNECT", get(host, "CONNECT a.example:443 HTTP/1.1"), { code: "method_not_allowed" }],
  ["TRACE", get(host, "TRACE /healthz HTTP/1.1"), { code: "method_not_allowed" }],
  ["OPTIONS of the whole server", get(host, "OPTIONS * HTTP/1.1"), bad],
  ["no host", get(""), { ...bad, param: "host" }],
  ["an empty host", get("host:\r\n"), { ...bad, param: "host" }],
  ["two hosts", get(host + host), { ...bad, param: "host" }],
  ["two tokens", `${call}authorization: Bearer x\r\ncontent-length: 0\r\n\r\n`, { ...bad, param: "authorization" }],
  [
    "two media types",
    `${call}content-type: text/plain\r\ncontent-length: 0\r\n\r\n`,
    { ...bad, param: "content-type" },
  ],
  ["two agents", get(`${host}x-openclaw-agent-id: a\r\nx-openclaw-agent-id: b\r\n`), bad],
  ["a length and a coding", `${call}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`, bad],
  ["a coding and a length", `${call}Transfer-Encoding: CHUNKED\r\nContent-Length: 5\r\n\r\n${chunked}`, bad],
  ["two equal lengths", `${call}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`, bad],
  ["two different lengths", `${call}content-length: 2\r\ncontent-length: 3\r\n\r\n{} `, bad],
  ["a list of lengths", sized(" 2, 2"), bad],
  ["two numbers as a length", sized(" 2 2"), bad],
  ["a signed length", sized(" +2"), bad],
  ["a negative length", sized(" -1"), bad],
  ["a hexadecimal length", sized(" 0x2"), bad],
  ["a length with an underscore", sized(" 2_0"), bad],
  ["an empty length", sized(""), bad],
  ["a length of 30 digits", sized(` ${"9".repeat(30)}`), bad],
  ["two codings", coded(" chunked, chunked"), bad],
  ["a coding before chunked", coded(" gzip, chunked"), { code: "transfer_coding_not_supported" }],
  ["a coding after chunked", coded(" chunked, identity"), bad],
  ["an unknown coding", coded(" xchunked"), bad],
  ["a quoted coding", coded(' "chunked"'), bad],
  ["a coding behind a vertical tab", coded("\v chunked"), bad],
  ["a coding behind a form feed", coded("\f chunked"), bad],
  ["a coding behind a no-break space", coded("\u00a0chunked"), bad],
  ["a coding before a bare CR", coded(" chunked\r"), bad],
  ["a chunk size that is none", cut(`zz\r\n{}\r\n${last}`), bad],
  ["a chunk size with a prefix", cut(`0x2\r\n{}\r\n${last}`), bad],
  ["a negative chunk size", cut(`-1\r\n{}\r\n${last}`), bad],
  ["a chunk size of 17 digits", cut(`10000000000000002\r\n{}\r\n${last}`), bad],
  ["no chunk size", cut(`\r\n{}\r\n${last}`), bad],
  ["a space before a chunk size", cut(` 2\r\n{}\r\n${last}`), bad],
  ["a chunk longer than its size", cut(`1\r\n{}\r\n${last}`), bad],
  ["a chunk shorter than its size", cut(`9\r\n{}\r\n${last}xx`), bad],
  ["a chunk extension of 20 KB", cut(`2;${"a".repeat(20_000)}\r\n{}\r\n${last}`), tooLarge],
  ["a space before the colon", get(`${host}x-a : 1\r\n`), bad],
  ["a space before the first field", get(` x-a: 1\r\n${host}`), bad],
  ["a tab in a name", get(`${host}x\ta: 1\r\n`), bad],
  ["a folded field", get(`${host}x-a: 1\r\n 2\r\n`), bad],
  ["bare line feeds", "GET /healthz HTTP/1.1\nhost: 127.0.0.1\n\n", bad],
  ["a bare line feed behind the request line", `GET /healthz HTTP/1.1\n${host}\r\n`, bad],
  ["a bare line feed behind a field", get(`x-a: 1\n${host}`), bad],
  ["a bare line feed behind the head", `GET /healthz HTTP/1.1\r\n${host}\n`, bad],
  ["a bare line feed behind a chunk size", cut(`2\n{}\r\n${last}`), bad],
  ["a bare line feed behind a chunk", cut(`2\r\n{}\n${last}`), bad],
  ["a bare line feed behind the last chunk", cut("2\r\n{}\r\n0\n\n"), bad],
  ["a NUL in a field", get(`${host}x-a: a\0b\r\n`), bad],
  ["a bell in a field", get(`${host}x-a: a\u0007b\r\n`), bad],
  ["a DEL in a field", get(`${host}x-a: a\u007fb\r\n`), bad],
  ["a bell in a name", get(`${host}x\u0007a: b\r\n`), bad],
  ["a bare CR in a field", get(`${host}x-a: a\rb\r\n`), bad],
  ["one field of 17 KB", get(`${host}x-a: ${"a".repeat(17_000)}\r\n`), { code: "headers_too_large" }],
  ["17 KB in 90 fields", get(host + `x-a: ${"a".repeat(183)}\r\n`.repeat(90)), { code: "headers_too_large" }],
  ["101 fields", get(host + "x-a: 1\r\n".repeat(100)), { code: "headers_too_large" }],
  ["a path of 8,193 characters", get(host, `GET /${"a".repeat(8192)} HTTP/1.1`), { code: "uri_too_long" }],
];

/** Latin-1, as HTTP has it. */
const toBytes = (request: string | Buffer): Buffer =>
  typeof request === "string" ? Buffer.from(request, "latin1") : request;

interface Refusal {
  readonly answer: Answer | undefined;
  readonly rest: string;
}

/** What comes of it, up to the end of the connection. */
async function look(port: number, request: string | Buffer): Promise<Refusal> {
  const wire = await openSocket(port);
  wire.send(toBytes(request));
  const answer = await wire.read().catch(() => undefined);
  const rest = await wire.readRest().catch((error: Error) => error.message);
  return { answer, rest: rest.toString("latin1") };
}

test("a request with two meanings is refused, and the connection ends", async ({ gateway }) => {
  const { port } = gateway;
  const seen = await Promise.all(refused.map(([, request]) => look(port, request)));
  for (const [index, [name, , { code }]] of refused.entries()) {
    const { answer, rest } = seen[index] ?? { rest: "nothing" };
    const { status, headers, text = "" } = answer ?? {};
    const got = { status, code: /"code":"(\w+)"/.exec(text)?.[1], connection: headers?.["connection"], rest };
    // All of them are told of: one test is what many rows of docs/defence.md are shown by.
    expect.soft(got, name).toEqual({ status: errorCodes[code].status, code, connection: "close", rest: "" });
  }
  for (const [index, [name, , wanted]] of refused.entries()) {
    const answer = seen[index]?.answer;
    if (answer !== undefined) expectError(answer, wanted, name);
  }
  expect((await exchange(port, toRequest())).status).toBe(200);
});

test("what follows a refused request on its connection is not acted on", async ({ gateway }) => {
  const { port, log } = gateway;
  for (const [name, request] of refused) {
    const wire = await openSocket(port);
    const smuggled = toRequest({ method: "GET", path: `/smuggled/${encodeURIComponent(name)}` });
    wire.send(Buffer.concat([toBytes(request), smuggled]));
    await wire.readRest().catch(() => undefined);
  }
  expect((await exchange(port, toRequest())).status).toBe(200);
  const paths = log.map(({ path }) => decodeURIComponent(String(path)));
  expect(paths.filter((path) => path.startsWith("/smuggled/"))).toEqual([]);
});

test("a body where none belongs is not the next request", async ({ gateway }) => {
  const { port, log } = gateway;
  const smuggled = toRequest({ method: "GET", path: "/smuggled/body" });
  for (const [method, path, status] of [
    ["GET", "/healthz", 200],
    ["GET", "/v1/models", 200],
    ["GET", "/nothing", 404],
    ["DELETE", "/v1/models", 405],
    ["OPTIONS", "/healthz", 405],
  ] as const) {
    for (const chunks of [false, true]) {
      const framing = chunks ? { "content-length": null, "transfer-encoding": "chunked" } : {};
      const carried = chunks ? `${smuggled.length.toString(16)}\r\n${smuggled.toString()}\r\n0\r\n\r\n` : smuggled;
      const head = toRequest({ method, path, headers: framing, body: smuggled }).subarray(0, -smuggled.length);
      const wire = await openSocket(port);
      wire.send(Buffer.concat([head, Buffer.from(carried), toRequest({ method: "GET", path: "/readyz" })]));
      expect((await wire.read()).status, `${method} ${path}`).toBe(status);
      expect((await wire.read()).text, `${method} ${path}`).toBe('{"ready":true}');
    }
  }
  // Without a length there is no body, and what follows is no request.
  const wire = await openSocket(port);
  wire.send(`${call}\r\n${body}`);
  expect((await wire.read()).status).toBe(400);
  expect((await wire.readRest()).toString()).not.toContain("200 OK");
  expect(log.filter(({ path }) => String(path).startsWith("/smuggled/"))).toEqual([]);
});

test("what is odd but has one meaning is served", async ({ gateway }) => {
  const { port } = gateway;
  const odd: readonly (readonly [name: string, request: string])[] = [
    ["three line ends before the request", `\r\n\r\n\r\n${get(host)}`],
    ["100 fields", get(host + "x-a: 1\r\n".repeat(99))],
    ["HTTP/1.0 without a host", "GET /healthz HTTP/1.0\r\n\r\n"],
    ["fields that are names of JavaScript", get(`${host}__proto__: 1\r\nconstructor: 2\r\ntostring: 3\r\n`)],
    ["two fields that nobody reads", get(`${host}x-stainless-arch: a\r\nx-stainless-arch: b\r\n`)],
    ["a chunk extension", `${call}transfer-encoding: chunked\r\n\r\n${chunked.replace("\r\n", ";a=b\r\n")}`],
    ["a trailer", `${call}transfer-encoding: Chunked\r\n\r\n${chunked.slice(0, -2)}x-a: 1\r\n\r\n`],
    ["an empty query", get(host, "GET /healthz? HTTP/1.1")],
    ["a query of polluting keys", get(host, "GET /healthz?__proto__[x]=1&a&a&%zz HTTP/1.1")],
  ];
  for (const [name, request] of odd) expect((await exchange(port, request)).status, name).toBe(200);
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
});

test("a trailer is never used as a header", async ({ gateway }) => {
  const { port } = gateway;
  const anonymous = call.replace(/authorization.*\r\n/, "");
  const trailer = `authorization: Bearer ${testToken}\r\nx-openclaw-agent-id: beta\r\n\r\n`;
  const stranger = `${anonymous}transfer-encoding: chunked\r\n\r\n${chunked.slice(0, -2)}${trailer}`;
  expectError(await exchange(port, stranger), { code: "invalid_api_key" });
  const known = await exchange(port, `${call}transfer-encoding: chunked\r\n\r\n${chunked.slice(0, -2)}${trailer}`);
  expect(known).toMatchObject({ status: 200, headers: { "x-openclaw-agent-id": "main" } });
});

test("an HTTP/1.0 client gets its answer and the end of the connection", async ({ gateway }) => {
  const { port } = gateway;
  const wire = await openSocket(port);
  wire.send(
    toRequest({ body: toChatBody("@@count 3", { stream: true }) })
      .toString()
      .replace("HTTP/1.1", "HTTP/1.0"),
  );
  const answer = await wire.read();
  expect(answer.headers["transfer-encoding"]).toBeUndefined();
  expect(answer.text).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s);
});

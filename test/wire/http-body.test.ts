import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { jsonDepthMax, jsonValuesMax } from "../../src/edge/body.ts";
import { startTestGateway, testToken, test } from "../gateway.fixture.ts";
import { expectError, type WantedError } from "./error.fixture.ts";
import { chatPath, exchange, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

const json = "application/json";
const good = toChatBody("@@echo ok");

test("only application/json, plain, is read", async ({ gateway }) => {
  const { port } = gateway;
  const rows: readonly (readonly [type: string | null, coding: string | null, param: string | undefined])[] = [
    [json, null, undefined],
    ["Application/JSON ; charset=utf-8", null, undefined],
    [`${json};charset="utf-8"`, "identity", undefined],
    [null, null, "content-type"],
    ["", null, "content-type"],
    ["text/plain", null, "content-type"],
    ["application/x-www-form-urlencoded", null, "content-type"],
    ["multipart/form-data; boundary=x", null, "content-type"],
    ["application/json-patch+json", null, "content-type"],
    [`text/plain, ${json}`, null, "content-type"],
    [json, "gzip", "content-encoding"],
    [json, "br", "content-encoding"],
    [json, "gzip, identity", "content-encoding"],
    [json, "deflate", "content-encoding"],
    [json, "zstd", "content-encoding"],
    [json, Array.from({ length: 500 }, () => "gzip").join(", "), "content-encoding"],
  ];
  for (const [type, coding, param] of rows) {
    const headers = { "content-type": type, "content-encoding": coding };
    const body = coding?.startsWith("gzip") === true ? gzipSync(good) : good;
    const answer = await exchange(port, toRequest({ headers, body }));
    if (param === undefined) expect(answer.status, `${type} ${coding}`).toBe(200);
    else expectError(answer, { code: "unsupported_media_type", param }, `${type} ${coding}`);
  }
});

/** A value of JSON with so many commas. */
function toCommas(count: number): string {
  return `[${"0,".repeat(count)}0]`;
}

/** A chat body whose unknown field holds this text; it has three commas and one level of its own. */
function withField(text: string): string {
  return `${good.slice(0, -1)},"x":${text}}`;
}

const bytes = (...codes: number[]): Buffer =>
  Buffer.concat([Buffer.from(good.slice(0, -20)), Buffer.from(codes), Buffer.from(good.slice(-20))]);

const bodies: readonly (readonly [name: string, body: string | Buffer, wanted: WantedError | undefined])[] = [
  ["spaces around", ` \r\n\t${good}\n `, undefined],
  ["an empty body", "", { code: "invalid_json", param: null }],
  ["spaces only", "  ", { code: "invalid_json", param: null }],
  ["half a body", '{"model":', { code: "invalid_json" }],
  ["two values", `${good}${good}`, { code: "invalid_json" }],
  ["a comma behind", `${good},`, { code: "invalid_json" }],
  ["a comma within", '{"model":"openclaw",}', { code: "invalid_json" }],
  ["a comment", `// x\n${good}`, { code: "invalid_json" }],
  ["a control character in a text", toChatBody("a").replace('"a"', '"\t"'), { code: "invalid_json" }],
  ["a byte-order mark", `\u{FEFF}${good}`, { code: "invalid_json" }],
  ["null", "null", { code: "invalid_type", param: null }],
  ["a number", "1", { code: "invalid_type", param: null }],
  ["a text", '"x"', { code: "invalid_type", param: null }],
  ["an array", `[${good}]`, { code: "invalid_type", param: null }],
  ["an empty object", "{}", { code: "missing_required_parameter", param: "model" }],
  ["a byte that is never UTF-8", bytes(0xff), { code: "invalid_utf8", param: null }],
  ["an overlong form", bytes(0xc0, 0xaf), { code: "invalid_utf8" }],
  ["half a surrogate pair in UTF-8", bytes(0xed, 0xa0, 0x80), { code: "invalid_utf8" }],
  ["a character that is cut", bytes(0xf0, 0x9f, 0x98), { code: "invalid_utf8" }],
  ["UTF-16", Buffer.from(`\u{FEFF}${good}`, "utf16le"), { code: "invalid_utf8" }],
  ["the deepest value", withField("[".repeat(jsonDepthMax - 1) + "]".repeat(jsonDepthMax - 1)), undefined],
  ["a deeper one", withField("[".repeat(jsonDepthMax) + "]".repeat(jsonDepthMax)), { code: "too_deep", param: null }],
  ["a million brackets", "[".repeat(1_000_000), { code: "too_deep" }],
  ["as many values as may be", withField(toCommas(jsonValuesMax - 4)), undefined],
  ["one value more", withField(toCommas(jsonValuesMax - 3)), { code: "too_many_values", param: null }],
  ["brackets and commas within a text", withField(JSON.stringify("[,".repeat(200_000))), undefined],
  ["a number beyond all numbers", withField("1e400"), undefined],
];

test("a body is read as JSON in UTF-8, within its bounds", async ({ gateway }) => {
  const { port } = gateway;
  for (const [name, body, wanted] of bodies) {
    const before = process.threadCpuUsage();
    const answer = await exchange(
      port,
      toRequest({ body, headers: { "content-type": json, "content-length": `${Buffer.byteLength(body)}` } }),
    );
    if (wanted === undefined) expect(answer.status, name).toBe(200);
    else expectError(answer, wanted, name);
    // The gateway runs in this thread.
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000, name).toBeLessThan(2000);
  }
});

test("the message of a JSON error quotes nothing of the body", async ({ gateway }) => {
  const { port } = gateway;
  for (const body of ['{"model":canary-4711}', '"canary-4711', "canary-4711", '{"a":"canary-4711" x}']) {
    const { text } = await exchange(port, toRequest({ body }));
    expect(text).toContain('"code":"invalid_json"');
    expect(text).not.toContain("canary");
  }
});

test("of a key that comes twice the last one counts", async ({ gateway }) => {
  const { port } = gateway;
  const body = good.replace('"model":"openclaw"', '"model":"nobody","stream":true,"stream":false,"model":"openclaw"');
  expect((await exchange(port, toRequest({ body }))).headers["content-type"]).toContain(json);
});

test("keys that are names of JavaScript are unknown fields and change nothing", async ({ gateway }) => {
  const { port } = gateway;
  const tricks = '"__proto__":{"stream":true,"x":1},"constructor":{"prototype":{"x":1}},"prototype":1,"toString":2';
  const answer = await exchange(port, toRequest({ body: `${good.slice(0, -1)},${tricks}}` }));
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toContain(json);
  expect(answer.headers["x-clawgate-ignored"]).toBe("__proto__, constructor, prototype, toString");
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  const nested = toChatBody("@@settings", { metadata: "M", tools: "T" })
    .replace('"M"', '{"__proto__":"a","constructor":"b"}')
    .replace('"T"', '[{"type":"function","function":{"name":"f","parameters":{"__proto__":{"x":1}}}}]');
  expect((await exchange(port, toRequest({ body: nested }))).text).toContain(String.raw`\"__proto__\":\"a\"`);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("a body above the limit is 413, and the client that is still writing reads it", async () => {
  const { port } = await startTestGateway({ config: { gateway: { http: { bodyBytesMax: 4096 } } } });
  const large = Buffer.alloc(8_000_000, "x");
  const announced = toRequest({ body: large });
  const chunk = (size: number): string => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
  const head = toRequest({ body: "{}", headers: { "content-length": null, "transfer-encoding": "chunked" } });
  const chunked = Buffer.concat([
    head.subarray(0, -2),
    Buffer.from(chunk(65_536).repeat(100)),
    Buffer.from("0\r\n\r\n"),
  ]);
  for (const request of [announced, chunked]) {
    const wire = await openSocket(port);
    wire.send(request);
    expectError(await wire.read(), { code: "request_too_large", param: null });
    wire.send(toRequest());
    expect((await wire.read()).status).toBe(200);
  }
  const exact = toChatBody("@@echo ok", { x: "" });
  const fill = (size: number): string => exact.replace('"x":""', `"x":"${"y".repeat(size - exact.length)}"`);
  expect((await exchange(port, toRequest({ body: fill(4096) }))).status).toBe(200);
  expectError(await exchange(port, toRequest({ body: fill(4097) })), { code: "request_too_large" });
});

test("a chunked body in pieces of one byte is whole again", async ({ gateway }) => {
  const { port } = gateway;
  const pieces = [...Buffer.from(good)].map((byte) =>
    Buffer.concat([Buffer.from("1\r\n"), Buffer.from([byte]), Buffer.from("\r\n")]),
  );
  const start = `POST ${chatPath} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${testToken}\r\ncontent-type: ${json}\r\n`;
  const request = Buffer.concat([
    Buffer.from(`${start}transfer-encoding: chunked\r\n\r\n`),
    ...pieces,
    Buffer.from("0\r\n\r\n"),
  ]);
  expect((await exchange(port, request)).text).toContain('"content":"ok"');
});

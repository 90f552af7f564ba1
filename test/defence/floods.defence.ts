import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { openSocket, toChatBody, toRequest } from "../wire/socket.fixture.ts";
import { openMany, startWatched } from "./watched.fixture.ts";

// Each kind of request that a parser may trip over in a pipeline, and floods of it.

const toChunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

function inChunks(chunks: readonly string[], trailer = ""): Buffer {
  const headers = { "content-length": null, "transfer-encoding": "chunked" };
  return toRequest({ headers, body: `${chunks.map(toChunk).join("")}0\r\n${trailer}\r\n` });
}

const withTrailer = (trailer: string): Buffer => inChunks([toChatBody("hi")], trailer);
const inTinyChunks = inChunks(Array.from(toChatBody("x".repeat(10_000))));

const handshake = {
  authorization: null,
  connection: "upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const toHandshake = (headers: Record<string, string>): Buffer =>
  toRequest({ method: "GET", path: "/", headers: { ...handshake, ...headers } });

const toFields = (count: number, length: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "y".repeat(length)]));

const toOld = (more: string): Buffer => Buffer.from(`GET /healthz HTTP/1.0\r\nhost: localhost\r\n${more}\r\n`);

/** What is asked, and what the first three of a pipeline are answered, until the connection ends. */
const kinds: readonly (readonly [what: string, request: Buffer, statuses: readonly number[]])[] = [
  ["runs with a trailer", withTrailer("x-sum: 1\r\nauthorization: Bearer x\r\n"), [200, 200, 200]],
  ["runs with a trailer of 12 KB", withTrailer("x-a: b\r\n".repeat(1500)), [200, 200, 200]],
  ["runs in 10,000 tiny chunks", inTinyChunks, [200, 200, 200]],
  [
    "runs that ask before they send",
    toRequest({ headers: { expect: "100-continue" } }),
    [100, 200, 100, 200, 100, 200],
  ],
  [
    "runs of strangers that ask before they send",
    toRequest({ headers: { authorization: "Bearer wrong", expect: "100-continue" } }),
    [401],
  ],
  ["handshakes of another version", toHandshake({ "sec-websocket-version": "7" }), [426]],
  ["handshakes with 700 fields", toHandshake({ ...toFields(700, 1), origin: "https://evil.example" }), [431]],
  ["handshakes with 18 KB of fields", toHandshake(toFields(900, 12)), [431]],
  ["requests of HTTP/1.0", toOld(""), [200]],
  ["requests of HTTP/1.0 that shall go on", toOld("connection: keep-alive\r\n"), [200, 200, 200]],
];

test.for(kinds)("%s: each is answered", async ([, request, statuses]) => {
  const { port } = await startWatched();
  const wire = await openSocket(port);
  wire.send(Buffer.concat([request, request, request]));
  const seen: number[] = [];
  for (const _ of statuses) seen.push((await wire.read()).status);
  expect(seen).toEqual(statuses);
});

test.for(kinds)("%s: many of them, whose answers nobody takes, stop nobody", async ([what, request]) => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const count = Math.max(1, Math.min(1500, Math.floor(400_000 / request.length)));
  const all = Buffer.concat(Array.from({ length: count }, () => request));
  for (const socket of await openMany(gateway.port, 120)) socket.pause().write(all);
  await delay(5000);
  const seen = await over();
  console.log(`${what}: ${JSON.stringify(seen)}`);
  expect(seen.lifeWorkMsMax).toBeLessThan(250);
  expect(seen.residentMax).toBeLessThan(350);
  expect((await gateway.stop()).status).toBe(0);
});

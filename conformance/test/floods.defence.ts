// Servers that never come to an end, each in its own way: the suite ends with what it has seen, and in little memory, and
// so does the replay of what it has recorded.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import type { Report } from "../shapes.ts";
import { bytesMax, runSuite } from "./suite.fixture.ts";

interface Flood {
  /** What comes once. */
  readonly start: string | Buffer;
  /** What comes again and again. */
  readonly again: string | Buffer;
  /** 1: the server has failed; 3: it has answered nothing. */
  readonly status: 1 | 3;
}

const stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const chunks = `${stream}transfer-encoding: chunked\r\n\r\n`;
const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
const chunk = (bytes: string): string => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
const content = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "a" } }] })}\n\n`;

const overHttp: Readonly<Record<string, Flood>> = {
  "chunks of 1 byte": { start: chunks, again: chunk("x"), status: 1 },
  "chunks of 9 bytes": { start: chunks, again: chunk("data: 12\n"), status: 1 },
  "chunks with an event each": { start: chunks, again: chunk(content), status: 1 },
  comments: { start: `${stream}\r\n`, again: ": hi\n\n", status: 1 },
  fields: { start: stream, again: "x-a: bbbbbbbb\r\n", status: 3 },
  "interim answers": { start: "", again: "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", status: 3 },
  "empty lines before its answer": { start: "", again: "\r\n", status: 3 },
  trailers: { start: `${chunks}${chunk("x")}0\r\n`, again: "x-a: bbbbbbbb\r\n", status: 1 },
  "extensions of chunks": { start: chunks, again: "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", status: 1 },
  "what is packed": {
    start: `${stream}content-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`,
    again: packed,
    status: 1,
  },
};

const frame = (payload: string, opcode = 1, isLast = true): Buffer =>
  Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode, payload.length]), Buffer.from(payload)]);

const overWebSocket: Readonly<Record<string, Flood>> = {
  "empty frames": { start: "", again: frame(""), status: 1 },
  "one frame": { start: Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]), again: "x", status: 1 },
  "one frame in pieces": { start: frame("x", 1, false), again: frame("x", 0, false), status: 1 },
  pings: { start: "", again: frame("", 9), status: 1 },
};

/** Answers whatever it is asked with as much of the flood as is taken, at most 1 GiB. */
async function listen({ start, again }: Flood): Promise<number> {
  const piece = Buffer.from(again);
  const many = Buffer.concat(Array.from({ length: Math.ceil(65_536 / piece.length) }, () => piece));
  const flood = (socket: Socket): void => {
    let left = 2 ** 30;
    const write = (): void => {
      while (left > 0 && !socket.destroyed) {
        left -= many.length;
        if (!socket.write(many)) return void socket.once("drain", write);
      }
      socket.end();
    };
    socket.write(start);
    write();
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (asked: Buffer) => {
      const key = /sec-websocket-key: (\S+)/i.exec(asked.toString("latin1"))?.[1];
      if (key !== undefined) socket.write(toHandshake(key));
      flood(socket);
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function toHandshake(key: string): string {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const fields = `upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}`;
  return `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`;
}

/** How much of a flood had come when a limit was reached is not the same twice. */
const toVerdicts = ({ results }: Report): string[] => results.map(({ id, verdict }) => `${id} ${verdict}`);

const rows = [
  ...Object.entries(overHttp).map(([what, flood]) => ({ what, flood, scheme: "http", only: "NS-01,SDK-01" })),
  ...Object.entries(overWebSocket).map(([what, flood]) => ({ what, flood, scheme: "ws", only: "WS-01" })),
];

// One after the other: a suite that several floods keep from running says so, with a status of its own.
test.for(rows)("a server that sends $what without end", async ({ flood, scheme, only }) => {
  const folder = mkdtempSync(join(tmpdir(), "floods-"));
  onEnd(() => rmSync(folder, { recursive: true }));
  const load = (name: string): string[] =>
    existsSync(join(folder, name)) ? toVerdicts(JSON.parse(readFileSync(join(folder, name), "utf8")) as Report) : [];
  const url = `${scheme}://127.0.0.1:${await listen(flood)}/v1`;
  const words = ["--base-url", url, "--model", "m", "--sdk", "7", "--only", only, "--timeout", "60s"];
  const recorded = await runSuite([...words, "--record", "wire.jsonl", "--report", "json=a.json"], folder);
  expect(recorded.status).toBe(flood.status);
  expect(recorded.bytes).toBeLessThan(bytesMax);
  const replayed = await runSuite(["--replay", "wire.jsonl", "--report", "json=b.json"], folder);
  expect(replayed.status).toBe(flood.status);
  expect(replayed.bytes).toBeLessThan(bytesMax);
  expect(load("b.json")).toEqual(load("a.json"));
});

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { endWithFile } from "./slices.ts";

const file = randomBytes(3_000_000);

interface Served {
  readonly connected: readonly Socket[];
  /** Whether each answer was ended at once. */
  readonly ended: readonly boolean[];
  readonly open: (words: string) => Socket;
}

async function serve(): Promise<Served> {
  const ended: boolean[] = [];
  const server = createServer((_request, response) => {
    endWithFile(response.writeHead(200, { "content-length": file.length }), file);
    ended.push(response.writableEnded);
  });
  const connected: Socket[] = [];
  server.on("connection", (socket) => connected.push(socket));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    connected,
    ended,
    open(words) {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      socket.write(words);
      return socket;
    },
  };
}

const get = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const last = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

async function readAll(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

test("a long file arrives whole, also behind another one on its connection", async () => {
  const { open } = await serve();
  const all = await readAll(open(get + last));
  const first = all.indexOf("\r\n\r\n") + 4;
  const second = all.indexOf("\r\n\r\n", first + file.length) + 4;
  expect(all.subarray(first, first + file.length).equals(file)).toBe(true);
  expect(all.subarray(second).equals(file)).toBe(true);
});

test("who asks for the head alone is sent no file, and waits for none", async () => {
  const { open, ended } = await serve();
  const all = await readAll(open(last.replace("GET", "HEAD")));
  expect(all.indexOf("\r\n\r\n")).toBe(all.length - 4);
  expect(ended).toEqual([true]);
});

test("of files that nobody takes little is written in each turn of the event loop, and who takes them gets them", async () => {
  const { connected, open } = await serve();
  let [written, most] = [0, 0];
  const look = (): void => {
    const now = connected.reduce((sum, socket) => sum + socket.bytesWritten, 0);
    most = Math.max(most, now - written);
    written = now;
    timer = setImmediate(look);
  };
  let timer = setImmediate(look);
  const stalled = Array.from({ length: 40 }, () => open(get).pause());
  const all = await readAll(open(last));
  clearImmediate(timer);
  expect(all.subarray(-file.length).equals(file)).toBe(true);
  expect(stalled.every((socket) => !socket.destroyed)).toBe(true);
  expect(written).toBeGreaterThan(file.length);
  expect(most).toBeLessThan(700_000);
});

test("a client that leaves stops nobody's file", async () => {
  const { connected, open } = await serve();
  const leaving = open(get);
  await once(leaving, "data");
  leaving.destroy();
  const all = await readAll(open(last));
  expect(all.subarray(-file.length).equals(file)).toBe(true);
  expect(connected).toHaveLength(2);
});

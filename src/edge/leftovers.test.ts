import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type LeftoverLimits, Leftovers } from "./leftovers.ts";
import { boundPipelines } from "./pipelines.ts";

/** A server that refuses whatever comes, before its body has come. */
async function openDoor(limits: Partial<LeftoverLimits>) {
  let cuts = 0;
  const leftovers = new Leftovers({ ms: 60_000, bytes: 64_000_000, ...limits }, () => cuts++);
  const { listener } = boundPipelines(
    (_, response) => void response.writeHead(401, { "content-length": "2" }).end("no"),
    { runningMax: 2, bytesMax: 1_048_576, onLeftover: (request) => leftovers.watch(request) },
  );
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const open = async (head: string, allowHalfOpen = false): Promise<{ socket: Socket; text: () => string }> => {
    const socket = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen });
    onTestFinished(() => void socket.destroy());
    let text = "";
    socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
    socket.on("error", () => undefined).write(`POST / HTTP/1.1\r\nhost: x\r\n${head}\r\n`);
    await expect.poll(() => text).toContain("401");
    return { socket, text: () => text };
  };
  return { open, cuts: () => cuts, read: () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0) };
}

const piece = Buffer.alloc(65_536, "x");
const chunk = Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")]);

/** Sends as fast as it is read, until the connection is closed. */
async function sendWithoutEnd(socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    if (socket.write(chunk)) await new Promise(setImmediate);
    else await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
  }
}

test("what comes without end after the answer is read up to a limit", async () => {
  const door = await openDoor({ bytes: 4_000_000 });
  const { socket } = await door.open("transfer-encoding: chunked\r\n");
  await sendWithoutEnd(socket);
  expect(door.cuts()).toBe(1);
  expect(door.read()).toBeGreaterThan(4_000_000);
});

test("what does not come is waited for up to a limit", async () => {
  const door = await openDoor({ ms: 100 });
  const { socket } = await door.open("content-length: 1000\r\n");
  await once(socket, "close");
  expect(door.cuts()).toBe(1);
});

test("what comes to its end leaves the connection as it is", async () => {
  const door = await openDoor({});
  const { socket, text } = await door.open(`content-length: ${20 * piece.length}\r\n`);
  for (let count = 0; count < 20; count++) socket.write(piece);
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await expect.poll(() => text().match(/HTTP\/1.1 401/g)).toHaveLength(2);
  expect(door.cuts()).toBe(0);
});

test("a connection that was to end with the answer is read until all has come", async () => {
  const door = await openDoor({});
  const head = `connection: close\r\ncontent-length: ${20 * piece.length}\r\n`;
  const { socket, text } = await door.open(head, true);
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push(error));
  await expect.poll(() => socket.readableEnded).toBe(true);
  for (let count = 0; count < 19; count++) socket.write(piece);
  await expect.poll(door.read).toBeGreaterThan(19 * piece.length);
  expect(text()).toMatch(/\r\n\r\nno$/);
  socket.end(piece);
  await once(socket, "close");
  expect(errors).toEqual([]);
  expect(door.cuts()).toBe(0);
});

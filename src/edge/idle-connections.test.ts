import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { closeIdleConnections } from "./idle-connections.ts";

const request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const keepAliveMs = 50;

/** A connection that has had its first answer. */
async function openUsed(): Promise<Socket> {
  const server = createServer({ keepAliveTimeout: keepAliveMs, keepAliveTimeoutBuffer: 0 }, (_, response) => {
    response.end("here");
  });
  closeIdleConnections(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  socket.write(request);
  await once(socket, "data");
  return socket;
}

/** As a process that was stopped. */
function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, keepAliveMs * 4);
}

test("a request that has come while the process stood still is answered, also when its connection was to close by then", async () => {
  const socket = await openUsed();
  socket.write(request);
  standStill();
  const [answer] = (await once(socket, "data")) as [string];
  expect(answer).toContain("200 OK");
});

test("a connection on which nothing comes is closed", async () => {
  const socket = await openUsed();
  socket.resume();
  const [hadError] = (await once(socket, "close")) as [boolean];
  expect(hadError).toBe(false);
});

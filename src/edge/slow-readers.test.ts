import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { SlowReaders, type Reader } from "./slow-readers.ts";

test("what was held for a connection is no longer counted as soon as it is cut", async () => {
  const readers = new Set<Reader>();
  const server = createServer((_request, response: ServerResponse) => {
    readers.add({ socket: response.socket ?? expect.fail(), responses: [response] });
    response.end(Buffer.alloc(10_000_000));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") expect.fail("no port");
  const heldAfterCut = Promise.withResolvers<number>();
  const slow = new SlowReaders(readers, {
    limits: () => ({ writeStallMs: 60_000, answerBytesHeld: 11_000_000 }),
    // Before the loop goes on, which is when the end of the connection is told.
    onCut: () => queueMicrotask(() => heldAfterCut.resolve(slow.held)),
  });
  slow.start();
  onTestFinished(() => {
    slow.stop();
    server.close();
    server.closeAllConnections();
  });
  for (const client of [connect(address.port, "127.0.0.1"), connect(address.port, "127.0.0.1")]) {
    client.on("error", () => undefined).pause();
    client.write("GET / HTTP/1.1\r\nhost: gateway\r\n\r\n");
    onTestFinished(() => void client.destroy());
  }
  await expect(heldAfterCut.promise).resolves.toBeLessThanOrEqual(11_000_000);
});

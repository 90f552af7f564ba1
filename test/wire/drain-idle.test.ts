import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startTestGateway, testToken, type TestGateway } from "../gateway.fixture.ts";

const config = { gateway: { drainMs: 100 } };
/** Far beyond drainMs, and below every deadline of a connection. */
const patienceMs = 5_000;

/** A connection of its own, on which nothing is read until the test asks for it. */
async function open({ port }: TestGateway): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket.pause();
}

function toRequest(body: string, length = body.length): string {
  const head = ["POST /v1/chat/completions HTTP/1.1", "host: 127.0.0.1", `authorization: Bearer ${testToken}`];
  return [...head, "content-type: application/json", `content-length: ${length}`, "", body].join("\r\n");
}

async function assertStops(gateway: TestGateway, socket: Socket): Promise<void> {
  const patience = new Promise((resolve) => {
    setTimeout(resolve, patienceMs, "still stopping").unref();
  });
  try {
    expect(await Promise.race([gateway.stop().then(() => "stopped"), patience])).toBe("stopped");
  } finally {
    socket.destroy();
  }
}

const unfinished: readonly { readonly name: string; readonly bytes: string }[] = [
  { name: "a connection without a request", bytes: "" },
  { name: "a request head without its end", bytes: toRequest("").slice(0, 60) },
  { name: "a body without its end", bytes: toRequest("{", 1_000) },
];
test.each(unfinished)("$name does not hold up stop beyond drainMs", async ({ bytes }) => {
  const gateway = await startTestGateway({ config });
  const socket = await open(gateway);
  socket.write(bytes);
  // One answer on another connection: what was sent before has been taken by then.
  await gateway.request("/healthz");
  await assertStops(gateway, socket);
});

test("a client that stops reading its stream does not hold up stop beyond drainMs", async () => {
  const gateway = await startTestGateway({ config });
  const socket = await open(gateway);
  // More than the buffers of both ends hold.
  const messages = [{ role: "user", content: "@@repeat 16000000" }];
  socket.write(toRequest(JSON.stringify({ model: "openclaw", stream: true, messages })));
  for (let bytes = 0; bytes < 100_000;) {
    const piece = socket.read() as Buffer | null;
    if (piece === null) await once(socket, "readable");
    else bytes += piece.length;
  }
  await assertStops(gateway, socket);
});

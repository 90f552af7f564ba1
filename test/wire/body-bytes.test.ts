import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { exchange, openSocket, toChatBody, toRequest, type WireSocket } from "./socket.fixture.ts";

const limits = { bodyBytesHeld: 400_000 };

function toLarge(size: number, say = "@@echo ok"): string {
  const body = toChatBody(say, { metadata: null, x: "" });
  return body.replace('"x":""', `"x":"${"y".repeat(size - body.length)}"`);
}

/** Sends the head of a request whose body of so many bytes does not come. */
async function announce({ port }: TestGateway, bytes: number): Promise<WireSocket> {
  const wire = await openSocket(port);
  const request = toRequest({ body: "{}", headers: { "content-length": `${bytes}`, expect: "100-continue" } });
  wire.send(request.subarray(0, -2));
  return wire;
}

async function readHeld({ gateway }: TestGateway): Promise<number> {
  return Number(/^clawgate_request_bytes_held (\d+)$/m.exec(await gateway.metrics.toText())?.[1]);
}

test("a large body beyond what may be held is refused before it comes, and small ones are served", async () => {
  const gateway = await startTestGateway({ config: { gateway: { limits } } });
  const slow = await announce(gateway, 200_000);
  expect((await slow.readHead()).status).toBe(100);
  expect(await readHeld(gateway)).toBe(200_000);

  // Nobody is told to send it.
  const late = await announce(gateway, 200_000);
  const refused = await late.read();
  expectError(refused, { code: "overloaded", param: null });
  expect(refused.headers["retry-after"]).toBe("1");
  expect((await gateway.chat({ model: "openclaw", messages: [{ role: "user", content: "hi" }] })).status).toBe(200);

  slow.socket.destroy();
  await expect.poll(() => readHeld(gateway)).toBe(0);
  expect((await exchange(gateway.port, toRequest({ body: toLarge(200_000) }))).status).toBe(200);
});

test("a body without a length is refused where it grows beyond", async () => {
  const gateway = await startTestGateway({ config: { gateway: { limits } } });
  const slow = await announce(gateway, 200_000);
  expect((await slow.readHead()).status).toBe(100);
  const wire = await openSocket(gateway.port);
  const head = toRequest({ body: "{}", headers: { "content-length": null, "transfer-encoding": "chunked" } });
  wire.send(head.subarray(0, -2));
  const text = toLarge(200_000);
  for (let at = 0; at < text.length; at += 10_000) wire.send(`2710\r\n${text.slice(at, at + 10_000)}\r\n`);
  wire.send("0\r\n\r\n");
  expectError(await wire.read(), { code: "overloaded" });
  // It was read to its end, and the connection goes on.
  wire.send(toRequest());
  expect((await wire.read()).status).toBe(200);
  await expect.poll(() => readHeld(gateway)).toBe(200_000);
});

test("a body is held until its run has its answer", async () => {
  const gateway = await startTestGateway({ config: { gateway: { limits } } });
  const body = toLarge(150_000, "@@hang");
  const wire = await openSocket(gateway.port);
  wire.send(toRequest({ body }));
  await expect.poll(() => readHeld(gateway)).toBe(150_000);
  wire.socket.destroy();
  await expect.poll(() => readHeld(gateway)).toBe(0);
});

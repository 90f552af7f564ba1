import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { type SharedGateway, startTestGateway, test } from "../gateway.fixture.ts";
import { readWhole, startStream, toChunks, toText } from "./events.fixture.ts";

/** A million chunks of about 220 bytes: more than anything between the model and a reader can hold. */
const endless = "@@count 1000000";
/** What sockets, streams and this test itself may take. */
const growthMax = 64 * 1_048_576;

/** Grows by 220 MB within two seconds where nothing stops the model. */
async function readGrowth(baseline: number): Promise<number> {
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  return process.memoryUsage.rss() - baseline;
}

async function readHeld({ gateway }: SharedGateway): Promise<number> {
  return Number(/^clawgate_answer_bytes_held (\d+)$/m.exec(await gateway.metrics.toText())?.[1]);
}

/** Waits until nobody says anything any more, or says too much; gives how much of the answers is held then. */
async function untilStill(gateway: SharedGateway, bytesMax: number): Promise<number> {
  let before = performance.eventLoopUtilization();
  for (let idle = 0; ;) {
    await delay(100);
    const now = performance.eventLoopUtilization();
    idle = performance.eventLoopUtilization(now, before).utilization < 0.3 ? idle + 1 : 0;
    before = now;
    const held = await readHeld(gateway);
    if (idle === 3 || held > bytesMax) return held;
  }
}

test("a reader that stops stops the model, and the others are served as before", async ({ gateway }) => {
  const { port } = gateway;
  await readWhole(port, "@@echo warm");
  const baseline = process.memoryUsage.rss();
  const wire = await startStream(port, endless);
  const head = await wire.readHead();
  wire.socket.pause();
  for (let call = 0; call < 20; call++) {
    expect(await readWhole(port, `@@echo ${call}`)).toBe(`${call}`);
    expect(await readGrowth(baseline)).toBeLessThan(growthMax);
  }

  // Then it reads on, and nothing is lost or out of order.
  let rest = "";
  let next = 0;
  for await (const { bytes } of wire.readBody(head)) {
    const lines = (rest + bytes.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const word = /"content":"(\d+) /.exec(line)?.[1];
      if (word !== undefined && Number(word) !== next++) throw new Error(`${word} came as number ${next - 1}`);
    }
    if (next > 100_000) break;
  }
  expect(next).toBeGreaterThan(100_000);
});

test("twenty readers that stop do not stop the others", async ({ gateway }) => {
  const { port } = gateway;
  await readWhole(port, "@@echo warm");
  const baseline = process.memoryUsage.rss();
  const wires = await Promise.all(Array.from({ length: 20 }, () => startStream(port, endless)));
  await Promise.all(
    wires.map(async (wire) => {
      await wire.readHead();
      wire.socket.pause();
    }),
  );
  // While they stop: none of them reads again.
  expect(await readWhole(port, "@@echo ok")).toBe("ok");
  const heldMax = 20 * 1_048_576;
  expect(await untilStill(gateway, heldMax)).toBeLessThan(heldMax);
  expect(await readGrowth(baseline)).toBeLessThan(2 * growthMax);
});

test("a reader that rests longer than the keep-alive still gets the end of its answer", async () => {
  const { port } = await startTestGateway({ config: { gateway: { http: { keepAlive: { intervalMs: 100 } } } } });
  const wire = await startStream(port, "@@repeat 16000000");
  const head = await wire.readHead();
  wire.socket.pause();
  await new Promise((resolve) => {
    setTimeout(resolve, 500);
  });
  const pieces: Buffer[] = [];
  for await (const { bytes } of wire.readBody(head)) pieces.push(bytes);
  const chunks = toChunks(Buffer.concat(pieces));
  expect(toText(chunks)).toHaveLength(16_000_000);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
});

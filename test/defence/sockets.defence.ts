import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { connectParams } from "../socket/client.fixture.ts";
import { startWatched, type WatchedGateway } from "./watched.fixture.ts";

/** A connection that has signed in, and how many frames have come. */
async function enter({
  url,
}: WatchedGateway): Promise<{ readonly socket: WebSocket; readonly seen: { frames: number } }> {
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.on("error", () => undefined);
  onEnd(() => socket.terminate());
  await once(socket, "message");
  const params = { ...connectParams, auth: { token: testToken } };
  socket.send(JSON.stringify({ type: "req", id: "c", method: "connect", params }));
  await once(socket, "message");
  const seen = { frames: 0 };
  socket.on("message", () => (seen.frames += 1));
  return { socket, seen };
}

test("a hundred thousand pings and as many small requests hold up nobody, and none is lost", async () => {
  const gateway = await startWatched();
  const [pinger, asker] = [await enter(gateway), await enter(gateway)];
  let pongs = 0;
  pinger.socket.on("pong", () => (pongs += 1));
  const over = gateway.watch();
  const ask = JSON.stringify({ type: "req", id: "1", method: "health" });
  for (let batch = 0; batch < 100; batch++) {
    for (let sent = 0; sent < 1000; sent++) {
      pinger.socket.ping();
      asker.socket.send(ask);
    }
    // oxlint-disable-next-line no-await-in-loop -- twenty thousand a second
    await delay(50);
  }
  await expect.poll(() => [pongs, asker.seen.frames >= 100_000], { timeout: 100_000 }).toEqual([100_000, true]);
  const seen = await over();
  console.log(`pings and requests: ${JSON.stringify(seen)}`);
  // Work of the gateway's own thread while one call waits: on a busy machine the time is others'.
  expect(seen.lifeWorkMsMax).toBeLessThan(400);
  expect(seen.residentMax).toBeLessThan(300);
  expect((await gateway.stop()).status).toBe(0);
});

test("two thousand connections that do nothing cost little, and no call its time", async () => {
  const gateway = await startWatched();
  await enter(gateway);
  const before = gateway.resident();
  const over = gateway.watch();
  for (let opened = 0; opened < 2000; opened += 25) {
    // oxlint-disable-next-line no-await-in-loop -- a gateway has room for so many strangers
    await Promise.all(Array.from({ length: 25 }, () => enter(gateway)));
  }
  await delay(1000);
  const seen = await over();
  console.log(`2,000 idle: ${JSON.stringify({ ...seen, before })}`);
  expect(seen.lifeWorkMsMax).toBeLessThan(250);
  expect(seen.residentMax - before).toBeLessThan(80);
  expect((await gateway.stop()).status).toBe(0);
});

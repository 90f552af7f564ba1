import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { toChatBody, toRequest } from "../wire/socket.fixture.ts";
import { openMany, startWatched } from "./watched.fixture.ts";

const call = toRequest();

/** The status line of each answer, and how many connections are closed. */
function collect(sockets: readonly Socket[]): {
  readonly statuses: () => Record<string, number>;
  readonly closed: () => number;
  /** Seconds until the last of them was closed. */
  readonly lasted: () => number;
} {
  const began = performance.now();
  const statuses: Record<string, number> = {};
  let [closed, lasted] = [0, 0];
  for (const socket of sockets) {
    socket.once("data", (bytes: Buffer) => {
      const status = bytes.toString("latin1", 9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
    });
    socket.once("close", () => {
      closed++;
      lasted = (performance.now() - began) / 1000;
    });
  }
  return { statuses: () => statuses, closed: () => closed, lasted: () => lasted };
}

/** Sends one byte a second from here on, until the connection is closed. */
async function drip(sockets: readonly Socket[], bytes: (second: number) => Uint8Array, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    for (const socket of sockets) if (socket.writable) socket.write(bytes(second));
    await delay(1000);
  }
}

const head = (fields: Record<string, string | null>): Buffer =>
  toRequest({ body: "{}", headers: fields }).subarray(0, -2);

test("hundreds that send a head, a body or nothing are told so in time, and the others are served", async () => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const heads = await openMany(gateway.port, 500);
  const bodies = await openMany(gateway.port, 250);
  const chunked = await openMany(gateway.port, 250);
  const silent = await openMany(gateway.port, 1000);
  const seen = [heads, bodies, chunked, silent].map(collect);
  for (const socket of bodies) socket.write(head({ "content-length": "1000" }));
  for (const socket of chunked) socket.write(head({ "content-length": null, "transfer-encoding": "chunked" }));
  await Promise.all([
    drip(heads, (second) => call.subarray(second, second + 1), 14),
    drip(bodies, () => Buffer.from(" "), 36),
    drip(chunked, () => Buffer.from("1\r\n \r\n"), 36),
  ]);
  await expect.poll(() => seen.map(({ closed }) => closed())).toEqual([500, 250, 250, 1000]);
  expect(seen.slice(0, 3).map(({ statuses }) => statuses())).toEqual([{ 408: 500 }, { 408: 250 }, { 408: 250 }]);
  // 10 s for a head, 30 for all of a request, and what a busy machine adds.
  for (const [index, seconds] of [20, 45, 45, 20].entries()) expect(seen[index]?.lasted()).toBeLessThan(seconds);
  const watched = await over();
  expect(watched.lifeWorkMsMax).toBeLessThan(250);
  expect(await gateway.metric("clawgate_runs_live")).toBe(0);
  expect((await gateway.stop()).status).toBe(0);
});

test("connections that are reset at any point leave nothing behind", async () => {
  const gateway = await startWatched();
  const stream = toRequest({ body: toChatBody("@@words 50 delay=5ms", { stream: true, user: "ada" }) });
  for (let point = 0; point < 40; point++) {
    const [socket] = await openMany(gateway.port, 1);
    const bytes = Math.ceil((stream.length * (point + 1)) / 20);
    socket?.write(stream.subarray(0, bytes));
    await delay(bytes >= stream.length ? point * 4 : 5);
    socket?.resetAndDestroy();
  }
  await expect.poll(() => gateway.metric('clawgate_runs_live{agent="main"}')).toBe(0);
  // This one asks.
  await expect.poll(() => gateway.metric("clawgate_connections_open")).toBe(1);
  const answer = await gateway.chat({
    model: "openclaw",
    user: "ada",
    messages: [{ role: "user", content: "@@echo ok" }],
  });
  expect(await answer.text()).toContain('"content":"ok"');
  expect((await gateway.stop()).status).toBe(0);
});

test("ten thousand idle connections cost little, and a call is answered as before", async () => {
  const gateway = await startWatched();
  const before = gateway.resident();
  const over = gateway.watch();
  const sockets = await openMany(gateway.port, 9000);
  const life = toRequest({ method: "GET", path: "/healthz", headers: { authorization: null } });
  for (const socket of sockets) socket.write(life);
  const answer = await gateway.chat({ model: "openclaw", messages: [{ role: "user", content: "@@echo ok" }] });
  expect(answer.status).toBe(200);
  const watched = await over();
  expect(((watched.residentMax - before) * 1024) / 9000).toBeLessThan(40);
  expect((await gateway.stop()).status).toBe(0);
});

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { toChatBody, toRequest } from "../wire/socket.fixture.ts";
import { openMany, startWatched, type WatchedGateway } from "./watched.fixture.ts";

const megabyte = 1_000_000;

test("sixty uploads of 19 MB at once: what is held is bounded, and the rest is told to come back", async () => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const body = toChatBody("@@echo ok", { x: "y".repeat(19 * megabyte) });
  const request = toRequest({ body });
  const statuses: Record<string, number> = {};
  const sockets = await openMany(gateway.port, 60);
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once("data", (bytes: Buffer) => {
            const status = bytes.toString("latin1", 9, 12);
            statuses[status] = (statuses[status] ?? 0) + 1;
            resolve();
          });
          socket.once("close", () => resolve());
          socket.write(request);
        }),
    ),
  );
  const { residentMax } = await over();
  // Each body that is read is there as bytes, as text and as values for a moment.
  expect(residentMax).toBeLessThan(1300);
  expect(Object.keys(statuses).toSorted()).toEqual(["200", "503"]);
  expect(statuses["200"]).toBeGreaterThanOrEqual(10);
  expect(await gateway.metric("clawgate_request_bytes_held")).toBe(0);
  expect((await gateway.stop()).status).toBe(0);
});

test("a body in a million chunks, each with an extension, is no dearer than what it holds", async () => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const [socket] = await openMany(gateway.port, 1);
  if (socket === undefined) throw new Error("no connection");
  let answer = "";
  socket.on("data", (bytes: Buffer) => (answer += bytes.toString()));
  const head = toRequest({ body: "{}", headers: { "content-length": null, "transfer-encoding": "chunked" } });
  socket.write(head.subarray(0, -2));
  const chunks = Buffer.from("1;a\r\n \r\n".repeat(10_000));
  for (let sent = 0; sent < 100; sent++) {
    if (!socket.write(chunks)) await once(socket, "drain");
  }
  socket.write("0\r\n\r\n");
  await expect.poll(() => answer).toContain('"code":"invalid_json"');
  const { residentMax, lifeWorkMsMax } = await over();
  expect(residentMax).toBeLessThan(300);
  expect(lifeWorkMsMax).toBeLessThan(250);
  expect((await gateway.stop()).status).toBe(0);
});

test("twenty clients with 8 MB in and 8 MB out that take nothing are cut, and what they held is free again", async () => {
  const gateway = await startWatched({ gateway: { limits: { writeStallMs: 5000 } } });
  const over = gateway.watch();
  const request = toRequest({ body: toChatBody(`@@echo ${"y".repeat(8 * megabyte)}`) });
  for (const socket of await openMany(gateway.port, 20)) socket.pause().write(request);
  await expect.poll(() => gateway.metric("clawgate_answer_bytes_held")).toBeGreaterThan(8 * megabyte);
  await expect.poll(() => gateway.metric('clawgate_connections_cut_total{reason="stalled"}')).toBe(20);
  expect(await gateway.metric("clawgate_answer_bytes_held")).toBe(0);
  const { residentMax } = await over();
  expect(residentMax).toBeLessThan(1000);
  expect((await gateway.stop()).status).toBe(0);
});

test("two hundred that read no stream leave the others theirs", async () => {
  const gateway = await startWatched({ gateway: { limits: { writeStallMs: 5000 } } });
  const over = gateway.watch();
  const before = gateway.resident();
  const request = toRequest({ body: toChatBody("@@count 1000000", { stream: true }) });
  for (const socket of await openMany(gateway.port, 200)) socket.pause().write(request);
  for (let call = 0; call < 20; call++) {
    expect(await count(gateway)).toMatch(/data: \[DONE\]\n\n$/);
    await delay(100);
  }
  // Those that were told to come back for want of time have had all that was for them.
  await expect.poll(() => gateway.metric('clawgate_runs_live{agent="main",key="operator"}')).toBe(0);
  expect(await gateway.metric('clawgate_connections_cut_total{reason="stalled"}')).toBeGreaterThanOrEqual(64);
  const { residentMax } = await over();
  expect(residentMax - before).toBeLessThan(250);
  expect((await gateway.stop()).status).toBe(0);
});

/** A stream of twenty numbers. While two hundred models talk as fast as they can it may be told to come back, as an SDK does. */
async function count(gateway: WatchedGateway): Promise<string> {
  const body = { model: "openclaw", stream: true, messages: [{ role: "user", content: "@@count 20" }] };
  for (let attempt = 1; ; attempt++) {
    const answer = await gateway.chat(body);
    const text = await answer.text();
    if (answer.status !== 503 || attempt === 5) return text;
    await delay(Number(answer.headers.get("retry-after")) * 1000);
  }
}

test("a stranger's endless body is read for two seconds or 64 MB, and no longer", async () => {
  const gateway = await startWatched();
  const [socket] = await openMany(gateway.port, 1);
  if (socket === undefined) throw new Error("no connection");
  let answer = "";
  socket.on("data", (bytes: Buffer) => (answer += bytes.toString()));
  const head = toRequest({
    body: "{}",
    headers: { authorization: "Bearer wrong", "content-length": null, "transfer-encoding": "chunked" },
  });
  socket.write(head.subarray(0, -2));
  const chunk = Buffer.from(`10000\r\n${"x".repeat(65_536)}\r\n`);
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", write);
  write();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(answer).toContain('"code":"invalid_api_key"');
  expect(socket.bytesWritten).toBeLessThan(128 * 1_048_576);
  expect(await gateway.metric('clawgate_connections_cut_total{reason="body"}')).toBe(1);
  expect((await gateway.stop()).status).toBe(0);
});

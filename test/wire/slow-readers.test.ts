import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { readWhole } from "./events.fixture.ts";
import { openSocket, toChatBody, toRequest, type WireSocket } from "./socket.fixture.ts";

const repeat = (request: Buffer, count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => request));
const get = (path: string, authorization: string | null = null): Buffer =>
  toRequest({ method: "GET", path, headers: { authorization } });
const say = (text: string, stream: boolean): Buffer => toRequest({ body: toChatBody(text, { stream }) });

/** More than the kernel takes off the gateway's hands. */
const whole = say("@@repeat 10000000", false);
const endless = say("@@count 1000000", true);
const answers: readonly Buffer[] = [
  whole,
  endless,
  repeat(get("/docs.js"), 6),
  repeat(get(`/v1/${"x".repeat(100)}`, "Bearer wrong"), 8000),
];

/** Sends and takes nothing. */
async function openSilent({ port }: TestGateway, requests: Buffer): Promise<WireSocket> {
  const wire = await openSocket(port);
  wire.socket.on("error", () => undefined).pause();
  wire.send(requests);
  return wire;
}

async function readMetric({ gateway }: TestGateway, name: string): Promise<number> {
  const line = (await gateway.metrics.toText()).split("\n").find((text) => text.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

const toCut = (reason: string): string => `clawgate_connections_cut_total{reason="${reason}"}`;

test("a client that takes nothing is cut, be it a whole answer, a stream, pages or refusals", async () => {
  const gateway = await startTestGateway({ config: { gateway: { limits: { writeStallMs: 300 } } } });
  await Promise.all(answers.map((requests) => openSilent(gateway, requests)));
  await expect.poll(() => readMetric(gateway, toCut("stalled"))).toBe(answers.length);
  await expect.poll(() => readMetric(gateway, "clawgate_connections_open")).toBe(0);
  expect(await readMetric(gateway, "clawgate_answer_bytes_held")).toBe(0);
  expect(gateway.log.filter(({ msg }) => msg === "a client does not take its answer")).toHaveLength(1);
  expect(await readMetric(gateway, 'clawgate_runs_live{agent="main"}')).toBe(0);
});

test("where more is held than may be, those are cut first who have taken nothing for longest", async () => {
  const gateway = await startTestGateway({ config: { gateway: { limits: { answerBytesHeld: 11_000_000 } } } });
  const first = await openSilent(gateway, whole);
  await expect.poll(() => readMetric(gateway, "clawgate_answer_bytes_held")).toBeGreaterThan(5_000_000);
  const second = await openSilent(gateway, whole);
  await expect.poll(() => readMetric(gateway, toCut("answer_bytes"))).toBe(1);
  expect(await readMetric(gateway, "clawgate_answer_bytes_held")).toBeLessThanOrEqual(11_000_000);
  expect(await readWhole(gateway.port, "@@echo ok")).toBe("ok");
  expect((await second.read()).body.length).toBeGreaterThan(10_000_000);
  await expect(first.read()).rejects.toThrow(/ECONNRESET|bytes early/);
});

test("a client that takes something now and then, and one whose model thinks for longer, are not cut", async () => {
  const gateway = await startTestGateway({ config: { gateway: { limits: { writeStallMs: 3000 } } } });
  const thinking = await openSocket(gateway.port);
  thinking.send(say("@@think 4s\n@@echo late", false));
  const slow = await Promise.all([whole, endless].map((requests) => openSilent(gateway, requests)));
  const until = performance.now() + 5000;
  while (performance.now() < until) {
    for (const { socket } of slow) await takeSome(socket);
    await delay(100);
  }
  expect((await thinking.read()).text).toContain("late");
  expect(await readMetric(gateway, toCut("stalled"))).toBe(0);
  expect(slow.map(({ socket }) => socket.destroyed)).toEqual([false, false]);
});

async function takeSome(socket: Socket): Promise<void> {
  socket.resume();
  for (let taken = 0; taken < 100_000;) {
    const [piece] = (await once(socket, "data")) as [Buffer];
    taken += piece.length;
  }
  socket.pause();
}

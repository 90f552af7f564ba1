import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { readTalk, untilLive } from "../talk.fixture.ts";
import { startUpstreamTest, upstreamKey } from "./upstream.fixture.ts";
import {
  done,
  type Fault,
  finished,
  pour,
  startFaultServer,
  streamHead,
  toAnswer,
  toChunk,
  toSaid,
} from "./servers/fault.fixture.ts";

/** Says what it was asked. */
const echo: Fault = (socket, { messages }) => socket.write(toAnswer(String(messages.at(-1)?.content)));

function start(gateway: TestGateway, content: string, more: object = {}, signal?: AbortSignal): Promise<Response> {
  return gateway.request("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content }], ...more }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Does this `count` times, so many at a time. */
async function repeat(count: number, atOnce: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await act(index);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Enough to see a leak of one connection a call, or of one in ten. */
const aborts = 300;

test("calls that are left at every moment cost nobody else his answer, and no connection", async () => {
  const connectionsMax = 40;
  let most = 0;
  const called = Array.from({ length: aborts }, () => Promise.withResolvers<void>());
  const slow: Fault = async (socket, call) => {
    most = Math.max(most, upstream.open);
    called[Number(call.messages.at(-1)?.content)]?.resolve();
    // The moments: nothing, half a head, a head, half a word, words without end, words and a reset.
    if (call.count % 7 === 0) return;
    socket.write(streamHead.slice(0, 30));
    await delay(call.count % 5);
    socket.write(streamHead.slice(30));
    if (call.count % 7 === 1) return;
    for (let word = 0; !socket.destroyed && word < 40; word += 1) {
      const piece = toChunk(toSaid(`word ${word} `));
      socket.write(piece.slice(0, 9));
      await delay(1);
      socket.write(piece.slice(9));
      if (call.count % 7 === 2 && word === 5) socket.resetAndDestroy();
    }
  };
  const { upstream, gateway } = await startUpstreamTest(slow, { connectionsMax });
  await repeat(aborts, 60, async (index) => {
    const controller = new AbortController();
    const answer = start(gateway, String(index), { stream: index % 2 === 0 }, controller.signal)
      .then((response) => response.text())
      .catch((error: unknown) => expect(controller.signal.aborted, String(error)).toBe(true));
    // Some are left while they wait for a connection, the others once they have one.
    if (index % 10 !== 0) await Promise.race([called[index]?.promise, answer]);
    setTimeout(() => controller.abort(), index % 37);
    await answer;
  });
  expect(upstream.calls.length).toBeGreaterThan(aborts * 0.8);
  await untilLive(gateway, 0);
  await expect.poll(() => upstream.open, { interval: 5, timeout: 2_000 }).toBe(0);

  upstream.fault = (socket, call) => {
    most = Math.max(most, upstream.open);
    return echo(socket, call);
  };
  await repeat(aborts, 60, async (index) => {
    const talk = await readTalk(await start(gateway, `question ${index}`, { stream: index % 2 === 0 }));
    expect(talk).toMatchObject({ status: 200, text: `question ${index}`, finishReason: "stop" });
  });
  expect(most).toBeLessThanOrEqual(connectionsMax);
});

test("an upstream that hangs uses up its own connections only, and calls that wait for one can be left", async () => {
  const [hanging, working] = await Promise.all([startFaultServer(() => undefined), startFaultServer(echo)]);
  const toProvider = (baseUrl: string): object => ({
    api: "openai-completions",
    baseUrl,
    apiKey: upstreamKey,
    connectionsMax: 2,
  });
  const gateway = await startTestGateway({
    config: {
      models: { providers: { a: toProvider(hanging.baseUrl), b: toProvider(working.baseUrl) } },
      agents: {
        defaults: { model: "a/m" },
        list: [
          { id: "main", default: true },
          { id: "beta", model: "b/m" },
        ],
      },
    },
  });
  const controller = new AbortController();
  let ended = 0;
  const stuck = Array.from({ length: 6 }, async () => {
    await start(gateway, "Hi", {}, controller.signal).catch(() => undefined);
    ended += 1;
  });
  await untilLive(gateway, 6);
  await expect.poll(() => hanging.calls.length, { interval: 5 }).toBe(2);

  await repeat(50, 5, async (index) => {
    const talk = await readTalk(await start(gateway, `question ${index}`, { model: "openclaw/beta" }));
    expect(talk).toMatchObject({ status: 200, text: `question ${index}` });
  });
  expect({ ended, open: hanging.open, calls: hanging.calls.length }).toEqual({ ended: 0, open: 2, calls: 2 });

  controller.abort();
  await Promise.all(stuck);
  await untilLive(gateway, 0);
  await expect.poll(() => hanging.open, { interval: 5, timeout: 2_000 }).toBe(0);
  // Those that were left while they waited are not sent any more.
  expect(hanging.calls).toHaveLength(2);
});

test("a call that waits for a connection has its time for the first byte, no more", async () => {
  const deadlines = { firstTokenMs: 300 };
  const { upstream, gateway } = await startUpstreamTest(
    (socket) => socket.write(streamHead + toChunk(toSaid("on and"))),
    {
      connectionsMax: 1,
      deadlines,
    },
  );
  const controller = new AbortController();
  const first = await start(gateway, "Hi", { stream: true }, controller.signal);
  const second = await readTalk(await start(gateway, "Hi"));
  expect(second).toMatchObject({ status: 504, error: { code: "upstream_timeout" } });
  expect(upstream.calls).toHaveLength(1);
  controller.abort();
  await first.text().catch(() => undefined);
  await untilLive(gateway, 0);
});

test("a connection is used again after a long answer whose end comes late", async () => {
  const { upstream, ask } = await startUpstreamTest(
    async (socket) => {
      socket.write(streamHead + toChunk(toSaid("x".repeat(100_000))) + toChunk(finished + done));
      await delay(10);
      socket.write("0\r\n\r\n");
    },
    { connectionsMax: 1 },
  );
  for (let count = 0; count < 4; count += 1) {
    expect(await ask("Hi", count % 2 === 0)).toMatchObject({ finishReason: "stop" });
  }
  expect(upstream.connections).toBe(1);
});

test.each<[rest: string, fault: Fault]>([
  ["never ends", (socket) => socket.write(`${streamHead}${toChunk(toSaid("ok") + finished + done)}`)],
  [
    "is endless",
    (socket) => {
      socket.write(`${streamHead}${toChunk(toSaid("ok") + finished + done)}`);
      return pour(socket, toChunk("x".repeat(10_000)), 1e9);
    },
  ],
])("a connection whose answer is over but %s is cut", async (_, fault) => {
  const { upstream, ask } = await startUpstreamTest(fault);
  expect(await ask("Hi", true)).toMatchObject({ text: "ok", finishReason: "stop", error: undefined });
  await expect.poll(() => upstream.open, { interval: 20, timeout: 5_000 }).toBe(0);
  expect(upstream.bytesTaken).toBeLessThan(16 * 1024 * 1024);
});

test("a client that reads slowly holds the upstream up, and is not taken for its silence", async () => {
  const piece = "x".repeat(64 * 1024);
  const pieces = 440;
  // More than this process, which is all three of them, is busy with what has come.
  const deadlines = { idleMs: 1_000 };
  const { upstream, gateway } = await startUpstreamTest(
    async (socket) => {
      socket.write(streamHead);
      await pour(socket, toChunk(toSaid(piece)), piece.length * pieces);
      socket.write(`${toChunk(finished + done)}0\r\n\r\n`);
    },
    { deadlines },
  );
  const response = await start(gateway, "Hi", { stream: true });
  let taken = -1;
  // As much as the sockets on the way hold, and then nothing more.
  while (upstream.bytesTaken !== taken) {
    taken = upstream.bytesTaken;
    await delay(1.5 * deadlines.idleMs);
  }
  expect(taken).toBeLessThan(piece.length * pieces * 0.9);
  const { text, finishReason, error } = await readTalk(response);
  expect({ finishReason, error }).toEqual({ finishReason: "stop", error: undefined });
  expect(text.length).toBeGreaterThan(piece.length * pieces * 0.99);
});

import { randomUUID } from "node:crypto";
import { type Candidate, type Context, type Row, startGateway, startServer, stopAll } from "../context.ts";
import { type Figure, median, percentile } from "../figures.ts";
import { toCall } from "../load.ts";
import { Crowd, request, until } from "../sockets.ts";
import { collectable, readCpu, readMemory, startSubject, type Subject } from "../subject.ts";

const row = "sockets";

/**
 * What an idle connection of the gateway protocol holds beyond one of a bare ws server, what an event costs for each who is
 * told, and whether HTTP on the same port is the same beside idle connections and beside such as come, send garbage and go.
 */
export const benchSockets: Row = async (context) => {
  const upstream = await startServer("upstream");
  const figures: Figure[] = [];
  try {
    for (const candidate of context.candidates) {
      figures.push(...(await benchMemory(context, candidate)));
      figures.push(...(await benchEvents(context, candidate, upstream)));
      figures.push(...(await benchBeside(context, candidate, upstream)));
    }
    return figures;
  } finally {
    await stopAll([upstream]);
  }
};

async function benchMemory(context: Context, candidate: Candidate): Promise<Figure[]> {
  const count = context.quick ? 500 : 2_000;
  const bare = await startSubject("ws", [...collectable, new URL("../servers/socket.ts", import.meta.url).pathname]);
  const gateway = await startGateway(context, candidate, { flags: collectable });
  const [least, own] = [await measureIdle(bare, count, false), await measureIdle(gateway, count, true)];
  await stopAll([bare, gateway]);
  const shared = { row, subject: gateway.name, unit: "KB", better: "lower", compared: false } as const;
  return [
    { ...shared, what: `heap of an idle connection beyond ws, ${count} open`, value: own.heap - least.heap },
    { ...shared, what: "anonymous memory of it beyond ws", value: own.anonymous - least.anonymous, aim: "≤ 25" },
  ];
}

async function measureIdle(subject: Subject, count: number, signIn: boolean) {
  const look = async () => ({ heap: await subject.readHeap(), anonymous: readMemory(subject.pid).anonymousMegabytes });
  // The first ones compile the code.
  const [warm, crowd] = [new Crowd(), new Crowd()];
  await warm.open(subject.url, 200, signIn);
  warm.close();
  const before = await look();
  await crowd.open(subject.url, count, signIn);
  const after = await look();
  crowd.close();
  const heap = (after.heap - before.heap) / 1024 / count;
  return { heap, anonymous: ((after.anonymous - before.anonymous) * 1024) / count };
}

async function benchEvents(context: Context, candidate: Candidate, upstream: Subject): Promise<Figure[]> {
  const tokens = context.quick ? 500 : 2_000;
  const gateway = await startGateway(context, candidate, { upstream, models: [`paced-${tokens}-2`] });
  const measure = async (observers: number): Promise<{ cpu: number; frames: number }> => {
    const crowd = new Crowd();
    await crowd.open(gateway.url, observers, true);
    const sessionKey = `observed-${observers}`;
    await crowd.ask("chat.history", { sessionKey });
    const [cpu, frames] = [readCpu(gateway.pid), crowd.frames];
    const idempotencyKey = randomUUID();
    const ended = until(crowd.first, ({ event, payload }) => event === "chat" && isEnd(payload));
    await request(crowd.first, "chat.send", { sessionKey, message: "Go on.", idempotencyKey });
    await ended;
    const measured = { cpu: readCpu(gateway.pid) - cpu, frames: crowd.frames - frames };
    crowd.close();
    return measured;
  };
  await measure(1);
  const [alone, all] = [await measure(1), await measure(200)];
  await stopAll([gateway]);
  const value = (all.cpu - alone.cpu) / (all.frames - alone.frames);
  const what = `CPU of an event for each of 200 who are told, ${tokens} tokens`;
  return [{ row, subject: gateway.name, what, unit: "µs", value, better: "lower", compared: false }];
}

function isEnd(payload: unknown): boolean {
  return typeof payload === "object" && payload !== null && "state" in payload && payload.state === "final";
}

/** What sockets do to calls, beside what they do to those of a bare server: its clients share the machine with both. */
async function benchBeside(context: Context, candidate: Candidate, upstream: Subject): Promise<Figure[]> {
  const bare = await startSubject("ws", [new URL("../servers/socket.ts", import.meta.url).pathname]);
  const gateway = await startGateway(context, candidate, { upstream, models: ["whole"] });
  const [least, own] = [await timeBeside(context, bare, false), await timeBeside(context, gateway, true)];
  await stopAll([bare, gateway]);
  const toFigures = ({ name }: Subject, { alone, idle, rabble }: typeof own): Figure[] => {
    const shared = { row, subject: name, unit: "ms", against: alone, better: "lower", compared: false } as const;
    return [
      { ...shared, what: "p99 of calls beside 2,000 idle connections", value: idle },
      { ...shared, what: "p99 of calls beside 500 that come, send garbage and go", value: rabble },
    ];
  };
  return [...toFigures(bare, least), ...toFigures(gateway, own)];
}

/** The slowest hundredth of calls, alone and beside sockets; in turn, since whatever else the machine does comes and goes. */
async function timeBeside(context: Context, { url }: Subject, signIn: boolean) {
  const call = toCall(JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "Go on." }] }));
  const count = context.quick ? 500 : 3_000;
  const time = async (): Promise<number> => {
    const { times } = await context.client.run({ kind: "calls", url, calls: [call], count, connections: 4 });
    return percentile(times, 0.99);
  };
  await time();
  const [alone, idle, rabble]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < (context.quick ? 1 : 3); round++) {
    alone.push(await time());
    const crowd = new Crowd();
    await crowd.open(url, 2_000, signIn);
    idle.push(await time());
    crowd.close();
    alone.push(await time());
    const ending = new AbortController();
    const those = Array.from({ length: context.quick ? 50 : 500 }, () => bother(url, ending.signal));
    rabble.push(await time());
    ending.abort();
    await Promise.all(those);
  }
  return { alone: median(alone), idle: median(idle), rabble: median(rabble) };
}

/** Comes, says what is nothing, and is gone, again and again. */
async function bother(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const crowd = new Crowd();
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what it does
    await crowd.open(url, 1, false).catch(() => undefined);
    try {
      crowd.first.send("garbage");
    } catch {
      // It is gone already.
    }
    // oxlint-disable-next-line no-await-in-loop -- see above
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1000));
    crowd.close();
  }
}

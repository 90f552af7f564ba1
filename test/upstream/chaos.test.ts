import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { readRows } from "../rows.fixture.ts";
import { startUpstreamTest } from "./upstream.fixture.ts";
import { type Fault, toAnswer } from "./servers/fault.fixture.ts";

/** Enough for hundreds of calls in every mixture. */
const chaosMs = 6_000;
const sessions = 8;
const deadlines = { connectMs: 500, firstTokenMs: 250, idleMs: 250, totalMs: 1_000 };

/** Numbers below 1 that look random and are the same every time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What happens to an answer on its way; the first two still let it arrive. */
const troubles: readonly ((socket: Socket, answer: string, random: () => number) => Promise<void>)[] = [
  async function latency(socket, answer, random) {
    await delay(random() * 200);
    socket.write(answer);
  },
  async function slices(socket, answer, random) {
    for (let at = 0; at < answer.length && !socket.destroyed;) {
      const next = at + 1 + Math.floor(random() * 20);
      socket.write(answer.slice(at, next));
      at = next;
      await delay(1);
    }
  },
  async function reset(socket, answer, random) {
    socket.write(answer.slice(0, Math.floor(random() * answer.length)));
    await delay(random() * 10);
    socket.resetAndDestroy();
  },
  async function end(socket, answer, random) {
    socket.end(answer.slice(0, Math.floor(random() * answer.length)));
    await Promise.resolve();
  },
  async function blackHole(socket, answer, random) {
    socket.write(answer.slice(0, Math.floor(random() * answer.length)));
    await Promise.resolve();
  },
  async function bandwidth(socket, answer) {
    for (const byte of answer) {
      if (socket.destroyed) return;
      socket.write(byte);
      await delay(12);
    }
  },
];

test("an upstream that fails half of the time costs no turn that was acknowledged", async () => {
  const random = createRandom(20_261_122);
  const fault: Fault = (socket, { messages }) => {
    const answer = toAnswer(`re: ${String(messages.at(-1)?.content)}`);
    const trouble = random() < 0.5 ? troubles[Math.floor(random() * troubles.length)] : undefined;
    return trouble === undefined ? socket.write(answer) : trouble(socket, answer, random);
  };
  const { gateway, ask, upstream } = await startUpstreamTest(fault, { deadlines });
  const until = performance.now() + chaosMs;
  const outcomes = new Map<string, number>();

  const talk = async (session: string): Promise<string[]> => {
    const acknowledged: string[] = [];
    for (let turn = 0; performance.now() < until; turn += 1) {
      const said = `turn ${turn}`;
      const { status, text, finishReason, error } = await ask(said, turn % 2 === 0, session);
      const outcome = `${status} ${finishReason ?? error?.code}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (finishReason === null) continue;
      expect(text).toBe(`re: ${said}`);
      acknowledged.push(`user: ${said}`, `assistant: re: ${said}`);
    }
    return acknowledged;
  };
  const names = Array.from({ length: sessions }, (_, index) => `chaos-${index}`);
  const acknowledged = await Promise.all(names.map(talk));

  expect((await gateway.request("/healthz")).status).toBe(200);
  const allowed = [
    "200 stop",
    "200 upstream_error",
    "200 upstream_timeout",
    "502 upstream_error",
    "504 upstream_timeout",
  ];
  expect(allowed).toEqual(expect.arrayContaining([...outcomes.keys()]));
  // There was chaos, and there were answers.
  expect(outcomes.size).toBeGreaterThan(3);
  expect(outcomes.get("200 stop")).toBeGreaterThan(sessions * 5);

  upstream.fault = (socket) => socket.write(toAnswer("good"));
  for (const name of names)
    expect(await ask("and now?", true, name)).toMatchObject({ text: "good", finishReason: "stop" });
  await gateway.stop();
  for (const [index, name] of names.entries()) {
    const rows = readRows(gateway.stateFolder, `agent:main:${name}`);
    expect(rows).toEqual([...(acknowledged[index] ?? []), "user: and now?", "assistant: good"]);
  }
});

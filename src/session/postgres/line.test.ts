import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { programs } from "../../../test/postgres.fixture.ts";
import { createSilentLog } from "../../base/log.ts";
import { createLanes, createTurns, type Turns } from "../../run/turns.ts";
import type { SessionStore } from "../store.ts";
import { leaseMs, mustOpen } from "../turns.fixture.ts";
import { createTestStores, type TestStores } from "./stores.fixture.ts";

const free = new AbortController().signal;

/** The turns of one gateway. */
function toTurns(store: SessionStore, waitMs = 60_000): Turns {
  const log = createSilentLog();
  return createTurns({ store, lanes: createLanes({ waitingMax: 100, waitMs }), waitMs, idleMs: 0, now: Date.now, log });
}

const waitingRows = ({ edit }: TestStores): Promise<readonly { holder: string; arrived_at: string }[]> =>
  edit("SELECT holder, arrived_at FROM waiting");

/** Until so many gateways have a place in the line. */
async function untilWaiting(stores: TestStores, count: number): Promise<void> {
  while ((await waitingRows(stores)).length !== count) await delay(5);
}

describe.skipIf(programs === undefined)("calls of several gateways on one session", () => {
  test("have it one after the other, in the order in which they came, wherever they came", async () => {
    const stores = await createTestStores();
    const gateways = [];
    for (let index = 0; index < 3; index++) gateways.push(toTurns(await stores.connect()));
    const first = await gateways[0]?.open("k", free);
    const had: number[] = [];
    const calls: Promise<void>[] = [];
    for (let call = 0; call < 12; call++) {
      const turns = gateways[call % 3];
      const run = async (): Promise<void> => {
        const turn = await turns?.open("k", free);
        had.push(call);
        await turn?.commit({ keep: turn.messages.length, append: [{ role: "user", content: String(call) }] });
      };
      calls.push(run());
      await delay(4);
    }
    await untilWaiting(stores, 2);
    await first?.release();
    await Promise.all(calls);
    expect(had).toEqual(Array.from({ length: 12 }, (_, call) => call));
    const { messages } = await (await stores.connect()).read("k");
    expect(messages.map(({ content }) => content)).toEqual(had.map(String));
    expect(await waitingRows(stores)).toEqual([]);
  });

  test("have it in that order also where the clock of a gateway is set while it runs", async () => {
    const stores = await createTestStores();
    const early = await stores.connect();
    const real = Date.now.bind(Date);
    const clock = vi.spyOn(Date, "now").mockImplementation(() => real() + 3_600_000);
    onTestFinished(() => clock.mockRestore());
    const [late, holder] = [await stores.connect(), await stores.connect()];
    const { lease } = await mustOpen(holder, "k");
    const toArrival = () => ({ at: Date.now(), digest: undefined, again: false, waits: true });
    // By more than it takes to ask the database what time it is, which is as well as the clocks can be compared.
    const [came, cameLater] = [toArrival(), { ...toArrival(), at: Date.now() + 500 }];
    // Whoever waits asks again every second.
    for (let times = 0; times < 2; times++) expect(await early.open("k", leaseMs, came)).toBeUndefined();
    expect(await late.open("k", leaseMs, cameLater)).toBeUndefined();
    await holder.release(lease);
    expect(await late.open("k", leaseMs, cameLater)).toBeUndefined();
    expect(await early.open("k", leaseMs, came)).toMatchObject({ messages: [] });
  });

  test("are woken when it is free, long before they would look", async () => {
    const stores = await createTestStores();
    const [a, b] = [toTurns(await stores.connect()), toTurns(await stores.connect())];
    const waits: number[] = [];
    for (let round = 0; round < 8; round++) {
      const held = await a.open("k", free);
      const waiting = b.open("k", free);
      await untilWaiting(stores, 1);
      // So that it listens, which takes a connection the first time.
      await delay(round === 0 ? 200 : 0);
      const began = performance.now();
      await held.release();
      await (await waiting).release();
      waits.push(performance.now() - began);
    }
    // They look once a second; a busy machine may be late now and then.
    expect(waits.toSorted((x, y) => x - y)[4]).toBeLessThan(300);
  });

  test("find it free by looking where they cannot listen", async () => {
    const stores = await createTestStores();
    const [a, b] = [await stores.connect(), toTurns(await stores.connect({ listenUrl: "postgres://127.0.0.1:1/x" }))];
    const { lease } = await mustOpen(a, "k");
    const waiting = b.open("k", free);
    await untilWaiting(stores, 1);
    await a.release(lease);
    await (await waiting).release();
  });

  test("give up in time, and hold up nobody who comes after them", async () => {
    const stores = await createTestStores();
    const [a, b, c] = [await stores.connect(), toTurns(await stores.connect(), 200), toTurns(await stores.connect())];
    const { lease } = await mustOpen(a, "k");
    await expect(b.open("k", free)).rejects.toMatchObject({ code: "session_busy" });
    const leaving = new AbortController();
    const left = c.open("k", leaving.signal);
    await untilWaiting(stores, 1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    expect(await waitingRows(stores)).toEqual([]);
    await a.release(lease);
    const began = performance.now();
    await (await c.open("k", free)).release();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test("have it in their order also where its gateway has died, and names nobody", async () => {
    const stores = await createTestStores();
    const [a, b, c] = [await stores.connect(), await stores.connect(), await stores.connect()];
    await mustOpen(a, "k");
    const ask = (store: SessionStore, at: number) =>
      store.open("k", leaseMs, { at, digest: undefined, again: false, waits: true });
    const now = Date.now();
    expect([await ask(b, now - 10), await ask(c, now - 20)]).toEqual([undefined, undefined]);
    await stores.edit("UPDATE session SET leased_until = 1");
    expect(await ask(b, now - 10)).toBeUndefined();
    expect(await ask(c, now - 20)).toBeDefined();
  });

  test("pass over one whose gateway is gone, a while after it was last heard of", async () => {
    const stores = await createTestStores();
    const [a, b] = [await stores.connect(), await stores.connect()];
    const { lease } = await mustOpen(a, "k");
    // As a gateway leaves it that was killed while it waited.
    await stores.edit(
      `INSERT INTO waiting SELECT key_hash, 'dead', 1, extract(epoch FROM clock_timestamp()) * 1000 + 1500 FROM session`,
    );
    await a.release(lease);
    const began = performance.now();
    await (await toTurns(b).open("k", free)).release();
    const waitedMs = performance.now() - began;
    expect(waitedMs).toBeGreaterThan(1_000);
    expect(waitedMs).toBeLessThan(8_000);
  });
});

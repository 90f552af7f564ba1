import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { programs } from "../../../test/postgres.fixture.ts";
import { createRandom } from "../../../conformance/judge/random.ts";
import type { Message } from "../../base/contract.ts";
import type { Lease, SessionStore } from "../store.ts";
import { leaseMs, mustOpen, user } from "../turns.fixture.ts";
import { createTestStores } from "./stores.fixture.ts";

const many = 40;
const keys = Array.from({ length: many }, (_, index) => `k${index}`);

describe.skipIf(programs === undefined)("turns of many sessions that come at once", () => {
  test("are each written as they would be alone, whatever they keep, append and leave behind", async () => {
    const stores = await createTestStores();
    const store = await stores.connect();
    const random = createRandom("together");
    const below = (end: number): number => Math.floor(random() * end);
    const wanted = new Map<string, Message[]>(keys.map((key) => [key, []]));
    const digests = new Map<string, string>();
    for (let round = 0; round < 6; round += 1) {
      const turns = keys.map((key) => {
        const before = wanted.get(key) ?? [];
        const keep = below(3) === 0 ? below(before.length + 1) : before.length;
        // Quotes, backslashes, braces, NULL and what is longer than goes together.
        const texts = Array.from({ length: below(4) }, (_, at) => `${key} ${round} ${at} "\\{},NULL\u0000\u{1F600}\n`);
        const append = below(15) === 0 ? [user("long ".repeat(8_000))] : texts.map(user);
        const receipt = below(2) === 0 ? { digest: `d${key}${round}`, answer: `"{${key}}\\`, again: false } : undefined;
        return { key, keep, append, receipt };
      });
      await Promise.all(
        turns.map(async ({ key, keep, append, receipt }) => {
          const { lease, messages } = await mustOpen(store, key);
          expect(messages).toEqual(wanted.get(key));
          await store.commit(lease, { keep, append, ...(receipt && { receipt }) });
        }),
      );
      for (const { key, keep, append, receipt } of turns) {
        wanted.set(key, [...(wanted.get(key) ?? []).slice(0, keep), ...append]);
        if (keep === 0) digests.delete(key);
        if (receipt !== undefined) digests.set(key, receipt.digest);
      }
    }
    const other = await stores.connect();
    expect(await other.examine()).toEqual({ sessions: many, damaged: [] });
    await Promise.all(
      keys.map(async (key) => {
        expect(await other.read(key)).toMatchObject({ messages: wanted.get(key) });
        const digest = digests.get(key) ?? "none";
        const session = await other.open(key, leaseMs, { at: Date.now(), digest, again: true });
        expect(session?.receipt?.answer).toBe(digests.has(key) ? `"{${key}}\\` : undefined);
      }),
    );
  });

  test("are written where their lease is held, and nowhere else", async () => {
    const stores = await createTestStores();
    const [loser, winner] = [await stores.connect(), await stores.connect()];
    const leases = new Map<string, Lease>();
    await Promise.all(
      keys.map(
        async (key, index) => void leases.set(key, (await mustOpen(loser, key, index % 2 === 0 ? 1 : leaseMs)).lease),
      ),
    );
    const lost = keys.filter((_, index) => index % 2 === 0);
    const current = await Promise.all(lost.map((key) => vi.waitFor(() => mustOpen(winner, key))));
    const commit = (store: SessionStore, lease: Lease | undefined, text: string): Promise<void> =>
      lease === undefined
        ? Promise.reject(new Error("no lease"))
        : store.commit(lease, { keep: 0, append: [user(text)] });
    const ends = await Promise.allSettled(keys.map((key) => commit(loser, leases.get(key), "old")));
    expect(ends.map(({ status }) => status)).toEqual(
      keys.map((_, index) => (index % 2 === 0 ? "rejected" : "fulfilled")),
    );
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "session_busy" });
    for (const key of lost) expect((await loser.read(key)).messages).toEqual([]);
    await Promise.all(current.map(({ lease }) => commit(winner, lease, "new")));
    for (const [index, key] of keys.entries())
      expect((await loser.read(key)).messages).toEqual([user(index % 2 === 0 ? "new" : "old")]);
  });

  test("of two gateways that want the same sessions block nobody", async () => {
    const stores = await createTestStores();
    const both = [await stores.connect(), await stores.connect()];
    const wanted = keys;
    const countDeadlocks = () =>
      stores.edit("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    const before = await countDeadlocks();
    const turns = 6;
    const run = async (store: SessionStore, key: string): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        let session = await store.open(key, leaseMs, { at: Date.now(), digest: undefined, again: false, waits: true });
        while (session === undefined) {
          await store.untilFree(key, 1_000, AbortSignal.timeout(60_000));
          session = await store.open(key, leaseMs, { at: Date.now(), digest: undefined, again: false, waits: true });
        }
        await store.commit(session.lease, { keep: session.messages.length, append: [user(`${turn}`)] });
      }
    };
    await Promise.all(both.flatMap((store) => wanted.map((key) => run(store, key))));
    for (const key of wanted) expect((await both[0]?.read(key))?.messages).toHaveLength(2 * turns);
    // What a connection has counted it tells when it has done nothing for a second.
    await delay(1_500);
    expect(await countDeadlocks()).toEqual(before);
  });
});

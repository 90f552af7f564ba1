import { expect, test, vi } from "vitest";
import { type Lease, leaseMsMax, type SessionStore } from "./store.ts";
import { leaseMs, mustOpen, user } from "./turns.fixture.ts";

/** A lease that has run out, taken over by another holder. */
async function loseLease(
  loser: SessionStore,
  winner: SessionStore,
  key: string,
): Promise<{ old: Lease; current: Lease }> {
  const { lease: old } = await mustOpen(loser, key, 1);
  const { lease: current } = await vi.waitFor(() => mustOpen(winner, key));
  return { old, current };
}

/** The part of the store contract that is about leases; `connect` gives another store on the same sessions. */
export function defineLeaseTests(connect: () => Promise<SessionStore>): void {
  test("a leased session is busy for every store until the turn is committed", async () => {
    const [a, b] = [await connect(), await connect()];
    const { lease } = await mustOpen(a, "k");
    expect([await a.open("k", leaseMs), await b.open("k", leaseMs)]).toEqual([undefined, undefined]);
    await a.commit(lease, { keep: 0, append: [user("1")] });
    expect(await b.open("k", leaseMs)).toMatchObject({ messages: [user("1")], revision: 1 });
  });

  test("a lease that is released lets the next in, and cannot commit", async () => {
    const [a, b] = [await connect(), await connect()];
    const { lease } = await mustOpen(a, "k");
    await a.release(lease);
    const next = await mustOpen(b, "k");
    expect(next.lease.fence).toBeGreaterThan(lease.fence);
    await expect(a.commit(lease, { keep: 0, append: [user("1")] })).rejects.toMatchObject({ code: "session_busy" });
    expect(await a.read("k")).toMatchObject({ messages: [], revision: 0 });
  });

  test("a lease commits once", async () => {
    const store = await connect();
    const { lease } = await mustOpen(store, "k");
    const turn = { keep: 0, append: [user("1")] };
    const results = await Promise.allSettled([store.commit(lease, turn), store.commit(lease, turn)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((await store.read("k")).messages).toEqual([user("1")]);
  });

  test("an expired lease goes to the next; the old one can do nothing any more", async () => {
    const [a, b] = [await connect(), await connect()];
    const { old, current } = await loseLease(a, b, "k");
    expect(current.fence).toBeGreaterThan(old.fence);
    await expect(a.commit(old, { keep: 0, append: [user("old")] })).rejects.toMatchObject({ code: "session_busy" });
    expect(await a.renew(old, leaseMs)).toBe(false);
    await a.release(old);
    expect(await a.open("k", leaseMs)).toBeUndefined();
    await b.commit(current, { keep: 0, append: [user("new")] });
    expect(await a.read("k")).toMatchObject({ messages: [user("new")], revision: 1 });
  });

  test("a store's own expired lease is fenced off as well", async () => {
    const store = await connect();
    const { old, current } = await loseLease(store, store, "k");
    await expect(store.commit(old, { keep: 0, append: [] })).rejects.toMatchObject({ code: "session_busy" });
    await store.commit(current, { keep: 0, append: [user("1")] });
  });

  test("a renewed lease holds on", async () => {
    const [a, b] = [await connect(), await connect()];
    const { lease } = await mustOpen(a, "k", 1);
    expect(await a.renew(lease, leaseMs)).toBe(true);
    expect(await b.open("k", leaseMs)).toBeUndefined();
    await a.commit(lease, { keep: 0, append: [user("1")] });
  });

  test("fences grow over all sessions, restarts too", async () => {
    const first = await connect();
    const fences: number[] = [];
    for (const key of ["a", "b", "a"]) {
      const { lease } = await mustOpen(first, key);
      fences.push(lease.fence);
      await first.release(lease);
    }
    await first.close();
    fences.push((await mustOpen(await connect(), "a")).lease.fence);
    expect(fences).toEqual(fences.toSorted((x, y) => x - y));
    expect(new Set(fences).size).toBe(fences.length);
  });

  test.each([0, -1, 0.5, Number.NaN, leaseMsMax + 1])("a lease of %d ms is a defect of the caller", async (ms) => {
    await expect((await connect()).open("k", ms)).rejects.toThrow(RangeError);
  });
}

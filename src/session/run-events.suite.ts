import { expect, test, vi } from "vitest";
import { begin, mustFind, toBatch, toEnd } from "./runs.fixture.ts";
import { type RunHold, type RunStore, traceFactor } from "./run-store.ts";
import type { SessionStore } from "./store.ts";

async function readAll(runs: RunStore, id: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let more = true; more;) {
    const { events, hasMore } = await runs.events(id, found.length, limit);
    expect(events.length).toBeLessThanOrEqual(limit);
    found.push(...events);
    more = hasMore;
  }
  return found;
}

/** Until nothing more is to go. */
async function prune(runs: RunStore, ageMs: number, runsMax: number): Promise<void> {
  while (await runs.prune({ ageMs, runsMax }));
}

export function defineRunEventTests(connect: () => Promise<SessionStore>): void {
  const texts = Array.from({ length: 50 }, (_, index) =>
    JSON.stringify(`${index} \0\ud800 é "\\😀 ${"x".repeat(index)}`),
  );

  test("come back as they were, in pages, to every store", async () => {
    const { runs } = await connect();
    const hold = await begin(runs);
    const other = await begin(runs);
    for (let at = 0; at < 40; at += 10) await runs.append(hold, toBatch(at + 1, ...texts.slice(at, at + 10)), true);
    await runs.append(other, toBatch(1, "other"), true);
    await runs.finish(hold, toEnd(41, { batch: toBatch(41, ...texts.slice(40)) }));
    const reader = (await connect()).runs;
    for (const limit of [1, 7, 50, 100]) expect(await readAll(reader, hold.id, limit)).toEqual(texts);
    expect(await reader.events(hold.id, 48, 100)).toEqual({ events: texts.slice(48), hasMore: false });
    expect(await reader.events(hold.id, 50, 100)).toEqual({ events: [], hasMore: false });
    expect(await reader.events("run_0", 0, 100)).toEqual({ events: [], hasMore: false });
  });

  test("are stored in the order of the calls, which need not wait for each other", async () => {
    const { runs } = await connect();
    const hold = await begin(runs);
    const written = texts.map((text, index) => runs.append(hold, toBatch(index + 1, text), true));
    const ended = runs.finish(hold, toEnd(texts.length + 1));
    expect(new Set(await Promise.all([...written, ended]))).toEqual(new Set([true]));
    expect(await readAll(runs, hold.id, 100)).toEqual(texts);
  });

  test("have no gap and no double: a batch that does not follow the last is refused", async () => {
    const { runs } = await connect();
    const hold = await begin(runs);
    await runs.append(hold, toBatch(1, "1", "2"), true);
    for (const from of [1, 2, 4]) expect(await runs.append(hold, toBatch(from, "x"), true)).toBe(false);
    expect(await runs.finish(hold, toEnd(4))).toBe(false);
    expect(await runs.append(hold, toBatch(3, "3"), true)).toBe(true);
    expect(await readAll(runs, hold.id, 100)).toEqual(["1", "2", "3"]);
  });

  test("that are long come in short pages, and each comes", async () => {
    const { runs } = await connect();
    const hold = await begin(runs);
    const long = Array.from({ length: 6 }, (_, index) => JSON.stringify(String(index).repeat(2_000_000)));
    for (const [index, text] of long.entries()) await runs.append(hold, toBatch(index + 1, text), true);
    const page = await runs.events(hold.id, 0, 100);
    expect(page.hasMore).toBe(true);
    expect(await readAll(runs, hold.id, 100)).toEqual(long);
  });

  test("go with age, with the answer; the run is there to say so", async () => {
    const { runs } = await connect();
    // Long enough that what is asked next on a busy machine still finds it.
    const ageMs = 50;
    const old = await begin(runs);
    const live = await begin(runs);
    await runs.append(live, toBatch(1, "1"), true);
    await runs.finish(old, toEnd(1, { batch: toBatch(1, "1") }));
    await prune(runs, 60_000, 100);
    expect(await mustFind(runs, old.id)).toMatchObject({ expired: false, answer: '"done"' });
    await vi.waitUntil(async () => Date.now() - ((await mustFind(runs, old.id)).endedAt ?? 0) > ageMs, { interval: 2 });
    await prune(runs, ageMs, 100);
    expect(await mustFind(runs, old.id)).toMatchObject({ expired: true, answer: undefined, lastSeq: 1 });
    expect(await readAll(runs, old.id, 100)).toEqual([]);
    expect(await readAll(runs, live.id, 100)).toEqual(["1"]);
    const endedAt = (await mustFind(runs, old.id)).endedAt ?? 0;
    await vi.waitUntil(() => Date.now() - endedAt > ageMs * traceFactor, { interval: 2 });
    await prune(runs, ageMs, 100);
    expect(await runs.find(old.id)).toBeUndefined();
    expect(await runs.find(live.id)).toBeDefined();
  });

  test("go with number, the oldest first", async () => {
    const { runs } = await connect();
    const holds: RunHold[] = [];
    // One after the other: those that end at one moment go in the order in which they began.
    for (let count = 0; count < 3 + 2 * traceFactor; count += 1) holds.push(await begin(runs));
    for (const hold of holds) await runs.finish(hold, toEnd(1, { batch: toBatch(1, "1") }));
    await prune(runs, 60_000, 2);
    const found = await Promise.all(holds.map(({ id }) => runs.find(id)));
    const [gone, expired, whole] = [found.slice(0, 3), found.slice(3, -2), found.slice(-2)];
    expect(gone).toEqual([undefined, undefined, undefined]);
    expect(expired.map((run) => run?.expired)).toEqual(expired.map(() => true));
    expect(whole.map((run) => run?.expired)).toEqual([false, false]);
  });
}

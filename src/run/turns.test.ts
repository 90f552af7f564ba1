import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { createLanes, createTurns, type Lanes, type TurnParts, type TurnStore } from "./turns.ts";
import type { Turn } from "../session/store.ts";

const log = pino({ level: "silent" });
const free = new AbortController().signal;
const minute = 60_000;

/** A store of one session, which notes what is asked of it; `isLeased` is for another process. */
function createStore({ updatedAt = 0, isLeased = false, isLost = false }) {
  const notes: unknown[] = [];
  const note = async (name: string, ...given: readonly unknown[]): Promise<void> => void notes.push([name, ...given]);
  const messages = [{ role: "user" as const, content: "before" }];
  const store: TurnStore = {
    async open(key) {
      await note("open");
      return isLeased ? undefined : { messages, revision: 1, updatedAt, lease: { key, fence: 1 } };
    },
    untilFree: (_, ms, signal) => delay(Math.min(ms, 10), undefined, { signal }),
    leave: () => Promise.resolve(),
    renew: () => Promise.resolve(!isLost),
    commit: (_, turn: Turn) => note("commit", turn),
    erase: () => note("erase"),
    release: () => note("release"),
  };
  return { store, notes, messages };
}

function setUp(given: Parameters<typeof createStore>[0], parts: Partial<TurnParts> = {}) {
  const { store, notes, messages } = createStore(given);
  const lanes = createLanes({ waitingMax: 8, waitMs: 1_000 });
  const turns = createTurns({ store, lanes, waitMs: 1_000, idleMs: 0, now: Date.now, log, ...parts });
  return { turns, lanes, notes, messages };
}

describe("a session that was silent", () => {
  const rows: readonly {
    readonly what: string;
    readonly idleMs: number;
    readonly ago: number;
    readonly seen: boolean;
  }[] = [
    { what: "for less than allowed", idleMs: minute, ago: minute - 1, seen: true },
    { what: "for just as long", idleMs: minute, ago: minute, seen: true },
    { what: "for longer", idleMs: minute, ago: minute + 1, seen: false },
    { what: "for years where no limit is set", idleMs: 0, ago: 1e12, seen: true },
    { what: "until a moment that the clock, set back, has still to reach", idleMs: minute, ago: -1e9, seen: true },
  ];
  test.each(rows)("$what has its messages: $seen", async ({ idleMs, ago, seen }) => {
    const now = 1.8e12;
    const { turns, notes, messages } = setUp({ updatedAt: now - ago }, { idleMs, now: () => now });
    const turn = await turns.open("k", free);
    expect(turn.messages).toEqual(seen ? messages : []);
    expect(turn.exists).toBe(true);
    await turn.commit({ keep: turn.messages.length, append: [] });
    expect(notes).toEqual([["open"], ["commit", { keep: seen ? 1 : 0, append: [] }]]);
  });
});

test("a session that does not exist is said to, and is not idle", async () => {
  const { turns } = setUp({ updatedAt: 0 }, { idleMs: minute });
  const turn = await turns.open("k", free);
  expect(turn.exists).toBe(false);
  await turn.release();
});

test.each(["commit", "erase"] as const)(
  "after %s the next one is let in, and nothing is left to release",
  async (how) => {
    const { turns, lanes, notes } = setUp({ updatedAt: 1 });
    const turn = await turns.open("k", free);
    const next = turns.open("k", free);
    await (how === "commit" ? turn.commit({ keep: 0, append: [] }) : turn.erase());
    await turn.release();
    await (await next).release();
    expect(notes.map((note) => (note as string[])[0])).toEqual(["open", how, "open", "release"]);
    expect(lanes.size).toBe(0);
  },
);

describe("waiting", () => {
  const busy = expect.objectContaining({ code: "session_busy" }) as GatewayError;

  test("for the lane counts when it then comes to the lease: one time for both", async () => {
    const waitMs = 100;
    let left = 0;
    const lanes: Lanes = {
      limit: () => undefined,
      size: 0,
      next: () => undefined,
      async enter() {
        // As long as a call may wait at all; a timer may fire a moment early.
        await delay(waitMs + 5);
        return () => void left++;
      },
    };
    const { turns, notes } = setUp({ isLeased: true }, { lanes, waitMs });
    await expect(turns.open("k", free)).rejects.toEqual(busy);
    expect(notes).toEqual([["open"]]);
    expect(left).toBe(1);
  });

  test("for another process ends in time, and gives the lane back", async () => {
    const { turns, lanes, notes } = setUp({ isLeased: true }, { waitMs: 120 });
    await expect(turns.open("k", free)).rejects.toEqual(busy);
    expect(notes.length).toBeGreaterThan(1);
    expect(lanes.size).toBe(0);
  });

  test("ends with the caller's signal", async () => {
    const { turns, lanes } = setUp({ isLeased: true });
    const leaving = new AbortController();
    const opened = turns.open("k", leaving.signal);
    leaving.abort();
    await expect(opened).rejects.toThrow(/abort/i);
    expect(lanes.size).toBe(0);
  });
});

describe("a session that is renewed", () => {
  test("and was given to somebody else says so", async () => {
    const { turns } = setUp({ isLost: true }, { leaseMs: 3 });
    const { lost } = await turns.open("k", free);
    await new Promise((resolve) => lost.addEventListener("abort", resolve));
    expect(lost.reason).toMatchObject({ code: "session_busy" });
  });

  test("is not lost once it was given back", async () => {
    const { turns } = setUp({ isLost: true }, { leaseMs: 300 });
    const turn = await turns.open("k", free);
    await turn.commit({ keep: 1, append: [] });
    await delay(250);
    expect(turn.lost.aborted).toBe(false);
  });
});

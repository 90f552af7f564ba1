import fc from "fast-check";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { type Brake, createBrake } from "../base/listener.ts";
import { operator } from "../base/principal.ts";
import { afterAll, followRun } from "./follow.ts";
import { LiveRun } from "./live-runs.ts";
import { Recording } from "./recording.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import { createFakeRunStore, type FakeRunStore } from "./run-store.fixture.ts";

const id = "run_1";
const answer: RunAnswer = {
  model: "house/small",
  message: { role: "assistant", content: "a" },
  reasoning: "",
  logprobs: undefined,
  finishReason: "stop",
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

/** A run whose every event says its number. */
class Played {
  readonly store: FakeRunStore = createFakeRunStore(id);
  recording: Recording | undefined;
  said = 0;
  readonly #live: LiveRun;

  constructor() {
    const facts = { principal: operator, agent: { id: "main" }, session: { key: "agent:main:a" } };
    this.#live = new LiveRun(id, facts, true);
    this.recording = new Recording({ store: this.store, hold: { id, epoch: 1 }, live: this.#live });
  }

  say(count: number): void {
    for (let left = count; left > 0 && this.recording !== undefined; left -= 1) {
      const event: RunEvent = { type: "text-delta", text: String(++this.said) };
      this.recording.add(event);
      this.#live.say(event);
    }
  }

  async end(error?: GatewayError): Promise<void> {
    const { recording } = this;
    if (recording === undefined) return;
    const outcome = error === undefined ? { answer } : { error };
    const held = recording.toLastWord(outcome);
    if (held !== undefined) await this.store.finish(held.hold, held.end);
    this.recording = undefined;
    this.#live.end(outcome);
  }

  follow(after: number): Follower {
    return new Follower(this, after);
  }
}

class Follower {
  readonly after: number;
  readonly heard: number[] = [];
  readonly brake: Brake = createBrake();
  readonly leaving = new AbortController();
  readonly done: Promise<RunAnswer | GatewayError>;

  constructor(played: Played, after: number) {
    this.after = after;
    const emit = (event: RunEvent): void => {
      if (this.brake.held) throw new Error("The flow was held.");
      this.heard.push(Number(event.type === "text-delta" ? event.text : Number.NaN));
    };
    this.done = followRun(
      id,
      after,
      { signal: this.leaving.signal, flow: this.brake, emit },
      {
        store: played.store,
        findRecording: () => played.recording,
        untilNews: () => nextTurn(),
      },
    ).catch((cause: unknown) => GatewayError.from(cause));
  }
}

const toNumbers = (after: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - after) }, (_, index) => after + 1 + index);

/** Time is played; turns of the event loop are real. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

async function turns(count = 5): Promise<void> {
  for (let left = count; left > 0; left -= 1) await nextTurn();
}

type Step =
  | { readonly do: "say"; readonly count: number }
  | { readonly do: "wait" }
  | { readonly do: "turn" }
  | { readonly do: "follow"; readonly back: number; readonly from: "said" | "stored" | "all" }
  | { readonly do: "hold" | "release"; readonly who: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("say" as const), count: fc.integer({ min: 1, max: 60 }) }) },
  fc.constant({ do: "wait" } as const),
  { weight: 2, arbitrary: fc.constant({ do: "turn" } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("follow" as const),
      back: fc.oneof(fc.nat(3), fc.nat(200)),
      from: fc.constantFrom("said" as const, "stored" as const, "all" as const),
    }),
  },
  fc.record({ do: fc.constantFrom("hold" as const, "release" as const), who: fc.nat(5) }),
);

/** Somewhere before what was said, or what was stored, or behind everything. */
function toPlace({ said, store }: Played, { back, from }: Extract<Step, { do: "follow" }>): number {
  if (from === "all") return afterAll;
  return Math.max(0, (from === "said" ? said : store.stored.length) - back);
}

test("whoever follows a run hears every event from where it wants, once and in order, however slow it is", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, fails) => {
      const played = new Played();
      const followers: Follower[] = [];
      for (const one of steps) {
        if (one.do === "say") played.say(one.count);
        else if (one.do === "wait") vi.advanceTimersByTime(60);
        else if (one.do === "turn") await nextTurn();
        else if (one.do === "follow") followers.push(played.follow(toPlace(played, one)));
        else if (one.do === "hold") followers[one.who]?.brake.hold();
        else followers[one.who]?.brake.release();
      }
      const error = fails ? new GatewayError("upstream_error", "The model broke off.") : undefined;
      await played.end(error);
      followers.push(played.follow(0));
      for (const { brake } of followers) brake.release();
      for (const { done, heard, after } of followers) {
        const outcome = await done;
        expect(outcome).toMatchObject(
          fails ? { code: "upstream_error" } : { model: answer.model, usage: answer.usage },
        );
        expect(heard).toEqual(toNumbers(after, played.said));
      }
    }),
    { numRuns: 400 },
  );
});

describe("whoever follows a run", () => {
  test("from its beginning on reads nothing of the store", async () => {
    const played = new Played();
    const follower = played.follow(0);
    await turns();
    for (let count = 0; count < 30; count += 1) {
      played.say(7);
      await turns(2);
    }
    await played.end();
    await follower.done;
    expect(follower.heard).toEqual(toNumbers(0, 210));
    expect(played.store.reads.count).toBe(0);
  });

  test("and takes nothing does not hold it up, and needs no memory for what it misses", async () => {
    const played = new Played();
    const follower = played.follow(0);
    await turns();
    played.say(10);
    follower.brake.hold();
    for (let count = 0; count < 100; count += 1) {
      played.say(100);
      await turns(2);
    }
    expect(played.recording?.flow.held).toBe(false);
    expect(played.recording?.untaken.events.length).toBeLessThan(100);
    expect(follower.heard).toEqual(toNumbers(0, 10));
    await played.end();
    follower.brake.release();
    await follower.done;
    expect(follower.heard).toEqual(toNumbers(0, 10_010));
  });

  test("leaves when its signal aborts, wherever it is", async () => {
    const played = new Played();
    const [live, held] = [played.follow(0), played.follow(0)];
    await turns();
    held.brake.hold();
    played.say(3);
    await turns();
    const reason = new GatewayError("cancelled", "The client left.");
    for (const { leaving } of [live, held]) leaving.abort(reason);
    expect(await Promise.all([live.done, held.done])).toEqual([reason, reason]);
    played.say(3);
    expect(live.heard).toEqual([1, 2, 3]);
  });

  test("that is not there is told so", async () => {
    const played = new Played();
    const { store } = played;
    const to = { signal: new AbortController().signal, flow: createBrake(), emit: () => undefined };
    const parts = { store, findRecording: () => undefined, untilNews: () => nextTurn() };
    await expect(followRun("run_2", 0, to, parts)).rejects.toMatchObject({ code: "run_not_found" });
  });
});

describe("a run", () => {
  test("is written in batches, of twenty events or of what came within a moment", async () => {
    const played = new Played();
    const appended = vi.spyOn(played.store, "append");
    played.say(45);
    expect(appended.mock.calls.map(([, { from, events }]) => [from, events.length])).toEqual([
      [1, 20],
      [21, 20],
    ]);
    vi.advanceTimersByTime(49);
    expect(appended).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1);
    expect(appended.mock.calls.at(-1)?.[1]).toMatchObject({ from: 41 });
    await turns();
    expect(played.store.stored).toHaveLength(45);
  });

  test("waits while the store is far behind", async () => {
    const played = new Played();
    const { recording } = played;
    let go = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (go = resolve));
    const append = played.store.append.bind(played.store);
    vi.spyOn(played.store, "append").mockImplementation(async (...args) => {
      const taken = await append(...args);
      await waiting;
      return taken;
    });
    played.say(999);
    expect(recording?.flow.held).toBe(false);
    played.say(1);
    expect(recording?.flow.held).toBe(true);
    go();
    await turns();
    expect(recording?.flow.held).toBe(false);
  });

  test.each([
    ["fails", "internal_error"],
    ["refuses", "run_interrupted"],
  ] as const)("ends when the store %s", async (kind, code) => {
    const played = new Played();
    played.store.fault.kind = kind;
    played.say(20);
    await turns();
    expect(played.recording?.signal.reason).toMatchObject({ code });
  });
});

import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventBatch, RunEnd, RunHold, RunRecord, RunStore } from "../session/run-store.ts";

export interface FakeRunStore extends Pick<RunStore, "append" | "finish" | "find" | "events"> {
  readonly stored: readonly string[];
  /** How many pages were read. */
  readonly reads: { count: number };
  /** What is written next fails, or is refused. */
  readonly fault: { kind: "none" | "fails" | "refuses" };
}

/** One run in memory, whose answers take a turn of the event loop. */
export function createFakeRunStore(id: string): FakeRunStore {
  const stored: string[] = [];
  const reads = { count: 0 };
  const fault: FakeRunStore["fault"] = { kind: "none" };
  let ended: RunEnd | undefined;

  function take({ from, events }: EventBatch): boolean {
    if (fault.kind === "fails") throw new Error("The disk is full.");
    if (fault.kind === "refuses" || ended !== undefined || from !== stored.length + 1) return false;
    stored.push(...events);
    return true;
  }

  return {
    stored,
    reads,
    fault,
    // Written when it is called, as calls of one hold are in order, and told later.
    append: async (_: RunHold, batch) => {
      const isTaken = take(batch);
      await nextTurn();
      return isTaken;
    },
    finish: async (_: RunHold, end) => {
      const isTaken = take(end.batch);
      if (isTaken) ended = end;
      await nextTurn();
      return isTaken;
    },
    async events(asked, after, limit) {
      const page = asked === id ? stored.slice(after, after + limit) : [];
      reads.count += 1;
      await nextTurn();
      return { events: page, hasMore: after + page.length < stored.length };
    },
    async find(asked) {
      if (asked !== id) return undefined;
      const run: RunRecord = {
        id,
        principal: "operator",
        namespace: "",
        agentId: "main",
        sessionKey: "agent:main:a",
        detached: true,
        form: "{}",
        state: ended?.state ?? "running",
        createdAt: 0,
        startedAt: 0,
        endedAt: ended === undefined ? undefined : 1,
        lastSeq: stored.length,
        usage: undefined,
        answer: ended?.answer,
        error: ended?.error,
        expired: false,
      };
      await nextTurn();
      return run;
    },
  };
}

import { noAudit } from "../base/audit/audit.ts";
import { describe, expect, test } from "vitest";
import type { Tool } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { hear, type Heard, type Hearing } from "../base/listener.fixture.ts";
import { createLog, type Log } from "../base/log.ts";
import type { ObservedRun, RunMetrics } from "../base/run-tally.ts";
import { operator } from "../base/principal.ts";
import {
  answer,
  call,
  createModel,
  createTools,
  end,
  gives,
  type Said,
  silent,
  start,
  text,
  toAgent,
  tool,
} from "./model.fixture.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";
import { LiveRuns } from "./live-runs.ts";
import type { RunRequest } from "./run-request.ts";
import { createRunAgent } from "./run.ts";
import { createTestSlots } from "./slots.fixture.ts";
import type { Turns } from "./turns.ts";
import type { StoredMessage, Turn } from "../session/store.ts";
import type { ToolServers, ToolSet } from "../tool/tool-set.ts";

interface Setup {
  readonly said: readonly Said[];
  readonly toolSet?: ToolSet;
  readonly stored?: readonly StoredMessage[];
  /** What the store does with the turn. */
  readonly commit?: () => Promise<void>;
  readonly ask?: Partial<RunRequest>;
  readonly tools?: readonly Tool[];
  readonly hearing?: Hearing<RunEvent>;
  readonly log?: Log;
  /** Aborts when the session is somebody else's. */
  readonly lost?: AbortSignal;
}

interface Watched extends Heard<RunEvent, RunAnswer> {
  /** What happened outside of the run, in order. */
  readonly happened: string[];
  readonly turns: Turn[];
}

async function run({
  said,
  toolSet,
  stored = [],
  commit,
  ask,
  tools = [],
  hearing = {},
  log = silent,
  lost = new AbortController().signal,
}: Setup): Promise<Watched> {
  const happened: string[] = [];
  const committed: Turn[] = [];
  const turns: Turns = {
    async open() {
      happened.push("open");
      return {
        messages: stored,
        exists: stored.length > 0,
        lost,
        async commit(turn) {
          committed.push(turn);
          await commit?.();
          happened.push("commit");
        },
        async erase() {},
        async release() {
          happened.push("release");
        },
      };
    },
  };
  const toolServers: ToolServers = {
    async open() {
      happened.push("tools");
      return toolSet ?? createTools({});
    },
    async stop() {},
  };
  const observed: ObservedRun = {
    spend: ({ total_tokens: tokens = 0 }) => void happened.push(`spend ${tokens}`),
    end: ({ total_tokens: tokens }) => void happened.push(`end ${tokens}`),
    fail: ({ code }) => void happened.push(`fail ${code}`),
    close: () => void happened.push("close"),
  };
  const metrics: RunMetrics = { startRun: () => observed };
  const agent = toAgent([createModel(said)], toolSet === undefined ? {} : { tools: { house: ["*"] } });
  const request: RunRequest = {
    principal: operator,
    agent,
    session: { key: "agent:main:main", kept: true, toldWhole: false },
    messages: [{ role: "user", content: "hello" }],
    tools,
    settings: {},
    ...ask,
  };
  const runAgent = createRunAgent({
    live: new LiveRuns(),
    slots: createTestSlots().slots,
    turns,
    toolServers,
    join: () => Promise.resolve(undefined),
    metrics,
    log,
    audit: noAudit,
  });
  const onEvent = (event: RunEvent): void => {
    if (event.type === "run-start") happened.push(event.type);
    hearing.onEvent?.(event);
  };
  const heard = await hear<RunEvent, RunAnswer>((to) => runAgent(request, to), { ...hearing, onEvent });
  happened.push(heard.error === undefined ? "resolved" : "rejected");
  return { ...heard, happened, turns: committed };
}

const busy = new GatewayError("storage_unavailable", "The store is away.");
const withTool = {
  said: [[start, ...call(0, "look"), end("tool_calls")], answer("Snow.")],
  toolSet: createTools({ look: gives("snow") }),
};

describe("a run", () => {
  test("says its end only after the turn is on disk and the session is free", async () => {
    const { happened, turns } = await run({ said: [answer("hi")] });
    expect(happened).toEqual(["run-start", "open", "commit", "end 2", "close", "release", "resolved"]);
    expect(turns).toEqual([
      {
        keep: 0,
        append: [
          { role: "user", content: "hello" },
          { role: "assistant", content: "hi" },
        ],
      },
    ]);
  });

  test("that is not kept touches no session", async () => {
    const { happened, result } = await run({
      said: [answer("hi")],
      ask: { session: { key: "x", kept: false, toldWhole: false } },
    });
    expect(happened).toEqual(["run-start", "end 2", "close", "resolved"]);
    expect(result).toMatchObject({ message: { content: "hi" } });
  });

  test("keeps the steps that nobody sees", async () => {
    const { turns } = await run(withTool);
    expect(turns[0]?.append.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
  });

  test("opens tools only for an agent that has some", async () => {
    expect((await run({ said: [answer("hi")] })).happened).not.toContain("tools");
    expect((await run(withTool)).happened).toContain("tools");
  });

  test("goes on from the steps that its client did not see", async () => {
    const steps: readonly StoredMessage[] = [
      { role: "user", content: "look" },
      {
        role: "assistant",
        content: "Well.",
        tool_calls: [{ id: "c", type: "function", function: { name: "look", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "c", content: "snow", origin: "server" },
      { role: "assistant", content: "\n\nSnow." },
    ];
    const messages: RunRequest["messages"] = [
      { role: "user", content: "look" },
      { role: "assistant", content: "Well.\n\nSnow." },
      { role: "user", content: "again" },
    ];
    const { turns } = await run({ said: [answer("hi")], stored: steps, ask: { messages } });
    expect(turns).toEqual([
      {
        keep: 4,
        append: [
          { role: "user", content: "again" },
          { role: "assistant", content: "hi" },
        ],
      },
    ]);
  });
});

describe("a run that fails", () => {
  const failures: readonly [what: string, setup: Setup, code: string, retry: boolean | undefined][] = [
    ["in its model", { said: [[busy]] }, "storage_unavailable", undefined],
    ["by a defect", { said: [[new TypeError("x of undefined")]] }, "internal_error", undefined],
    [
      "as it is written",
      { said: [answer("hi")], commit: () => Promise.reject(busy) },
      "storage_unavailable",
      undefined,
    ],
    [
      "as it is written, after a tool ran",
      { ...withTool, commit: () => Promise.reject(busy) },
      "storage_unavailable",
      false,
    ],
    [
      "in its model, after a tool ran",
      { ...withTool, said: [withTool.said[0] ?? [], [busy]] },
      "storage_unavailable",
      false,
    ],
    ["by a client's tool of the agent's own name", { ...withTool, tools: [tool("look")] }, "invalid_value", undefined],
  ];
  test.each(failures)("%s rejects with it, and frees the session", async (_, setup, code, retry) => {
    const { error, happened } = await run(setup);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code, retry });
    expect(happened).not.toContain("commit");
    expect(happened.slice(-4)).toEqual([`fail ${code}`, "close", "release", "rejected"]);
  });
});

describe("whoever leaves", () => {
  const moments: readonly [what: string, toScript: (leave: () => Promise<void>) => Said][] = [
    ["while the model speaks", (leave) => [start, leave, text("hi"), end()]],
    ["with the last word", (leave) => [start, text("hi"), end(), leave]],
  ];
  test.each(moments)("%s finds nothing kept", async (_, toScript) => {
    const leaving = new AbortController();
    const script = toScript(async () => leaving.abort());
    const { happened, error } = await run({ said: [script], hearing: { signal: leaving.signal } });
    expect(error).toMatchObject({ code: "cancelled" });
    expect(happened).not.toContain("commit");
    expect(happened).toContain("release");
  });

  test("that has lost its session to another gateway says so at once, and writes nothing", async () => {
    const lost = new AbortController();
    const reason = new GatewayError("session_busy", "Another process has taken it over.");
    const script = [start, text("hi"), async () => lost.abort(reason), text("not heard"), end()];
    const { happened, error } = await run({ said: [script], lost: lost.signal });
    expect(error).toBe(reason);
    expect(happened).toEqual(["run-start", "open", "fail session_busy", "close", "release", "rejected"]);
  });

  test("hears the reason that the gateway had", async () => {
    const cut = new GatewayError("shutting_down", "The gateway stopped.", { retry: false });
    const { error } = await run({ said: [answer("hi")], hearing: { signal: AbortSignal.abort(cut) } });
    expect(error).toBe(cut);
  });

  test("by throwing frees the session, and is told its own error", async () => {
    const thrown = new GatewayError("session_busy", "Too much.");
    const onEvent = ({ type }: RunEvent): void => {
      if (type === "text-delta") throw thrown;
    };
    const { happened, error } = await run({ said: [answer("hi")], hearing: { onEvent } });
    expect(error).toBe(thrown);
    expect(happened).toEqual(["run-start", "open", "fail session_busy", "close", "release", "rejected"]);
  });

  test("hears nothing of the defect of a listener but that there was one", async () => {
    const onEvent = ({ type }: RunEvent): void => {
      if (type === "text-delta") throw new TypeError("x of undefined");
    };
    const { error } = await run({ said: [answer("hi")], hearing: { onEvent } });
    expect(error).toMatchObject({ code: "internal_error", cause: new TypeError("x of undefined") });
  });
});

test("every line that a run logs names its request, its run and its agent", async () => {
  let lines = "";
  const log = createLog("info", { write: (line) => void (lines += line) });
  const { events } = await run({ said: [[busy]], log, ask: { requestId: "req_1" } });
  const [started] = events;
  const runId = started?.type === "run-start" ? started.runId : undefined;
  expect(
    lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object),
  ).toEqual([expect.objectContaining({ requestId: "req_1", runId, agent: "main", code: "storage_unavailable" })]);
});

import { describe, expect, test } from "vitest";
import type { Tool } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { ObservedRun, RunMetrics } from "../base/metrics.ts";
import type { StoredMessage, Turn } from "../session/store.ts";
import type { ToolServers, ToolSet } from "../tool/tool-set.ts";
import type { RunEvent } from "./run-event.ts";
import {
  answer,
  call,
  createModel,
  createTools,
  end,
  gives,
  never,
  type Said,
  silent,
  start,
  text,
  toAgent,
  tool,
} from "./model.fixture.ts";
import { createRunAgent, type RunRequest } from "./run.ts";
import type { Turns } from "./turns.ts";

interface Setup {
  readonly said: readonly Said[];
  readonly toolSet?: ToolSet;
  readonly stored?: readonly StoredMessage[];
  /** What the store does with the turn. */
  readonly commit?: () => Promise<void>;
  readonly ask?: Partial<RunRequest>;
  readonly tools?: readonly Tool[];
  readonly signal?: AbortSignal;
}

interface Watched {
  readonly events: AsyncIterable<RunEvent>;
  /** What happened outside of the run, in order. */
  readonly happened: string[];
  readonly turns: Turn[];
}

function open({ said, toolSet, stored = [], commit, ask, tools = [], signal = never() }: Setup): Watched {
  const happened: string[] = [];
  const committed: Turn[] = [];
  const turns: Turns = {
    async open() {
      happened.push("open");
      return {
        messages: stored,
        exists: stored.length > 0,
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
    end: ({ total_tokens: tokens }) => void happened.push(`end ${tokens}`),
    fail: ({ code }) => void happened.push(`fail ${code}`),
    close: () => void happened.push("close"),
  };
  const metrics: RunMetrics = { startRun: () => observed };
  const agent = toAgent([createModel(said)], toolSet === undefined ? {} : { tools: { house: ["*"] } });
  const request: RunRequest = {
    agent,
    session: { key: "agent:main:main", kept: true },
    messages: [{ role: "user", content: "hello" }],
    tools,
    settings: {},
    ...ask,
  };
  const runAgent = createRunAgent({ turns, toolServers, metrics, log: silent });
  return { events: runAgent(request, signal), happened, turns: committed };
}

async function run(setup: Setup) {
  const { events, ...watched } = open(setup);
  const list: RunEvent[] = [];
  for await (const event of events) {
    list.push(event);
    if (event.type.startsWith("run-")) watched.happened.push(event.type);
  }
  return { ...watched, events: list, last: list.at(-1) };
}

const busy = new GatewayError("storage_unavailable", "The store is away.");
const withTool = {
  said: [[start, ...call(0, "look"), end("tool_calls")], answer("Snow.")],
  toolSet: createTools({ look: gives("snow") }),
};

describe("a run", () => {
  test("says its end only after the turn is on disk and the session is free", async () => {
    const { happened, turns } = await run({ said: [answer("hi")] });
    expect(happened).toEqual(["run-start", "open", "commit", "end 2", "close", "release", "run-end"]);
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
    const { happened, last } = await run({ said: [answer("hi")], ask: { session: { key: "x", kept: false } } });
    expect(happened).toEqual(["run-start", "end 2", "close", "run-end"]);
    expect(last).toMatchObject({ message: { content: "hi" } });
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
  test.each(failures)("%s says so once, and frees the session", async (_, setup, code, retry) => {
    const { events, happened } = await run(setup);
    const errors = events.flatMap((event) => (event.type === "run-error" ? [event.error] : []));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code, retry });
    expect(happened).not.toContain("commit");
    expect(happened.slice(-4)).toEqual([`fail ${code}`, "close", "release", "run-error"]);
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
    const { happened, last } = await run({ said: [script], signal: leaving.signal });
    expect(last).toMatchObject({ type: "run-error", error: { code: "cancelled" } });
    expect(happened).not.toContain("commit");
    expect(happened).toContain("release");
  });

  test("hears the reason that the gateway had", async () => {
    const cut = new GatewayError("shutting_down", "The gateway stopped.", { retry: false });
    const { last } = await run({ said: [answer("hi")], signal: AbortSignal.abort(cut) });
    expect(last).toEqual({ type: "run-error", error: cut });
  });

  test("by reading no further frees the session", async () => {
    const { events, happened } = open({ said: [answer("hi")] });
    for await (const event of events) if (event.type === "text-delta") break;
    expect(happened).toEqual(["open", "close", "release"]);
  });
});

import { describe, expect, test } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { hear, type Hearing } from "../base/listener.fixture.ts";
import { createLog } from "../base/log.ts";
import type { ModelSettings } from "../base/settings.ts";
import type { Agent } from "./agents.ts";
import type { Need } from "./demands.ts";
import { type CallEnd, type CallEvent, callModel } from "./model-call.ts";
import {
  answer,
  createModel,
  end,
  oneEach,
  reasoning,
  type Said,
  type ScriptedModel,
  start,
  text,
  toAgent,
} from "./model.fixture.ts";

interface Ask extends Hearing<CallEvent> {
  readonly needs?: readonly Need[];
  readonly settings?: ModelSettings;
  readonly agent?: Partial<Agent>;
}

async function ask(models: readonly ScriptedModel[], { needs = [], settings = {}, agent, ...hearing }: Ask = {}) {
  let log = "";
  const written = createLog("info", { write: (line) => void (log += line) });
  const request = { agentId: "main", messages: [], tools: [], settings };
  const call = { agent: toAgent(models, agent), request, needs, onSpent: () => undefined };
  const heard = await hear<CallEvent, CallEnd>((to) => callModel(call, to, written), hearing);
  return { ...heard, log, asked: models.map(({ requests }) => requests.length) };
}

const named = (index: number) => ({ type: "model-start", model: `house/${index}` }) as const;
const down = new GatewayError("upstream_unavailable", "The model cannot be reached.");
const failing = (error: Error = down): ScriptedModel => createModel([[error]]);

describe("the first model that answers", () => {
  test("is named, and no other is asked", async () => {
    const { events, result, asked, log } = await ask([createModel([answer("hi")]), createModel([answer("no")])]);
    expect(events).toEqual([named(0), text("hi")]);
    expect(result).toEqual({ finishReason: "stop", usage: oneEach, model: "house/0" });
    expect({ asked, log }).toEqual({ asked: [1, 0], log: "" });
  });

  const failures: readonly [what: string, said: Said][] = [
    ["refuses the call", [down]],
    ["fails after it has accepted", [start, down]],
    ["has a defect", [start, new TypeError("x of undefined")]],
    ["cannot be paid", [new GatewayError("upstream_rejected", "No.")]],
  ];
  test.each(failures)("is the second where the first one %s", async (_, said) => {
    const { events, error, asked, log } = await ask([createModel([said]), createModel([answer("hi")])]);
    expect(error).toBeUndefined();
    expect(events).toEqual([named(1), text("hi")]);
    expect(asked).toEqual([1, 1]);
    const lines = log.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: 40, model: "house/0" });
  });

  test("is the third, in their order", async () => {
    const { events, asked } = await ask([
      failing(),
      failing(),
      createModel([answer("hi")]),
      createModel([answer("no")]),
    ]);
    expect(events[0]).toEqual(named(2));
    expect(asked).toEqual([1, 1, 1, 0]);
  });

  test("may have nothing to say", async () => {
    const { events, asked } = await ask([createModel([[start, end()]]), createModel([answer("no")])]);
    expect(events).toEqual([named(0)]);
    expect(asked).toEqual([1, 0]);
  });
});

describe("`model-start`", () => {
  /** What has come when every model has been asked as far as it answers. */
  async function first(models: readonly ScriptedModel[]): Promise<unknown> {
    const call = {
      agent: toAgent(models),
      request: { agentId: "main", messages: [], tools: [], settings: {} },
      needs: [],
      onSpent: () => undefined,
    };
    const events: CallEvent[] = [];
    void hear<CallEvent, CallEnd>((to) => callModel(call, to, createLog("silent")), {
      onEvent: (event) => void events.push(event),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return events[0] ?? "nothing";
  }
  const thinking = (): ScriptedModel => createModel([[start, () => new Promise(() => undefined)]]);

  test("is held back while another model could still answer", async () => {
    expect(await first([thinking(), createModel([answer("hi")])])).toBe("nothing");
  });

  test("comes at once from the only model, and from the last one", async () => {
    expect(await first([thinking()])).toEqual(named(0));
    expect(await first([failing(), thinking()])).toEqual(named(1));
  });

  test.each([
    ["a word", text("a")],
    ["a thought", reasoning("a")],
    ["a refusal", { type: "refusal-delta", text: "no" }],
    ["a call", { type: "tool-call-start", index: 0, id: "call_1", kind: "function", name: "look" }],
  ] as const)("comes before %s, after which no other model is asked", async (_, event) => {
    const { events, error, asked } = await ask([createModel([[start, event, down]]), createModel([answer("no")])]);
    expect(events).toEqual([named(0), event]);
    expect(error).toBe(down);
    expect(asked).toEqual([1, 0]);
  });
});

describe("where no model answers", () => {
  test("the error of the first is told, and each is logged", async () => {
    const second = new GatewayError("rate_limit_exceeded", "Too many.");
    const { events, error, log } = await ask([failing(), failing(second), failing(second)]);
    expect(error).toBe(down);
    expect(events).toEqual([]);
    const lines = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { model: string; msg: string });
    expect(lines.map(({ model, msg }) => `${model}: ${msg}`)).toEqual([
      "house/0: model failed; the next one is tried",
      "house/1: model failed; the next one is tried",
      "house/2: model failed",
    ]);
  });

  test("a defect is told as one", async () => {
    const { error } = await ask([failing(new TypeError("x of undefined"))]);
    expect(error).toMatchObject({ code: "internal_error", cause: new TypeError("x of undefined") });
  });

  test("the error of the only model is its own", async () => {
    const { error, log } = await ask([failing()]);
    expect(error).toBe(down);
    expect(JSON.parse(log)).toMatchObject({ model: "house/0", code: "upstream_unavailable", msg: "model failed" });
  });
});

describe("a model that cannot do what is asked", () => {
  const image: Need = { param: "messages", unmet: "takes no images", isMet: ({ input }) => input.has("image") };
  const blind = (): ScriptedModel => createModel([answer("no")], { input: new Set() });

  test("is passed over without a call", async () => {
    const { events, asked } = await ask([blind(), createModel([answer("hi")])], { needs: [image] });
    expect(events[0]).toEqual(named(1));
    expect(asked).toEqual([0, 1]);
  });

  test("is not blamed where another was asked and failed", async () => {
    const { error } = await ask([blind(), failing()], { needs: [image] });
    expect(error).toBe(down);
  });

  test("is the client's mistake where there is no other", async () => {
    const { error, asked } = await ask([blind(), blind()], { needs: [image] });
    expect(error).toMatchObject({ code: "unsupported_value", param: "messages" });
    expect(asked).toEqual([0, 0]);
  });
});

describe("`response_format`", () => {
  const settings: ModelSettings = { response_format: { type: "json_object" } };
  const formless = (...said: readonly Said[]): ScriptedModel => createModel(said, { responseFormats: new Set() });

  test("is refused where the model cannot and the agent does not see to it", async () => {
    const { error, asked } = await ask([formless(answer("{}"))], { settings });
    expect(error).toMatchObject({ code: "unsupported_value", param: "response_format", status: 400 });
    expect(asked).toEqual([0]);
  });

  test("passes over a model that cannot", async () => {
    const able = createModel([answer("{}")]);
    const { events } = await ask([formless(answer("no")), able], { settings });
    expect(events[0]).toEqual(named(1));
    expect(able.requests[0]?.settings).toEqual(settings);
  });

  test("is seen to by an agent that enforces it", async () => {
    const model = formless(answer("no"), answer("{}"));
    const { events } = await ask([model], { settings, agent: { enforcesFormat: true } });
    expect(events).toEqual([named(0), text("{}")]);
    expect(model.requests.map((one) => one.settings)).toEqual([{}, {}]);
  });

  test("that an agent could not enforce leaves it to the next model", async () => {
    const { events } = await ask([formless(answer("no")), createModel([answer("{}")])], {
      settings,
      agent: { enforcesFormat: true },
    });
    expect(events).toEqual([named(1), text("{}")]);
  });

  test.each([{ type: "text" } as const, undefined])("of %j is nobody's matter", async (format) => {
    const model = formless(answer("hi"));
    const given: ModelSettings = format === undefined ? {} : { response_format: format };
    expect((await ask([model], { settings: given, agent: { enforcesFormat: true } })).error).toBeUndefined();
    expect(model.requests[0]?.settings).toEqual(given);
  });
});

test("whoever leaves before the first word ends the call, and no other model is asked", async () => {
  const leaving = new AbortController();
  const reason = new Error("left");
  const leave = async (): Promise<void> => leaving.abort(reason);
  const { error, asked, log } = await ask([createModel([[start, leave, down]]), createModel([answer("no")])], {
    signal: leaving.signal,
  });
  expect(error).toBe(reason);
  expect({ asked, log }).toEqual({ asked: [1, 0], log: "" });
});

describe("what the listener throws", () => {
  const refusing = { onEvent: ({ type }: CallEvent) => assertNot(type, "text-delta") };
  const assertNot = (type: string, bad: string): void => {
    if (type === bad) throw unheard;
  };
  const unheard = new Error("nobody wants to hear it");

  test("is what the call fails with, and no model is to blame", async () => {
    const { error, events, asked, log } = await ask(
      [createModel([answer("hi")]), createModel([answer("no")])],
      refusing,
    );
    expect(error).toBe(unheard);
    expect({ events, asked, log }).toEqual({ events: [named(0), text("hi")], asked: [1, 0], log: "" });
  });

  test.each([
    ["takes it for a failure of its own", () => down],
    ["does not mind", () => undefined],
  ])("is so where the model %s", async (_, turn) => {
    const model = createModel([answer("hi")]);
    const careless: ScriptedModel = {
      ...model,
      async stream(request, to) {
        const emit: typeof to.emit = (event) => {
          try {
            to.emit(event);
          } catch {
            const other = turn();
            if (other !== undefined) throw other;
          }
        };
        const said = await model.stream(request, { ...to, emit });
        // Whoever has thrown once is not called again.
        to.emit(text("more"));
        return said;
      },
    };
    const { error, events } = await ask([careless, createModel([answer("no")])], refusing);
    expect(error).toBe(unheard);
    expect(events).toEqual([named(0), text("hi")]);
  });
});

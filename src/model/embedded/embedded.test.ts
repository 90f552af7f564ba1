import { describe, expect, it } from "vitest";
import { hear, type Heard, type Hearing } from "../../base/listener.fixture.ts";
import { createBrake } from "../../base/listener.ts";
import type { ModelEnd, ModelEvent, ModelRequest } from "../model.ts";
import { createEmbeddedProvider, type EmbeddedOptions, type EmbeddedProvider } from "./embedded.ts";
import { joinText, toRequest } from "./request.fixture.ts";

function createObedient(options: EmbeddedOptions = {}): EmbeddedProvider {
  return createEmbeddedProvider({ directives: true, ...options });
}

const left = new Error("client left");

interface Ask extends Hearing<ModelEvent>, Partial<Pick<ModelRequest, "model">> {}

function ask(
  said: string,
  provider = createObedient(),
  { model = "assistant", ...hearing }: Ask = {},
): Promise<Heard<ModelEvent, ModelEnd>> {
  return hear((to) => provider.stream(toRequest(said, { model }), to), hearing);
}

/** What it says, if it does not fail. */
async function answer(said: string, provider = createObedient(), more: Ask = {}): Promise<string> {
  const { events, result, error } = await ask(said, provider, more);
  if (result === undefined) throw error;
  return joinText(events);
}

describe("createEmbeddedProvider", () => {
  it("answers, and counts the run", async () => {
    const provider = createObedient();
    expect(await answer("@@echo hi", provider)).toBe("hi");
    expect(provider.runs).toEqual({ live: 0, started: 1, completed: 1, failed: 0, cancelled: 0 });
    expect(JSON.parse(await answer("@@runs", provider))).toEqual({
      live: 0,
      started: 1,
      completed: 1,
      failed: 0,
      cancelled: 0,
    });
  });

  it("plays scenarios as `scenario`, and directives there too", async () => {
    const provider = createObedient({
      scenarios: [{ name: "one", match: { last: "x" }, reply: [{ text: "played" }] }],
    });
    const play = (said: string): Promise<string> => answer(said, provider, { model: "scenario" });
    expect(await play("x")).toBe("played");
    expect(await play("@@agent")).toBe("main");
    expect(await play("y")).toContain("one");
  });

  it.each([{}, { directives: false }])(
    "takes a directive for talk where nobody has allowed it: %j",
    async (options) => {
      const provider = createEmbeddedProvider(options);
      expect(await answer("@@echo hi", provider)).toMatch(/^You wrote "@@echo hi"/);
      expect(await answer("@@runs", provider, { model: "scenario" })).not.toContain("live");
      const { events } = await ask("@@tool bash {}", provider);
      expect(events.map(({ type }) => type)).not.toContain("tool-call-start");
    },
  );

  it("names all its models, so that an agent with another one is refused at start", () => {
    expect(createObedient().models).toEqual(["assistant", "scenario"]);
  });

  it.each(["@@hang", "@@think 60s", "@@delay 60s", "@@words 100 delay=60s"])(
    "stops %s with the abort, with the signal's reason",
    async (said) => {
      const provider = createObedient();
      const controller = new AbortController();
      const asked = ask(said, provider, { signal: controller.signal });
      setTimeout(() => controller.abort(left), 20);
      const started = performance.now();
      expect((await asked).error).toBe(left);
      // It would go on for a minute at least.
      expect(performance.now() - started).toBeLessThan(20_000);
      expect(provider.runs).toEqual({ live: 0, started: 1, completed: 0, failed: 0, cancelled: 1 });
    },
  );

  it("stops a fast endless answer as well, and lets timers run meanwhile", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    const { error } = await ask("@@words 1000000", undefined, { signal: controller.signal });
    expect(error).toMatchObject({ name: "AbortError" });
  });

  it("rejects at once when the signal has aborted before", async () => {
    const { events, error } = await ask("@@echo hi", undefined, { signal: AbortSignal.abort(left) });
    expect({ events, error }).toEqual({ events: [], error: left });
  });

  it("says nothing more once its signal has aborted, and counts the run as cancelled", async () => {
    const provider = createObedient();
    const controller = new AbortController();
    const { events, error } = await ask("@@words 100", provider, {
      signal: controller.signal,
      onEvent({ type }) {
        if (type === "text-delta") controller.abort(left);
      },
    });
    expect(error).toBe(left);
    expect(events.map(({ type }) => type)).toEqual(["start", "text-delta"]);
    expect(provider.runs).toMatchObject({ live: 0, cancelled: 1, completed: 0 });
  });

  it("stops with what its listener throws, and counts the run as failed", async () => {
    const provider = createObedient();
    const { events, error } = await ask("@@words 100", provider, {
      onEvent({ type }) {
        if (type === "text-delta") throw left;
      },
    });
    expect(error).toBe(left);
    expect(events.map(({ type }) => type)).toEqual(["start", "text-delta"]);
    expect(provider.runs).toMatchObject({ live: 0, failed: 1, completed: 0 });
  });

  it("waits while the flow is held, and goes on where it was", async () => {
    const flow = createBrake();
    let said = "";
    const asked = ask("@@count 3", undefined, {
      flow,
      onEvent(event) {
        if (event.type !== "text-delta") return;
        said += event.text;
        flow.hold();
      },
    });
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(said);
      flow.release();
    }
    expect(seen).toEqual(["0 ", "0 1 ", "0 1 2"]);
    expect((await asked).result).toMatchObject({ finishReason: "stop" });
  });

  it("stops at once when the signal aborts while the flow is held", async () => {
    const provider = createObedient();
    const flow = createBrake();
    const controller = new AbortController();
    const asked = ask("@@count 3", provider, {
      flow,
      signal: controller.signal,
      onEvent({ type }) {
        if (type !== "text-delta") return;
        flow.hold();
        setImmediate(() => controller.abort(left));
      },
    });
    expect((await asked).error).toBe(left);
    expect(provider.runs).toMatchObject({ live: 0, cancelled: 1 });
  });

  it("counts an answer as completed when nobody wants the rest of it after its end", async () => {
    const provider = createObedient();
    const controller = new AbortController();
    await ask("@@echo a", provider, { signal: controller.signal });
    controller.abort(left);
    expect(provider.runs).toMatchObject({ live: 0, completed: 1, cancelled: 0 });
  });

  it("counts failures", async () => {
    const provider = createObedient();
    await expect(answer("@@fail code=rate_limit_exceeded", provider)).rejects.toMatchObject({
      code: "rate_limit_exceeded",
    });
    await expect(answer("@@crash", provider)).rejects.toThrow("secret");
    expect(provider.runs).toEqual({ live: 0, started: 2, completed: 0, failed: 2, cancelled: 0 });
  });

  it("refuses a scenario whose pattern is no regular expression when it is made", () => {
    expect(() => createObedient({ scenarios: [{ name: "bad", match: { pattern: "(" }, reply: [] }] })).toThrow(
      SyntaxError,
    );
  });
});

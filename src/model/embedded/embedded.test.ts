import { describe, expect, it } from "vitest";
import { createEmbeddedProvider } from "./embedded.ts";
import { collect, joinText, toRequest } from "./request.fixture.ts";

const never = new AbortController().signal;

async function answer(said: string, provider = createEmbeddedProvider()): Promise<string> {
  return joinText(await collect(provider.stream(toRequest(said), { signal: never })));
}

describe("createEmbeddedProvider", () => {
  it("answers, and counts the run", async () => {
    const provider = createEmbeddedProvider();
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
    const provider = createEmbeddedProvider({
      scenarios: [{ name: "one", match: { last: "x" }, reply: [{ text: "played" }] }],
    });
    const play = async (said: string) =>
      joinText(await collect(provider.stream(toRequest(said, { model: "scenario" }), { signal: never })));
    expect(await play("x")).toBe("played");
    expect(await play("@@agent")).toBe("main");
    expect(await play("y")).toContain("one");
  });

  it("names all its models, so that an agent with another one is refused at start", () => {
    expect(createEmbeddedProvider().models).toEqual(["assistant", "scenario"]);
  });

  it.each(["@@hang", "@@think 60s", "@@delay 60s", "@@words 100 delay=60s"])(
    "stops %s within 200 ms of the abort, with the signal's reason",
    async (said) => {
      const provider = createEmbeddedProvider();
      const controller = new AbortController();
      const reason = new Error("client left");
      const collected = collect(provider.stream(toRequest(said), { signal: controller.signal }));
      setTimeout(() => controller.abort(reason), 20);
      const started = performance.now();
      await expect(collected).rejects.toBe(reason);
      expect(performance.now() - started).toBeLessThan(220);
      expect(provider.runs).toEqual({ live: 0, started: 1, completed: 0, failed: 0, cancelled: 1 });
    },
  );

  it("stops a fast endless answer as well, and lets timers run meanwhile", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    const events = createEmbeddedProvider().stream(toRequest("@@words 1000000"), { signal: controller.signal });
    await expect(collect(events)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("throws at once when the signal has aborted before", async () => {
    const events = createEmbeddedProvider().stream(toRequest("@@echo hi"), {
      signal: AbortSignal.abort(new Error("gone")),
    });
    await expect(collect(events)).rejects.toThrow("gone");
  });

  it("counts a reader that leaves as cancelled", async () => {
    const provider = createEmbeddedProvider();
    for await (const event of provider.stream(toRequest("@@words 100"), { signal: never }))
      if (event.type === "text-delta") break;
    expect(provider.runs).toMatchObject({ live: 0, cancelled: 1, completed: 0 });
  });

  it("ends a wait when the reader leaves in the middle of it", async () => {
    const provider = createEmbeddedProvider();
    const events = provider.stream(toRequest("@@hang"), { signal: never })[Symbol.asyncIterator]();
    await events.next();
    const waiting = events.next().catch((error: unknown) => error);
    await events.return?.();
    expect(await waiting).toMatchObject({ name: "AbortError" });
    expect(provider.runs).toMatchObject({ live: 0, cancelled: 1, failed: 0 });
  });

  it("counts an answer as completed when its reader stops at the end", async () => {
    const provider = createEmbeddedProvider();
    for await (const event of provider.stream(toRequest("@@echo a"), { signal: never }))
      if (event.type === "end") break;
    expect(provider.runs).toMatchObject({ live: 0, completed: 1, cancelled: 0 });
  });

  it("counts failures, and not the runs that nobody read", async () => {
    const provider = createEmbeddedProvider();
    provider.stream(toRequest("@@fail"), { signal: never });
    await expect(answer("@@fail code=rate_limit_exceeded", provider)).rejects.toMatchObject({
      code: "rate_limit_exceeded",
    });
    await expect(answer("@@crash", provider)).rejects.toThrow("secret");
    expect(provider.runs).toEqual({ live: 0, started: 2, completed: 0, failed: 2, cancelled: 0 });
  });

  it("refuses a scenario whose pattern is no regular expression when it is made", () => {
    expect(() => createEmbeddedProvider({ scenarios: [{ name: "bad", match: { pattern: "(" }, reply: [] }] })).toThrow(
      SyntaxError,
    );
  });
});

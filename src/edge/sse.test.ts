import { text } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { createSource, options, toEvents, watch } from "../../test/wire/source.fixture.ts";
import { createSseBody } from "./sse.ts";

describe("what is written", () => {
  test("each event is one data line and an empty line, and [DONE] is the last", async () => {
    const body = createSseBody({ events: toEvents<unknown>({ a: 1 }, "b\n", null) }, options);
    expect(await text(body)).toBe('data: {"a":1}\n\ndata: "b\\n"\n\ndata: null\n\ndata: [DONE]\n\n');
  });

  test("a stream without events is [DONE]", async () => {
    expect(await text(createSseBody({ events: toEvents() }, options))).toBe("data: [DONE]\n\n");
  });

  test("an event is written by the stream's own writer and checked before", async () => {
    const check = vi.fn<(event: unknown) => void>();
    const body = createSseBody({ events: toEvents(1, 2), toJson: (event) => `<${event}>` }, { ...options, check });
    expect(await text(body)).toBe("data: <1>\n\ndata: <2>\n\ndata: [DONE]\n\n");
    expect(check.mock.calls).toEqual([[1], [2]]);
  });

  test("a failure is the last event", async () => {
    async function* fail(): AsyncGenerator<number> {
      yield 1;
      throw new Error("broken");
    }
    const body = createSseBody({ events: fail() }, options);
    expect(await text(body)).toBe('data: 1\n\ndata: {"error":"Error: broken"}\n\n');
  });

  test("an event that breaks the contract is not written; the failure is, and the source is told", async () => {
    const source = createSource();
    const check = (event: unknown): void => {
      if (event === 2) throw new Error("no");
    };
    const { read } = watch(createSseBody({ events: source.events }, { ...options, check }));
    for (const event of [1, 2]) {
      source.give(event);
      await nextTurn();
    }
    expect(read.join("")).toBe('data: 1\n\ndata: {"error":"Error: no"}\n\n');
    expect(source.returned).toBe(1);
  });
});

describe("when it is written", () => {
  test("what is ready in one tick leaves in one push", async () => {
    const { pushes } = watch(createSseBody({ events: toEvents(1, 2, 3) }, options));
    await nextTurn();
    expect(pushes).toEqual(["data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n", null]);
  });

  test("what is not ready is not waited for", async () => {
    const source = createSource();
    const { pushes } = watch(createSseBody({ events: source.events }, options));
    for (const event of [1, 2]) {
      source.give(event);
      await nextTurn();
    }
    expect(pushes).toEqual(["data: 1\n\n", "data: 2\n\n"]);
  });

  test("a batch is handed on before it grows large", async () => {
    const { pushes } = watch(
      createSseBody({ events: toEvents(...Array.from({ length: 20 }, () => "x".repeat(20_000))) }, options),
    );
    await nextTurn();
    expect(pushes.length).toBeGreaterThan(4);
    expect(Math.max(...pushes.map((chunk) => chunk?.length ?? 0))).toBeLessThan(65_536 + 20_100);
  });

  test("events are read before anybody reads the body", async () => {
    const source = createSource();
    createSseBody({ events: source.events }, options);
    await nextTurn();
    expect(source.pulled).toBe(1);
  });
});

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { createClient, createSource, options, toStream, write } from "../../test/wire/source.fixture.ts";

describe("what is written", () => {
  test("each event is one data line and an empty line, and [DONE] is the last", async () => {
    const client = createClient();
    await write(toStream<unknown>({ a: 1 }, "b\n", null), client);
    expect(client.text()).toBe('data: {"a":1}\n\ndata: "b\\n"\n\ndata: null\n\ndata: [DONE]\n\n');
    expect(client.response.writableEnded).toBe(true);
  });

  test("a stream without events is [DONE]", async () => {
    const client = createClient();
    await write(toStream(), client);
    expect(client.text()).toBe("data: [DONE]\n\n");
  });

  test("an event is written by the stream's own writer and checked before", async () => {
    const check = vi.fn<(event: unknown) => void>();
    const client = createClient();
    await write({ ...toStream(1, 2), toJson: (event) => `<${event}>` }, client, { ...options, check });
    expect(client.text()).toBe("data: <1>\n\ndata: <2>\n\ndata: [DONE]\n\n");
    expect(check.mock.calls).toEqual([[1], [2]]);
  });

  test("a failure is the last event", async () => {
    const client = createClient();
    const run = async ({ emit }: { readonly emit: (event: number) => void }): Promise<void> => {
      emit(1);
      throw new Error("broken");
    };
    await write({ run }, client);
    expect(client.text()).toBe('data: 1\n\ndata: {"error":"Error: broken"}\n\n');
    expect(client.response.writableEnded).toBe(true);
  });

  test("an event that breaks the contract is not written; the failure is, and the source is told", async () => {
    const source = createSource();
    const check = (event: unknown): void => {
      if (event === 2) throw new Error("no");
    };
    const client = createClient();
    const written = write(source.stream, client, { ...options, check });
    for (const event of [1, 2]) source.give(event);
    await written;
    expect(client.text()).toBe('data: 1\n\ndata: {"error":"Error: no"}\n\n');
    expect(source.left).toEqual(new Error("no"));
  });
});

describe("when it is written", () => {
  test("what comes in one tick leaves in one write, the end with it", async () => {
    const client = createClient();
    await write(toStream(1, 2, 3), client);
    expect(client.writes).toEqual(["data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n"]);
  });

  test("what has not come is not waited for", async () => {
    const source = createSource();
    const client = createClient();
    void write(source.stream, client);
    for (const event of [1, 2]) {
      source.give(event);
      await nextTurn();
    }
    expect(client.writes).toEqual(["data: 1\n\n", "data: 2\n\n"]);
  });

  test("a batch is written before it grows large", async () => {
    const client = createClient();
    await write(toStream(...Array.from({ length: 20 }, () => "x".repeat(20_000))), client);
    expect(client.writes.length).toBeGreaterThan(4);
    expect(Math.max(...client.writes.map(({ length }) => length))).toBeLessThan(65_536 + 20_100);
  });
});

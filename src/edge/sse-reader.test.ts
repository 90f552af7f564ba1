import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createClient,
  createEndless,
  createSource,
  options,
  withKeepAlive,
  write,
} from "../../test/wire/source.fixture.ts";

// Turns and ticks stay real: only what takes time is played.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("a reader that is slow", () => {
  test("stops the source, and lets it go on", async () => {
    const { source, stream } = createEndless();
    const client = createClient("slow");
    void write(stream, client);
    await nextTurn();
    const stopped = source.said;
    expect(stopped).toBeLessThan(200);
    await nextTurn();
    expect(source.said).toBe(stopped);
    while (source.said === stopped) {
      client.take();
      await nextTurn();
    }
    expect(source.said).toBeLessThan(stopped * 2 + 10);
    client.response.destroy();
  });

  test("gets every event, in order", async () => {
    const client = createClient("slow");
    const written = write(
      {
        async run({ flow, emit }) {
          for (let at = 0; at < 500; at += 1) {
            emit(`${at}`.padEnd(1000));
            if (flow.held) await flow.free();
          }
        },
      },
      client,
    );
    const closed = new Promise((resolve) => client.response.once("finish", resolve));
    const reading = setInterval(() => client.take(), 0);
    await written;
    await closed;
    clearInterval(reading);
    const numbers = [...client.text().matchAll(/^data: "(\d+) /gm)].map(([, digits]) => Number(digits));
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, at) => at));
    expect(client.text().endsWith("data: [DONE]\n\n")).toBe(true);
  });
});

describe("a reader that leaves", () => {
  test("ends the source, and is sent no more", async () => {
    const source = createSource();
    const client = createClient();
    const written = write(source.stream, client, withKeepAlive("comment"));
    source.give(1);
    await nextTurn();
    client.response.destroy();
    await written;
    expect(source.left).toEqual(new Error("left"));
    source.give(2);
    await nextTurn();
    expect(client.writes).toEqual(["data: 1\n\n"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends a source that was held", async () => {
    const { source, stream } = createEndless();
    const client = createClient("slow");
    const written = write(stream, client);
    await nextTurn();
    client.response.destroy();
    await written;
    expect(source.left).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a stream that was read to its end leaves nothing behind", async () => {
    const source = createSource();
    const client = createClient();
    const written = write(source.stream, client, withKeepAlive("comment"));
    source.end();
    await written;
    await nextTurn();
    expect(client.writes).toEqual(["data: [DONE]\n\n"]);
    expect(client.response.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is sent nothing behind [DONE], however late it reads it", async () => {
    const source = createSource();
    const client = createClient("slow");
    const errors: unknown[] = [];
    client.response.on("error", (error) => void errors.push(error));
    const written = write(source.stream, client, withKeepAlive("comment"));
    source.give(1);
    source.end();
    await written;
    vi.advanceTimersByTime(5000);
    await nextTurn();
    expect(errors).toEqual([]);
    expect(client.text()).toBe("data: 1\n\ndata: [DONE]\n\n");
  });
});

describe("a source that is silent", () => {
  test.for([
    ["comment", ": ping\n"],
    ["chunk", 'data: {"idle":true}\n\n'],
  ] as const)("shows life with a %s, once in each interval", async ([form, sign]) => {
    const client = createClient();
    void write({ ...createSource().stream, idleEvent: { idle: true } }, client, withKeepAlive(form));
    for (const ms of [999, 1, 999, 1]) {
      vi.advanceTimersByTime(ms);
      await nextTurn();
    }
    expect(client.writes).toEqual([sign, sign]);
  });

  test("counts the interval from what was said last", async () => {
    const source = createSource();
    const client = createClient();
    void write(source.stream, client, withKeepAlive("comment"));
    vi.advanceTimersByTime(900);
    source.give(1);
    await nextTurn();
    vi.advanceTimersByTime(900);
    await nextTurn();
    expect(client.writes).toEqual(["data: 1\n\n"]);
    vi.advanceTimersByTime(100);
    await nextTurn();
    expect(client.writes).toEqual(["data: 1\n\n", ": ping\n"]);
  });

  test("shows no life to a reader that is behind", async () => {
    const { stream } = createEndless();
    const client = createClient("slow");
    void write(stream, client, withKeepAlive("comment"));
    await nextTurn();
    const { writableLength } = client.response;
    vi.advanceTimersByTime(10_000);
    await nextTurn();
    expect(client.response.writableLength).toBe(writableLength);
    client.response.destroy();
  });

  test("stays silent where the configuration says so, and where there is no idle event it is a comment", async () => {
    const [off, none] = [createClient(), createClient()];
    void write({ ...createSource().stream, idleEvent: 1 }, off, options);
    void write(createSource().stream, none, withKeepAlive("chunk"));
    vi.advanceTimersByTime(5000);
    await nextTurn();
    expect(off.writes).toEqual([]);
    expect(none.text()).toMatch(/^(?:: ping\n)+$/);
  });
});

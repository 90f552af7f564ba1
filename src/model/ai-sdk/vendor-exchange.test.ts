import type { Agent, Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { type Brake, createBrake } from "../../base/listener.ts";
import type { Deadline } from "../../base/deadline.ts";
import { createExchange, type Exchange } from "./vendor-exchange.ts";

interface Started {
  readonly exchange: Exchange;
  /** What the package gets for its call. */
  readonly response: Promise<Response>;
  /** The end of the connection that a vendor has. */
  readonly vendor: {
    accept(): void;
    say(piece: string | Uint8Array): void;
    end(): void;
    fail(cause: Error): void;
  };
  readonly connection: { paused: boolean; aborted: boolean };
  readonly asked: Dispatcher.DispatchOptions;
  /** What the deadline sees. */
  readonly brake: Brake;
  /** The client's. */
  readonly flow: Brake;
  readonly left: AbortController;
  /** Bytes that the deadline has been told of. */
  readonly arrivals: () => number;
}

/** One call of a package, without a network: whatever undici would do is done by the test. */
function start(headers: Readonly<Record<string, string | undefined>> = {}): Started {
  const connection = { paused: false, aborted: false };
  let handler: Dispatcher.DispatchHandler = {};
  let asked: Dispatcher.DispatchOptions | undefined;
  const controller = {
    get paused() {
      return connection.paused;
    },
    pause: () => void (connection.paused = true),
    resume: () => void (connection.paused = false),
    abort(cause: Error) {
      connection.aborted = true;
      handler.onResponseError?.(controller, cause);
    },
  } as Dispatcher.DispatchController;
  const connections = {
    dispatch(options: Dispatcher.DispatchOptions, given: Dispatcher.DispatchHandler) {
      asked = options;
      handler = given;
      handler.onRequestStart?.(controller, {});
      return true;
    },
  } as unknown as Agent;
  const left = new AbortController();
  let arrivals = 0;
  const deadline: Deadline = { signal: left.signal, arrived: () => void (arrivals += 1), stop: () => undefined };
  const [brake, flow] = [createBrake(), createBrake()];
  const exchange = createExchange({ connections, deadline, brake, flow, headers });
  const response = exchange.fetch("http://vendor.example/v1/x?y=1", {
    method: "POST",
    headers: { "X-Key": "of the package", "X-Kept": "yes", "Accept-Encoding": "gzip" },
    body: '{"a":1}',
  });
  // Tests look at what becomes of it when they like.
  response.catch(() => undefined);
  return {
    exchange,
    response,
    vendor: {
      accept: () => handler.onResponseStart?.(controller, 200, {}, "OK"),
      say: (piece) => handler.onResponseData?.(controller, Buffer.from(piece as string)),
      end: () => handler.onResponseEnd?.(controller, {}),
      fail: (cause) => handler.onResponseError?.(controller, cause),
    },
    connection,
    asked: asked as unknown as Dispatcher.DispatchOptions,
    brake,
    flow,
    left,
    arrivals: () => arrivals,
  };
}

type Pieces = ReadableStreamDefaultReader<Uint8Array>;

async function accepted(headers?: Parameters<typeof start>[0]): Promise<Started & { pieces: Pieces }> {
  const started = start(headers);
  started.vendor.accept();
  const { body } = await started.response;
  return { ...started, pieces: (body as ReadableStream<Uint8Array>).getReader() };
}

/** The next piece as a text, `end`, or the error. */
async function next(pieces: Pieces): Promise<unknown> {
  try {
    const { done, value } = await pieces.read();
    return done ? "end" : Buffer.from(value).toString("utf8");
  } catch (error) {
    return error;
  }
}

/** Everything that is ready has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const reset = new Error("reset");
const half = "x".repeat(32 * 1024);

describe("createExchange", () => {
  it("posts what the package wants to send, with the headers that are set over its own", () => {
    const { asked } = start({ "x-key": undefined, "X-Team": "blue" });
    expect(asked).toMatchObject({
      origin: "http://vendor.example",
      path: "/v1/x?y=1",
      method: "POST",
      body: '{"a":1}',
    });
    expect(asked.headers).toMatchObject({ "x-kept": "yes", "x-team": "blue", "accept-encoding": "identity" });
    expect(asked.headers).not.toHaveProperty("x-key");
  });

  it("gives what comes, as it comes, tells the deadline of it, and ends", async () => {
    const { exchange, pieces, vendor, arrivals } = await accepted();
    const first = next(pieces);
    vendor.say("a");
    expect(await first).toBe("a");
    vendor.say("b");
    vendor.say("c");
    vendor.end();
    expect([await next(pieces), await next(pieces), await next(pieces)]).toEqual(["b", "c", "end"]);
    expect({ arrivals: arrivals(), failure: exchange.failure }).toEqual({ arrivals: 3, failure: undefined });
  });

  it("keeps why the vendor did not accept the call", async () => {
    const { exchange, response, vendor } = start();
    vendor.fail(reset);
    await expect(response).rejects.toMatchObject({ name: "FailedAttempt" });
    expect(exchange.failure).toMatchObject({ name: "FailedAttempt" });
  });

  it("keeps what broke the answer off, and gives it after what the package has asked for", async () => {
    const { exchange, pieces, vendor } = await accepted();
    const first = next(pieces);
    vendor.say("so far");
    vendor.fail(reset);
    expect([await first, await next(pieces)]).toEqual(["so far", reset]);
    expect(exchange.failure).toBe(reset);
  });

  it("throws the deadline's reason away from the connection at once", async () => {
    const { pieces, connection, left } = await accepted();
    const first = next(pieces);
    const reason = new Error("left");
    left.abort(reason);
    expect(await first).toBe(reason);
    expect(connection.aborted).toBe(true);
  });

  it.each<[how: string, act: (started: Started & { pieces: Pieces }) => unknown]>([
    ["the exchange is closed", ({ exchange }) => exchange.close()],
    ["the package cancels the body", ({ pieces }) => pieces.cancel()],
  ])("cuts the connection when %s, unless the answer has ended", async (_, act) => {
    const open = await accepted();
    await act(open);
    expect(open.connection.aborted).toBe(true);
    const ended = await accepted();
    ended.vendor.end();
    await act(ended);
    expect(ended.connection.aborted).toBe(false);
  });

  // An error that nobody listens for ends the process, and the test run with it.
  it.each(["end", "failure"])("may be cancelled in the moment of its %s", async (what) => {
    const { pieces, vendor } = await accepted();
    if (what === "end") vendor.end();
    else vendor.fail(reset);
    await pieces.cancel();
    await settled();
  });

  it("holds the connection up while 64 KiB wait for the package, and only then", async () => {
    const { pieces, vendor, connection, brake } = await accepted();
    vendor.say(half);
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: false, held: false });
    vendor.say(half);
    vendor.say(half);
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: true, held: true });
    await next(pieces);
    await settled();
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: true, held: true });
    await next(pieces);
    await settled();
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: false, held: false });
  });

  it("holds the connection up while the client's flow is held, however much the package reads", async () => {
    const { pieces, vendor, connection, flow, brake } = await accepted();
    flow.hold();
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: true, held: true });
    const first = next(pieces);
    // It was on its way.
    vendor.say("a");
    expect(await first).toBe("a");
    void next(pieces);
    await settled();
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: true, held: true });
    flow.release();
    expect({ ...connection, held: brake.held }).toMatchObject({ paused: false, held: false });
  });

  it("goes on when the client does, though the package has read everything before", async () => {
    const { pieces, vendor, connection, flow } = await accepted();
    vendor.say(half + half);
    flow.hold();
    await next(pieces);
    const waiting = next(pieces);
    await settled();
    flow.release();
    expect(connection.paused).toBe(false);
    vendor.say("more");
    expect(await waiting).toBe("more");
  });

  it("does not go on when the client does, while too much waits for the package", async () => {
    const { pieces, vendor, connection, flow } = await accepted();
    flow.hold();
    vendor.say(half + half);
    flow.release();
    expect(connection.paused).toBe(true);
    await next(pieces);
    await settled();
    expect(connection.paused).toBe(false);
  });

  it("holds the connection up from the beginning if the client's flow is held then", async () => {
    const started = start();
    started.flow.hold();
    started.vendor.accept();
    expect(started.connection.paused).toBe(true);
    started.flow.release();
    expect(started.connection.paused).toBe(false);
  });

  it.each<[how: string, act: (started: Started) => unknown]>([
    ["ended", ({ vendor }) => vendor.end()],
    ["failed", ({ vendor }) => vendor.fail(reset)],
    ["closed", ({ exchange }) => exchange.close()],
    ["left", ({ left }) => left.abort(new Error("left"))],
  ])("expects nothing more of the vendor once it is over, whatever client and package do: %s", async (_, act) => {
    const started = await accepted();
    started.vendor.say("so far");
    act(started);
    await settled();
    expect(started.brake.held).toBe(true);
    started.flow.hold();
    started.flow.release();
    await next(started.pieces);
    await settled();
    expect(started.brake.held).toBe(true);
  });

  it("leaves the flow alone when the vendor did not accept the call: there may be another", async () => {
    const { response, vendor, brake } = start();
    vendor.fail(reset);
    await expect(response).rejects.toBeInstanceOf(Error);
    expect(brake.held).toBe(false);
  });
});

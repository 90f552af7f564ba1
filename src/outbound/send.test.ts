import { getEventListeners, once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Brake, createBrake, type Flow, openFlow } from "../base/listener.ts";
import { send, type UpstreamHead } from "./send.ts";

const never = new AbortController().signal;
const left = new Error("left");

interface Hearing {
  readonly signal?: AbortSignal;
  readonly flow?: Flow;
  readonly onHead?: (head: UpstreamHead, cut: () => void) => void;
  /** True says that no more is wanted. */
  readonly onText?: (text: string, cut: () => void) => boolean | void;
}

/** What a receiver got, and how the call ended. */
interface Heard {
  head: UpstreamHead | undefined;
  text: string;
  error: unknown;
}

interface Started {
  readonly call: (hearing?: Hearing) => Promise<Heard>;
  /** Calls that have come to the server. */
  readonly come: () => number;
  /** Connections that are open, and those that ever were. */
  readonly open: () => Promise<number>;
  readonly opened: () => number;
}

async function start(answer: (response: ServerResponse) => unknown, connectionsMax = 8): Promise<Started> {
  let come = 0;
  let opened = 0;
  const server: Server = createServer((request, response) => {
    come += 1;
    request.resume();
    void answer(response);
  });
  server.on("connection", () => (opened += 1));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const connections = new Agent({ connections: connectionsMax });
  onTestFinished(async () => {
    await connections.destroy();
    server.close();
    server.closeAllConnections();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/x?y=1`);
  return {
    async call({ signal = never, flow = openFlow, onHead, onText } = {}) {
      const heard: Heard = { head: undefined, text: "", error: undefined };
      let isOver = false;
      try {
        await send(
          connections,
          { url, headers: { "x-a": "b" }, body: "{}" },
          {
            signal,
            flow,
            accept(head, cut) {
              expect({ isOver, again: heard.head !== undefined }).toEqual({ isOver: false, again: false });
              heard.head = head;
              onHead?.(head, cut);
              return (bytes) => {
                expect(isOver).toBe(false);
                const text = Buffer.from(bytes).toString("utf8");
                heard.text += text;
                return onText?.(text, cut) === true;
              };
            },
          },
        );
      } catch (error) {
        heard.error = error;
      }
      isOver = true;
      return heard;
    },
    come: () => come,
    open: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    opened: () => opened,
  };
}

/** A brake that knows how many listen to it. */
function createCountedBrake(): Brake & { listeners: number } {
  const brake = createBrake();
  const counted = {
    ...brake,
    listeners: 0,
    get held() {
      return brake.held;
    },
    onChange(listener: (held: boolean) => void) {
      counted.listeners += 1;
      const stop = brake.onChange(listener);
      return () => {
        counted.listeners -= 1;
        stop();
      };
    },
  };
  return counted;
}

/** Writes until nobody listens any more. */
async function drip(response: ServerResponse): Promise<void> {
  while (!response.destroyed) {
    response.write("x".repeat(1_000));
    await delay(1);
  }
}

describe("send", () => {
  it("sends, and gives head and body", async () => {
    const { call } = await start((response) => {
      const { method, url, headers } = response.req;
      response.writeHead(418, { "x-seen": `${method} ${url} ${String(headers["x-a"])}` }).end("tea");
    });
    const { head, text, error } = await call();
    expect({ status: head?.statusCode, seen: head?.headers["x-seen"], text, error }).toEqual({
      status: 418,
      seen: "POST /v1/x?y=1 b",
      text: "tea",
      error: undefined,
    });
  });

  it("passes over what only announces an answer", async () => {
    const { call } = await start((response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      response.end("ok");
    });
    expect(await call()).toMatchObject({ head: { statusCode: 200 }, text: "ok", error: undefined });
  });

  it("gives the head before there is a body", async () => {
    const { call } = await start((response) => response.flushHeaders());
    const controller = new AbortController();
    const heard = await call({ signal: controller.signal, onHead: () => controller.abort(left) });
    expect(heard).toMatchObject({ head: { statusCode: 200 }, text: "", error: left });
  });

  it("rejects when there is no answer", async () => {
    const { call } = await start((response) => response.destroy());
    expect(await call()).toMatchObject({ head: undefined, error: { code: "UND_ERR_SOCKET" } });
  });

  it("rejects with the reason at once when the signal was aborted before", async () => {
    const { call, come } = await start((response) => response.end("ok"));
    expect(await call({ signal: AbortSignal.abort(left) })).toEqual({ head: undefined, text: "", error: left });
    expect(come()).toBe(0);
  });

  it("lets go of the wait for a connection, and never makes that call", async () => {
    const { call, come } = await start((response) => void response.write("a"), 1);
    const [one, two] = [new AbortController(), new AbortController()];
    const first = call({
      signal: one.signal,
      onText() {
        void second.then(() => one.abort(left));
        two.abort(left);
      },
    });
    const second = call({ signal: two.signal });
    expect(await second).toEqual({ head: undefined, text: "", error: left });
    expect(await first).toMatchObject({ text: "a", error: left });
    expect(await call({ onText: () => true })).toMatchObject({ text: "a", error: undefined });
    expect(come()).toBe(2);
  });

  it("gives what came before a failure", async () => {
    const { call, open } = await start((response) => {
      response.write("so far");
      setTimeout(() => response.destroy(), 10);
    });
    expect(await call()).toMatchObject({ text: "so far", error: { code: "UND_ERR_SOCKET" } });
    await expect.poll(open, { interval: 5 }).toBe(0);
  });

  it.each<[what: string, hearing: (controller: AbortController) => Hearing, want: unknown]>([
    ["the signal aborts at the head", (controller) => ({ onHead: () => controller.abort(left) }), left],
    ["the signal aborts in the body", (controller) => ({ onText: () => controller.abort(left) }), left],
    ["it is cut at the head", () => ({ onHead: (_, cut) => cut() }), new Error("the call was left")],
    ["it is cut in the body", () => ({ onText: (_, cut) => cut() }), new Error("the call was left")],
    [
      "the head is not accepted",
      () => ({
        onHead() {
          throw left;
        },
      }),
      left,
    ],
    [
      "a piece is not taken",
      () => ({
        onText() {
          throw left;
        },
      }),
      left,
    ],
  ])("closes the connection, gives no more and rejects when %s", async (_, hear, want) => {
    // Says a little more and falls silent: what goes on would be cut at some time for its length.
    const { call, open } = await start(async (response) => {
      response.write("a");
      await delay(10);
      response.write("b");
    });
    const controller = new AbortController();
    let pieces = 0;
    const { onText, ...hearing } = hear(controller);
    const { error } = await call({
      ...hearing,
      signal: controller.signal,
      onText(text, cut) {
        pieces += 1;
        onText?.(text, cut);
      },
    });
    expect(error).toEqual(want);
    expect(pieces).toBe(onText === undefined ? 0 : 1);
    await expect.poll(open, { interval: 5, timeout: 5_000 }).toBe(0);
  });

  it("keeps to what it first rejected with, whatever happens then", async () => {
    const { call } = await start(drip);
    const controller = new AbortController();
    const { error } = await call({
      signal: controller.signal,
      onText(_, cut) {
        controller.abort(left);
        cut();
        throw new Error("too late");
      },
    });
    expect(error).toBe(left);
  });

  describe("when no more is wanted", () => {
    const enough = (): boolean => true;

    it("resolves at once, and uses the connection again after a short rest", async () => {
      const answer = async (response: ServerResponse): Promise<void> => {
        response.write("a");
        await delay(5);
        response.end("b".repeat(10_000));
      };
      const { call, come, opened } = await start(answer, 1);
      for (let count = 0; count < 3; count += 1) {
        expect(await call({ onText: enough })).toMatchObject({ text: "a", error: undefined });
      }
      expect({ come: come(), opened: opened() }).toEqual({ come: 3, opened: 1 });
    });

    it("cuts the connection if the rest is long", async () => {
      let written = 0;
      const { call, open } = await start(async (response) => {
        response.write("a");
        await delay(5);
        const closed = once(response, "close");
        for (; !response.destroyed; written += 64 * 1024) {
          if (response.write("b".repeat(64 * 1024))) continue;
          await Promise.race([once(response, "drain"), closed]);
        }
      });
      expect(await call({ onText: enough })).toMatchObject({ text: "a", error: undefined });
      await expect.poll(open, { interval: 5, timeout: 5_000 }).toBe(0);
      // The operating system holds some of it.
      expect(written).toBeLessThan(16 * 1024 * 1024);
    });

    it("cuts the connection if the rest does not come", async () => {
      const { call, open } = await start((response) => void response.write("a"));
      expect(await call({ onText: enough })).toMatchObject({ text: "a", error: undefined });
      await expect.poll(open, { interval: 5, timeout: 5_000 }).toBe(0);
    });

    it("reads the rest though the flow is held", async () => {
      const { call, opened } = await start((response) => response.end("abc"), 1);
      const flow = createBrake();
      for (let count = 0; count < 3; count += 1) {
        flow.release();
        const heard = await call({
          flow,
          onText() {
            flow.hold();
            return true;
          },
        });
        expect(heard.error).toBeUndefined();
      }
      expect(opened()).toBe(1);
    });

    it("still rejects if the signal has aborted with the same piece", async () => {
      const { call, open } = await start(drip);
      const controller = new AbortController();
      const { error } = await call({
        signal: controller.signal,
        onText() {
          controller.abort(left);
          return true;
        },
      });
      expect(error).toBe(left);
      await expect.poll(open, { interval: 5 }).toBe(0);
    });
  });

  describe("while the flow is held", () => {
    /** Answers "a", and "b" as soon as it is told to; then it is on its way, or further. */
    async function startInTwo(): Promise<Started & { sendRest: () => Promise<void> }> {
      let answer: ServerResponse | undefined;
      const started = await start((response) => {
        // The first one is asked for the rest, all others are answered whole.
        if (answer !== undefined) {
          response.end("whole");
          return;
        }
        answer = response;
        response.write("a");
      });
      const sendRest = async (): Promise<void> => {
        await new Promise<void>((resolve) => {
          answer?.end("b", () => resolve());
        });
        // What another connection brings after it has been read by now.
        expect((await started.call()).text).toBe("whole");
      };
      return { ...started, sendRest };
    }

    it.each(["head", "body"] as const)("reads no more from the connection, held from the %s on", async (from) => {
      const { call, sendRest } = await startInTwo();
      const flow = createBrake();
      let text = "";
      let begin: () => void;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const calling = call({
        flow,
        onHead() {
          if (from === "head") flow.hold();
          begin();
        },
        onText(piece) {
          text += piece;
          if (piece === "a") flow.hold();
        },
      });
      await begun;
      await sendRest();
      expect(["", "a"]).toContain(text);
      expect(flow.held).toBe(true);
      flow.release();
      // Held again by the first piece, if that came only now.
      await expect.poll(() => text, { interval: 1 }).toMatch(/^a/);
      flow.release();
      expect(await calling).toMatchObject({ text: "ab", error: undefined });
    });

    it("lets go at once all the same when the signal aborts", async () => {
      const { call, open } = await start(drip);
      const flow = createBrake();
      const controller = new AbortController();
      const { error } = await call({
        flow,
        signal: controller.signal,
        onText() {
          flow.hold();
          setTimeout(() => controller.abort(left), 10);
        },
      });
      expect(error).toBe(left);
      await expect.poll(open, { interval: 5 }).toBe(0);
    });
  });

  it.each<[how: string, answer: (response: ServerResponse) => unknown, hear: (leave: () => void) => Hearing]>([
    ["whole", (response) => response.end("ok"), () => ({})],
    ["broken", (response) => response.destroy(), () => ({})],
    ["broken off", (response) => void response.write("a", () => response.destroy()), () => ({})],
    ["left at the head", drip, (leave) => ({ onHead: leave })],
    ["left in the body", drip, (leave) => ({ onText: leave })],
    ["cut at the head", drip, () => ({ onHead: (_, cut) => cut() })],
    ["cut in the body", drip, () => ({ onText: (_, cut) => cut() })],
    ["enough", drip, () => ({ onText: () => true })],
  ])("listens neither to the flow nor to the signal any more once the call is over: %s", async (_, answer, hear) => {
    const { call } = await start(answer);
    const flow = createCountedBrake();
    const controller = new AbortController();
    await call({ flow, signal: controller.signal, ...hear(() => controller.abort(left)) });
    expect({ flow: flow.listeners, signal: getEventListeners(controller.signal, "abort") }).toEqual({
      flow: 0,
      signal: [],
    });
  });

  // An error that nobody listens for ends the process, and the test run with it.
  it("can be left at every moment, in every way", async () => {
    const { call, open } = await start(async (response) => {
      await delay(2);
      response.writeHead(200);
      await drip(response);
    }, 64);
    const ways = ["abort", "cut", "throw", "enough"] as const;
    const leave = async (ms: number, how: (typeof ways)[number]): Promise<void> => {
      const controller = new AbortController();
      let isTime = false;
      const timer = setTimeout(() => {
        isTime = true;
        if (how === "abort") controller.abort(left);
      }, ms);
      const { error } = await call({
        signal: controller.signal,
        onText(_, cut) {
          if (!isTime) return false;
          if (how === "throw") throw left;
          if (how === "cut") cut();
          return how === "enough";
        },
      });
      clearTimeout(timer);
      expect(error).toEqual(how === "enough" ? undefined : how === "cut" ? new Error("the call was left") : left);
    };
    for (let round = 0; round < 4; round += 1) {
      const moments = Array.from({ length: 20 }, (_, ms) => 2 * ms);
      await Promise.all(moments.flatMap((ms) => ways.map((how) => leave(ms, how))));
    }
    await expect.poll(open, { interval: 5, timeout: 5_000 }).toBe(0);
  });
});

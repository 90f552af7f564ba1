import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { send, type UpstreamAnswer } from "./send.ts";

const never = new AbortController().signal;
const left = new Error("left");

interface Started {
  readonly call: (signal?: AbortSignal) => Promise<UpstreamAnswer>;
  /** Calls that have come to the server. */
  readonly come: () => number;
  /** Connections that are open. */
  readonly open: () => Promise<number>;
}

async function start(answer: (response: ServerResponse) => unknown, connectionsMax = 8): Promise<Started> {
  let come = 0;
  const server: Server = createServer((request, response) => {
    come += 1;
    request.resume();
    void answer(response);
  });
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
    call: (signal = never) => send(connections, { url, headers: { "x-a": "b" }, body: "{}" }, signal),
    come: () => come,
    open: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
  };
}

async function read({ body }: UpstreamAnswer): Promise<string> {
  let text = "";
  for await (const bytes of body) text += Buffer.from(bytes).toString("utf8");
  return text;
}

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe("send", () => {
  it("posts, and gives head and body", async () => {
    const { call } = await start((response) => {
      const { method, url, headers } = response.req;
      response.writeHead(418, { "x-seen": `${method} ${url} ${String(headers["x-a"])}` }).end("tea");
    });
    const answer = await call();
    expect({ status: answer.statusCode, seen: answer.headers["x-seen"] }).toEqual({
      status: 418,
      seen: "POST /v1/x?y=1 b",
    });
    expect(await read(answer)).toBe("tea");
  });

  it("passes over what only announces an answer", async () => {
    const { call } = await start((response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      response.end("ok");
    });
    expect(await read(await call())).toBe("ok");
  });

  it("rejects when there is no answer", async () => {
    const { call } = await start((response) => response.destroy());
    expect(await outcome(call())).toMatchObject({ code: "UND_ERR_SOCKET" });
  });

  it("throws the reason at once when the signal was aborted before", async () => {
    const { call, come } = await start((response) => response.end("ok"));
    expect(await outcome(call(AbortSignal.abort(left)))).toBe(left);
    expect(come()).toBe(0);
  });

  it("lets go of the wait for a connection, and never makes that call", async () => {
    const { call, come } = await start((response) => void response.write("a"), 1);
    const first = await call();
    const controller = new AbortController();
    const second = outcome(call(controller.signal));
    await delay(20);
    controller.abort(left);
    expect(await second).toBe(left);
    first.body.close();
    const third = await call();
    third.body.close();
    expect(come()).toBe(2);
  });

  it("gives what came before a failure, however late it is read", async () => {
    const { call, open } = await start((response) => {
      response.write("so far");
      setTimeout(() => response.destroy(), 10);
    });
    const answer = await call();
    await expect.poll(open, { interval: 5 }).toBe(0);
    await delay(20);
    const texts: unknown[] = [];
    const reading = (async () => {
      for await (const bytes of answer.body) texts.push(Buffer.from(bytes).toString("utf8"));
    })();
    expect(await outcome(reading)).toMatchObject({ code: "UND_ERR_SOCKET" });
    expect(texts).toEqual(["so far"]);
  });

  it("drops an answer that has come but was not read", async () => {
    const { call } = await start((response) => response.end("ok"));
    const controller = new AbortController();
    const answer = await call(controller.signal);
    await delay(20);
    controller.abort(left);
    expect(await outcome(read(answer))).toBe(left);
  });

  // An error that nobody listens for ends the process, and the test run with it.
  it("can be left at every moment, in either way", async () => {
    const { call, open } = await start(async (response) => {
      await delay(2);
      response.writeHead(200);
      while (!response.destroyed) {
        response.write("x".repeat(1_000));
        await delay(1);
      }
    }, 64);
    const leave = async (ms: number, how: "abort" | "close"): Promise<void> => {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(left), ms);
      try {
        const answer = await call(how === "abort" ? controller.signal : never);
        if (how === "close") setTimeout(() => answer.body.close(), ms);
        await read(answer);
      } catch (error) {
        const known = error === left || (error as Error).message === "the answer was closed";
        expect(known || "code" in (error as Error), String(error)).toBe(true);
      } finally {
        clearTimeout(timer);
      }
    };
    for (let round = 0; round < 4; round += 1) {
      const moments = Array.from({ length: 40 }, (_, ms) => ms);
      await Promise.all(moments.flatMap((ms) => [leave(ms, "abort"), leave(ms, "close")]));
    }
    await expect.poll(open, { interval: 5 }).toBe(0);
  });
});

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { isInstalled, proxies, startProxy } from "./proxy.fixture.ts";

// The files of examples/deploy, as they are, with the proxies that they are for.

const config = {
  gateway: { http: { allowedHosts: ["gateway.example"] }, trustedProxies: ["127.0.0.1"] },
};

interface CallOptions {
  readonly content?: string;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the body that `content` makes. */
  readonly body?: string;
}

/** A call over TLS by another address than the proxy's. */
async function call(port: number, { content = "@@echo hi", stream, headers, body }: CallOptions) {
  const text = body ?? JSON.stringify({ model: "openclaw", stream, messages: [{ role: "user", content }] });
  const outgoing = request({
    host: "127.0.0.1",
    localAddress: "127.0.0.7",
    port,
    path: "/v1/chat/completions",
    method: "POST",
    servername: "gateway.example",
    rejectUnauthorized: false,
    agent: false,
    headers: {
      host: "gateway.example",
      authorization: `Bearer ${testToken}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...headers,
    },
  });
  outgoing.on("error", () => undefined).end(text);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { outgoing, answer };
}

async function read(answer: IncomingMessage): Promise<readonly string[]> {
  const pieces: string[] = [];
  for await (const piece of answer.setEncoding("utf8")) pieces.push(piece as string);
  return pieces;
}

for (const name of proxies) {
  const skipped = !isInstalled(name);
  if (skipped) console.warn(`SKIPPED: ${name} is not installed, and its file in examples/deploy is not tried`);
  describe.skipIf(skipped)(`behind ${name}`, () => {
    test("answers come whole, streams word by word, and refusals as the gateway says them", async () => {
      const gateway = await startTestGateway({ config });
      const port = await startProxy(name, gateway.port);
      const { answer } = await call(port, {});
      expect(JSON.parse((await read(answer)).join(""))).toMatchObject({ choices: [{ message: { content: "hi" } }] });

      const streamed = await call(port, { content: "@@words 6 delay=100ms", stream: true });
      const pieces = await read(streamed.answer);
      // Each word has its own read, but for those that a busy machine brings together.
      expect(pieces.length).toBeGreaterThan(3);
      expect(pieces.join("")).toMatch(/word5.*data: \[DONE\]\n\n$/s);

      const wrong = await call(port, { headers: { authorization: "Bearer wrong" } });
      expect(wrong.answer.statusCode).toBe(401);
      expect((await read(wrong.answer)).join("")).toContain("invalid_api_key");

      const large = await call(port, { body: JSON.stringify({ padding: "x".repeat(20 * 1024 * 1024) }) });
      expect(large.answer.statusCode).toBe(413);
      expect((await read(large.answer)).join("")).toContain("request_too_large");
    });

    test("the gateway's own page may call and open its WebSocket, and no other page may", async () => {
      const gateway = await startTestGateway({ config });
      const port = await startProxy(name, gateway.port);
      for (const [origin, status, upgraded] of [
        ["https://gateway.example", 200, 101],
        ["https://evil.example", 403, 403],
      ] as const) {
        const { answer } = await call(port, { headers: { origin } });
        await read(answer);
        expect({ origin, status: answer.statusCode }).toEqual({ origin, status });
        const options = { servername: "gateway.example", rejectUnauthorized: false };
        const headers = { host: "gateway.example", origin };
        const socket = new WebSocket(`wss://127.0.0.1:${port}`, { ...options, headers });
        onTestFinished(() => socket.terminate());
        const handshake = new Promise<number | undefined>((resolve) => {
          socket.on("upgrade", ({ statusCode }) => resolve(statusCode));
          socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode));
          socket.on("error", () => resolve(undefined));
        });
        expect({ origin, upgraded: await handshake }).toEqual({ origin, upgraded });
      }
    });

    test("the log has the client's address, and not what the client says of itself", async () => {
      const gateway = await startTestGateway({ config });
      const port = await startProxy(name, gateway.port);
      const { answer } = await call(port, { headers: { "x-forwarded-for": "9.9.9.9" } });
      await read(answer);
      const lines = gateway.log.filter(({ operation }) => operation === "createChatCompletion");
      expect(lines.map(({ address }) => address)).toEqual(["127.0.0.7"]);
    });

    test("a client that leaves ends its run", async () => {
      const gateway = await startTestGateway({ config });
      const port = await startProxy(name, gateway.port);
      const { outgoing, answer } = await call(port, { content: "@@words 3\n@@hang", stream: true });
      await once(answer, "data");
      outgoing.destroy();
      const readMetrics = (): Promise<string> => gateway.gateway.metrics.toText();
      // Generous, and yet far below the minutes after which a proxy gives a call up by itself.
      await expect.poll(readMetrics, { timeout: 10_000 }).toContain('outcome="cancelled",key="operator"} 1');
    });
  });
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createConnections } from "./connections.ts";

const deadlines = { connectMs: 1_000, firstTokenMs: 1, idleMs: 1, totalMs: 1 };

test("at most so many connections are open, none of them to a proxy of the environment", async () => {
  let [most, now] = [0, 0];
  const server = createServer((_, response) => setTimeout(() => response.end("ok"), 10));
  server.on("connection", (socket) => {
    now += 1;
    most = Math.max(most, now);
    socket.on("close", () => (now -= 1));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const proxy = ["http_proxy", "HTTP_PROXY", "NODE_USE_ENV_PROXY"];
  for (const name of proxy) process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : "http://127.0.0.1:1";
  const connections = createConnections({ deadlines, connectionsMax: 3 });
  onTestFinished(async () => {
    for (const name of proxy) delete process.env[name];
    await connections.destroy();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = async (): Promise<string> => {
    const { body } = await connections.request({ origin, path: "/", method: "GET" });
    return body.text();
  };
  expect(new Set(await Promise.all(Array.from({ length: 12 }, call)))).toEqual(new Set(["ok"]));
  expect(most).toBe(3);
});

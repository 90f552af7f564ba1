import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { onEnd } from "../../test/end.fixture.ts";
import { GatewaySocket } from "./gateway-socket.ts";

test.for([
  { what: "frames", length: 64 * 1024 },
  { what: "a frame of any length", length: 64 * 1024 * 1024 },
])("a gateway that sends $what without end is left", async ({ length }) => {
  let sent = 0;
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  onEnd(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (socket) => {
    const text = JSON.stringify({ type: "event", event: "noise", payload: { text: "x".repeat(length) } });
    const send = (): void => {
      sent += length;
      if (socket.readyState === socket.OPEN) socket.send(text, () => setImmediate(send));
    };
    socket.on("error", () => undefined);
    send();
  });
  const baseUrl = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const subject = { baseUrl, apiKey: "", model: "", profile: "websocket" } as const;
  const socket = new GatewaySocket(subject, {}, new AbortController().signal, () => undefined);
  await socket.opened();
  await expect(socket.until(() => undefined, "silence")).rejects.toThrow();
  expect(socket.closing?.reason).toMatch(/more than 16777216 bytes|Max payload size exceeded/);
  expect(socket.frames.length).toBeLessThan(300);
  expect(sent).toBeLessThan(128 * 1024 * 1024);
});

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import { connect, toHead } from "./socket.ts";

const subject = { baseUrl: "http://h:1/v1", apiKey: "k", model: "m", profile: "chat" } as const;

test.for([
  { headers: { "x-tenant": "blue" }, want: ["Authorization: Bearer k", "x-tenant: blue"] },
  { headers: { authorization: "Basic abc" }, want: ["Authorization: Basic abc"] },
])("a raw head has the user's headers, and theirs instead of the key", ({ headers, want }) => {
  const lines = toHead({ ...subject, headers }, "GET", "/models", ["Accept: */*"]).split("\r\n");
  expect(lines).toEqual(["GET /v1/models HTTP/1.1", "Host: h:1", ...want, "Accept: */*", "", ""]);
});

test("a server that sends without end is left, and has not closed the connection", async () => {
  let sent = 0;
  const server = createServer((_request, response) => {
    const write = (): void => {
      while (!response.destroyed) {
        sent += 65_536;
        if (!response.write("x".repeat(65_536))) return void response.once("drain", write);
      }
    };
    write();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onEnd(() => server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const ends: string[] = [];
  const connection = await connect({ ...subject, baseUrl }, undefined, ({ end }) => void ends.push(end));
  connection.write(toHead({ ...subject, baseUrl }, "GET", "/models", []));
  await expect(connection.waitForEnd()).rejects.toThrow("the end of the connection did not come within 4194304 bytes");
  expect(connection.closed).toBe(false);
  await expect.poll(() => ends).toEqual(["limit"]);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

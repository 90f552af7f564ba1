import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { runCases } from "../judge/engine.ts";
import { errorCases } from "./errors.ts";

/** A server that refuses everything as OpenAI does, but keeps silent to what is no JSON. */
async function listen(): Promise<string> {
  const error = { message: "It is refused.", type: "invalid_request_error", param: "messages", code: null };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      if (body === '{"model":') return;
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

test("silence to one mistake says nothing about the errors that there are", async () => {
  const { results } = await runCases({
    cases: errorCases.filter(({ id }) => ["ERR-01", "ERR-02", "ERR-19"].includes(id)),
    subject: { baseUrl: await listen(), apiKey: "key-0123", model: "m", profile: "chat", callMs: 500 },
    capabilities: new Map(),
    sdks: [7],
    concurrency: 3,
    seed: 1,
    baseline: new Map(),
  });
  expect(results.map(({ id, verdict, actual }) => [id, verdict, actual])).toEqual([
    ["ERR-01", "pass", undefined],
    ["ERR-02", "pass", undefined],
    ["ERR-19", "pass", undefined],
  ]);
});

import { expect, test } from "vitest";
import { runCases } from "../judge/engine.ts";
import { listen } from "../test/listen.fixture.ts";
import { errorCases } from "./errors.ts";

/** A server that refuses everything as OpenAI does, but keeps silent to what is no JSON. */
function listenSilently(): Promise<string> {
  const error = { message: "It is refused.", type: "invalid_request_error", param: "messages", code: null };
  return listen((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      if (body === '{"model":') return;
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
    });
  });
}

test("silence to one mistake says nothing about the errors that there are", async () => {
  const { results } = await runCases({
    cases: errorCases.filter(({ id }) => ["ERR-01", "ERR-02", "ERR-19"].includes(id)),
    subject: { baseUrl: await listenSilently(), apiKey: "key-0123", model: "m", profile: "chat", callMs: 500 },
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

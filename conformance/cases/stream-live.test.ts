import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createFolder, run } from "../recording/recording.fixture.ts";

const words = Array.from({ length: 24 }, (_, place) => `word${place} `);

/** A server without any directive, whose model takes its time for each word; what it sends when is for the test to say. */
function serve(pauseMs: number, isCollected: (asked: number) => boolean): RequestListener {
  let asked = 0;
  const toChunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const piece of request) body += String(piece);
    if (!body.includes('"stream":true'))
      return void response.writeHead(200, { "content-type": "application/json" }).end("{}");
    const collected = isCollected(asked++);
    response.writeHead(200, { "content-type": "text/event-stream" });
    let held = toChunk({ role: "assistant", content: "" }, null);
    for (const word of words) {
      await delay(pauseMs);
      held += toChunk({ content: word }, null);
      if (!collected) {
        response.write(held);
        held = "";
      }
    }
    response.end(`${held}${toChunk({}, "stop")}data: [DONE]\n\n`);
  };
  return (request, response) => void answer(request, response).catch(() => response.destroy());
}

test.for<[what: string, pauseMs: number, isCollected: (asked: number) => boolean, verdict: string]>([
  ["sends each word when it is said", 30, () => false, "pass"],
  ["sends all at the end", 30, () => true, "warn"],
  ["has sent all at once by chance", 30, (asked) => asked === 0, "pass"],
  ["is too fast for anybody to see", 0, () => true, "skip"],
])("a server without the fixture that %s is judged as such", async ([, pauseMs, isCollected, verdict]) => {
  const server = createServer(serve(pauseMs, isCollected));
  server.on("checkContinue", (_request, response) => response.writeHead(413).end());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const { report } = await run(createFolder(), ["--base-url", url, "--model", "m", "--sdk", "7", "--only", "SS-31"]);
  expect(report.results.map((result) => result.verdict)).toEqual([verdict]);
});

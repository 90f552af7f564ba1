// A model server for the bench. The name of the model says what it shall do: `paced-<tokens>-<ms>` sends so many tokens,
// one every so many milliseconds; `burst-<count>-<kilobytes>` sends so many tokens of that size, as fast as they are read;
// `hold` sends one and then stays open; `whole` answers at once, without a stream unless
// it is asked for one.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const head = `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"bench","choices":[{"index":0,`;
const token = `data: ${head}"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}\n\n`;
const finish = `data: ${head}"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\ndata: [DONE]\n\n`;
const whole = `{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":" token"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`;

async function pace(response: ServerResponse, tokens: number, ms: number): Promise<void> {
  // Streams that all speak at the same moment are not how people use a gateway.
  await delay(Math.random() * ms);
  await new Promise<void>((resolve) => {
    let left = tokens;
    const timer = setInterval(() => {
      response.write(token);
      left -= 1;
      if (left > 0 && !response.destroyed) return;
      clearInterval(timer);
      resolve();
    }, ms);
  });
}

async function burst(response: ServerResponse, count: number, kilobytes: number): Promise<void> {
  const text = token.replace(" token", ` ${"x".repeat(kilobytes * 1024)}`);
  for (let left = count; left > 0 && !response.destroyed; left--)
    if (!response.write(text)) await Promise.race([once(response, "drain"), once(response, "close")]);
}

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    const { model, stream } = JSON.parse(Buffer.concat(pieces).toString("utf8")) as { model: string; stream?: boolean };
    const [kind, tokens = "1", ms = "0"] = model.split("-");
    if (stream !== true) {
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(whole) });
      response.end(whole);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (kind === "whole") {
      response.end(token + finish);
      return;
    }
    response.flushHeaders();
    if (kind === "burst") void burst(response, Number(tokens), Number(ms)).then(() => response.end(finish));
    else if (kind === "hold") response.write(token);
    else void pace(response, Number(tokens), Number(ms)).then(() => response.end(finish));
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => process.exit(0));

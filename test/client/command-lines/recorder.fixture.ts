import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onEnd } from "../../end.fixture.ts";

/** One call of a client, and what it was answered. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly answer: string;
}

/** Stands between a client and the gateway, and writes down what they say. */
export async function startRecorder(gatewayUrl: string): Promise<{ baseUrl: string; exchanges: Exchange[] }> {
  const exchanges: Exchange[] = [];
  const server = createServer((message, response) => {
    const sent: Buffer[] = [];
    message.on("data", (bytes: Buffer) => sent.push(bytes));
    message.on("end", () => {
      const { method = "", url: path = "", headers } = message;
      const text = Buffer.concat(sent);
      const onward = request(`${gatewayUrl}${path}`, { method, headers }, (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        let answer = "";
        reply.on("data", (bytes: Buffer) => {
          answer += bytes.toString();
          response.write(bytes);
        });
        reply.on("end", () => {
          const body = text.length === 0 ? {} : (JSON.parse(text.toString()) as Exchange["body"]);
          exchanges.push({ method, path, headers, body, status: reply.statusCode ?? 0, answer });
          response.end();
        });
      });
      onward.on("error", () => response.destroy());
      response.on("close", () => onward.destroy());
      onward.end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, exchanges };
}

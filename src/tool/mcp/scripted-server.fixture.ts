import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { join } from "node:path";
import { onEnd } from "../../../test/end.fixture.ts";
import type { ToolServerConfig } from "../../base/contract.ts";
import { createTalk, type Script } from "./scripted-talk.fixture.ts";
import { fill, runNode } from "./tool-servers.fixture.ts";

/** The configuration of a program that answers as the script says. */
export function play(script: Script, rest: Partial<ToolServerConfig> = {}): ToolServerConfig {
  const args = [join(import.meta.dirname, "scripted-program.fixture.ts"), JSON.stringify(script)];
  return runNode(args, rest);
}

/** The same at an address, until the test is finished; its answers are JSON, or streams of events. */
export async function playHttp(
  script: Script,
  form: "json" | "events",
  onRequest: (headers: IncomingHttpHeaders) => void = () => undefined,
): Promise<ToolServerConfig> {
  const answer = createTalk(script);
  const server = createServer((request, response) => {
    if (request.method !== "POST") return void response.writeHead(405).end();
    onRequest(request.headers);
    void text(request).then((asked) => {
      const said = answer(JSON.parse(asked) as object);
      if (said === undefined) return response.writeHead(202).end();
      const body = JSON.stringify(said);
      response.setHeader("content-type", form === "json" ? "application/json" : "text/event-stream");
      return response.end(form === "json" ? body : `: hello\n\nid: 1\nevent: message\ndata: ${body}\n\n`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onEnd(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return fill({ url: `http://127.0.0.1:${address.port}/mcp` });
}

/**
 * The tools `say` and `refuse` of `misbehave("plain")` at an address, for whoever needs a tool and not a program: that
 * costs more to start than most tests do.
 */
export function playSay(): Promise<ToolServerConfig> {
  const inputSchema = { type: "object", properties: { text: { type: "string" } } };
  const say = ({ text: said = "say" }: { readonly text?: string } = {}): object => ({
    content: [{ type: "text", text: said }],
  });
  const refuse = (): never => {
    throw new Error("no such thing");
  };
  const tools = ["say", "refuse"].map((name) => ({ name, description: `Does ${name}.`, inputSchema }));
  return playHttp({ tools, results: { say, refuse } }, "json");
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { createFolder, run } from "../recording/recording.fixture.ts";

export type Body = Readonly<Record<string, unknown>>;

/** What a server says: deltas, held together or each after a pause, and what it counts. */
export interface Said {
  readonly deltas: readonly Body[];
  readonly pauseMs?: number;
  /** Kept until the last of them has been said. */
  readonly isHeld?: (delta: Body) => boolean;
  readonly usage?: Body;
}

/** A completion for whoever does not ask for a stream, or any answer with another status. */
export type Talk = (body: Body, asked: number) => Said | { readonly status: number; readonly json: unknown };

/** The verdicts that the suite has of a server without any directive, whose model says what the test wants. */
export async function judge(id: string, talk: Talk): Promise<string[]> {
  let asked = 0;
  const server = createServer((request, response) => {
    void answer(request, response, (body) => talk(body, asked++)).catch(() => response.destroy());
  });
  server.on("checkContinue", (_request, response) => response.writeHead(413).end());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const { report } = await run(createFolder(), ["--base-url", url, "--model", "m", "--sdk", "7", "--only", id]);
  return report.results.map(({ verdict }) => verdict);
}

export function toWords(words: readonly string[]): Body[] {
  return words.map((word) => ({ content: word }));
}

async function answer(request: IncomingMessage, response: ServerResponse, talk: (body: Body) => ReturnType<Talk>) {
  let text = "";
  for await (const piece of request) text += String(piece);
  const body = toBody(text);
  const said = talk(body);
  if ("status" in said) return sendJson(response, said.status, said.json);
  return body["stream"] === true ? sendStream(response, said, body) : sendJson(response, 200, toCompletion(said));
}

function toBody(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}

function sendJson(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
}

function toCompletion({ deltas, usage }: Said): Body {
  const content = deltas.map(({ content: text }) => (typeof text === "string" ? text : "")).join("");
  const calls = deltas.flatMap((delta) => (delta["tool_calls"] ?? []) as unknown[]);
  const message = { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls }) };
  const choices = [{ index: 0, message, finish_reason: calls.length > 0 ? "tool_calls" : "stop" }];
  return { id: "c", object: "chat.completion", created: 1, model: "m", choices, ...(usage && { usage }) };
}

async function sendStream(response: ServerResponse, said: Said, body: Body): Promise<void> {
  const toEvent = (fields: Body): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", ...fields })}\n\n`;
  const toChunk = (delta: Body, reason: string | null): string =>
    toEvent({ choices: [{ index: 0, delta, finish_reason: reason }] });
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(toChunk({ role: "assistant", content: "" }, null));
  let held = "";
  for (const delta of said.deltas) {
    if (said.pauseMs !== undefined) await delay(said.pauseMs);
    if (said.isHeld?.(delta) === true) held += toChunk(delta, null);
    else response.write(toChunk(delta, null));
  }
  const usage = body["stream_options"] && said.usage ? toEvent({ choices: [], usage: said.usage }) : "";
  const reason = said.deltas.some((delta) => "tool_calls" in delta) ? "tool_calls" : "stop";
  response.end(`${held}${toChunk({}, reason)}${usage}data: [DONE]\n\n`);
}

import { expect } from "vitest";
import type { ChatCompletion, ChatCompletionChunk } from "../../src/base/contract.ts";
import type { TestGateway } from "../gateway.fixture.ts";
import { readEvents } from "../talk.fixture.ts";

export const modes = [
  { mode: "whole", stream: false },
  { mode: "streamed", stream: true },
];
export const weather = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
export const question = { role: "user", content: "What is the weather?" };
export const session = { "x-openclaw-session-key": "weather" };

const settings = { model: "openclaw", reasoning_effort: "high" };

/** The whole message, as a client puts it together that gives back all that it gets. */
export async function ask(
  { chat }: Pick<TestGateway, "chat">,
  body: object,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await chat({ ...settings, ...body }, headers);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  if (response.headers.get("content-type")?.startsWith("application/json") === true) {
    return (JSON.parse(text) as ChatCompletion).choices[0]?.message as unknown as Record<string, unknown>;
  }
  return joinChunks(readEvents(text) as ChatCompletionChunk[]);
}

function joinChunks(chunks: readonly ChatCompletionChunk[]): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const calls: Record<string, unknown>[] = [];
  for (const { choices } of chunks) {
    const { tool_calls: pieces, ...delta } = choices[0]?.delta ?? {};
    grow(message, delta);
    for (const { index, ...piece } of pieces ?? []) grow((calls[index] ??= {}), piece);
  }
  return calls.length === 0 ? message : { ...message, tool_calls: calls };
}

function grow(whole: Record<string, unknown>, piece: object): void {
  for (const [key, value] of Object.entries(piece)) {
    const known = whole[key];
    if (typeof known === "string" && key !== "id" && key !== "type") whole[key] = known + String(value);
    else if (typeof known === "object" && known !== null && !Array.isArray(known))
      grow(known as never, value as object);
    else whole[key] = structuredClone(value);
  }
}

export function toResult(message: Record<string, unknown>): object {
  const [call] = message["tool_calls"] as { readonly id: string }[];
  return { role: "tool", tool_call_id: call?.id, content: "7 degrees" };
}

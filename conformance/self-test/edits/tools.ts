import { eachDelta, eachMessage, eachToolCall, toDeltas } from "../edit.ts";
import type { Chunk, ProxiedCall } from "../mutant.ts";

export type Tree = Readonly<Record<string, unknown>>;

export function changeCalls(edit: (call: Tree) => unknown): (body: Record<string, unknown>) => unknown {
  return (body) => eachMessage(body, (message) => eachToolCall(message, edit));
}

export function changeFunctions(edit: (one: Tree) => unknown): (body: Record<string, unknown>) => unknown {
  return changeCalls((call) => ("function" in call ? { ...call, function: edit(call["function"] as Tree) } : call));
}

export function toMessages({ body }: ProxiedCall): readonly Tree[] {
  const messages = body?.["messages"];
  return Array.isArray(messages) ? (messages as Tree[]) : [];
}

export function changePieces(edit: (piece: Tree) => unknown): (chunk: Chunk) => Chunk {
  return (chunk) => eachDelta(chunk, (delta) => eachToolCall(delta, edit));
}

export function toChunkPieces(chunk: Chunk): Tree[] {
  return toDeltas(chunk).flatMap(({ tool_calls: calls }) => (Array.isArray(calls) ? (calls as Tree[]) : []));
}

export function toArguments(piece: Tree): string {
  return String((piece["function"] as Tree | undefined)?.["arguments"]);
}

/** The name that the chunk brings, if it begins a call. */
export function toName(chunk: Chunk): string | undefined {
  const name = (toChunkPieces(chunk)[0]?.["function"] as Tree | undefined)?.["name"];
  return typeof name === "string" ? name : undefined;
}

import type { ToolCall } from "../base/contract.ts";
import type { ServerToolMessage } from "../session/store.ts";
import type { ToolSet } from "../tool/tool-set.ts";
import type { RunEvent } from "./run-event.ts";

/** A call of a tool that runs inside the gateway. */
export interface ServerCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly args: string;
}

export function toServerCall(call: ToolCall): ServerCall {
  return call.type === "function"
    ? { id: call.id, name: call.function.name, args: call.function.arguments }
    : { id: call.id, name: call.custom.name, args: call.custom.input };
}

/**
 * Runs all calls at once and tells of each as it ends. Returns their results in the order of the calls. When one throws,
 * or the reader stops reading, the others are told to stop.
 */
export async function* runServerCalls(
  calls: readonly ServerCall[],
  tools: ToolSet,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, ServerToolMessage[]> {
  const left = new AbortController();
  const stopping = AbortSignal.any([signal, left.signal]);
  const results: ServerToolMessage[] = [];
  try {
    for (const { id, name } of calls) yield { type: "tool-start", id, name };
    const pending = new Map(calls.map((call, place) => [place, runCall(call, place, tools, stopping)]));
    while (pending.size > 0) {
      const { place, outcome } = await Promise.race(pending.values());
      pending.delete(place);
      if ("thrown" in outcome) throw outcome.thrown;
      const { id, name } = outcome.call;
      results[place] = { role: "tool", tool_call_id: id, content: outcome.text, origin: "server" };
      yield { type: "tool-end", id, name, failed: outcome.failed };
    }
  } finally {
    left.abort();
  }
  return results;
}

type Outcome =
  | { readonly call: ServerCall; readonly text: string; readonly failed: boolean }
  | { readonly thrown: unknown };

/** Never rejects: a rejection that nobody waits for any more would end the process. */
async function runCall(
  call: ServerCall,
  place: number,
  tools: ToolSet,
  signal: AbortSignal,
): Promise<{ readonly place: number; readonly outcome: Outcome }> {
  try {
    const { text, failed } = await tools.call(call.name, call.args, signal);
    return { place, outcome: { call, text, failed } };
  } catch (thrown) {
    return { place, outcome: { thrown } };
  }
}

import type { Listener } from "../base/listener.ts";
import type { NamedCall } from "../base/tool-call.ts";
import type { ServerToolMessage } from "../session/store.ts";
import type { ToolSet } from "../tool/tool-set.ts";
import type { MediaLimits } from "./media/media-limits.ts";
import { admitResult } from "./media/result-media.ts";
import type { RunEvent } from "./run-event.ts";

/**
 * Runs calls of tools inside the gateway, all at once, and tells of each as it ends. Resolves to their results in the
 * order of the calls. When one throws, the others are told to stop.
 */
export async function runServerCalls(
  calls: readonly NamedCall[],
  tools: ToolSet,
  { signal, emit }: Listener<RunEvent>,
  limits: MediaLimits,
): Promise<ServerToolMessage[]> {
  const failed = new AbortController();
  const stopping = AbortSignal.any([signal, failed.signal]);
  const runCall = async ({ id, name, text: args }: NamedCall): Promise<ServerToolMessage> => {
    const result = await tools.call(name, args, stopping);
    stopping.throwIfAborted();
    emit({ type: "tool-end", id, name, failed: result.failed });
    return { role: "tool", tool_call_id: id, ...admitResult(result, limits), origin: "server" };
  };
  for (const { id, name } of calls) emit({ type: "tool-start", id, name });
  try {
    return await Promise.all(calls.map(runCall));
  } catch (cause) {
    failed.abort(cause);
    throw cause;
  }
}

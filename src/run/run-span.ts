import { hash } from "node:crypto";
import type { Principal } from "../base/principal.ts";
import { names } from "../base/telemetry/attribute-names.ts";
import type { TraceContext, TraceSpan, Tracing } from "../base/telemetry/tracing.ts";
import { toUsageAttributes } from "../base/telemetry/usage-attributes.ts";
import type { ToolSet } from "../tool/tool-set.ts";
import type { Agent } from "./agents.ts";
import type { RunAnswer } from "./run-event.ts";
import { toStoredKey } from "../session/key.ts";

/** More of an argument or a result is for the tool's own records. */
const contentMax = 16_384;

/** What a span tells of a run's request. */
interface TracedRun {
  readonly agent: Agent;
  readonly session: { readonly key: string; readonly kept: boolean };
  readonly principal: Principal;
  readonly trace?: TraceContext | undefined;
}

export function startRunSpan(tracing: Tracing, request: TracedRun, runId: string): TraceSpan {
  const { agent, session, principal, trace } = request;
  return tracing.start(`invoke_agent ${agent.id}`, "internal", trace, {
    [names.operation]: "invoke_agent",
    [names.agent]: agent.id,
    [names.requestModel]: agent.models[0].name,
    // Names of people may be in keys of sessions, and two principals may have different sessions of one key.
    [names.conversation]: session.kept ? hash("sha256", toStoredKey(session.key, principal)).slice(0, 32) : undefined,
    [names.runId]: runId,
    [names.key]: principal.logFields.key,
  });
}

export function setAnswer(span: TraceSpan, { model, finishReason, usage }: RunAnswer): void {
  span.set({
    [names.responseModel]: model,
    [names.finishReasons]: [finishReason],
    ...toUsageAttributes(usage),
  });
}

/** The same tools, each call of which is a span. */
export function traceTools(set: ToolSet, tracing: Tracing, parent: TraceContext): ToolSet {
  return {
    ...set,
    async call(name, args, signal) {
      const { server, tool } = set.find(name);
      const span = tracing.start(`execute_tool ${tool}`, "internal", parent, {
        [names.operation]: "execute_tool",
        [names.toolName]: tool,
        [names.toolType]: "function",
        [names.toolServer]: server,
        [names.toolArguments]: tracing.content ? args.slice(0, contentMax) : undefined,
      });
      let failure: string | undefined = "cancelled";
      try {
        const result = await set.call(name, args, signal, tracing.write(span.context));
        failure = result.failed ? "tool_failed" : undefined;
        if (tracing.content) span.set({ [names.toolResult]: result.text.slice(0, contentMax) });
        return result;
      } finally {
        span.end(failure);
      }
    },
  };
}

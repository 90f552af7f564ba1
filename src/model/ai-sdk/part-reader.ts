import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import type { FinishReason, Usage } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { toStopSequences } from "../stop.ts";
import type { ModelEnd, ModelEvent, ModelRequest } from "../model.ts";
import { createCallOrder } from "./part-calls.ts";
import { PartState } from "./part-state.ts";
import { isUnknownEvent, toSdkFailure } from "./vendor-failure.ts";
import { createStopWatch } from "./stop-filter.ts";
import type { Vendor } from "./vendors.ts";

type Finish = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

/** Turns the parts of one answer into model events. */
export interface PartReader {
  /** True once nothing more is to be read. */
  readonly done: boolean;
  /** True if a stop sequence ended the answer, while the vendor goes on. */
  readonly stopped: boolean;
  /** Throws `GatewayError` if the part is an error. */
  read(part: LanguageModelV4StreamPart): void;
  /** Throws `upstream_error` if the vendor has not said that it is done. */
  end(): ModelEnd;
}

export function createPartReader(
  { tools, settings }: ModelRequest,
  vendor: Vendor,
  emit: (event: ModelEvent) => void,
): PartReader {
  const calls = createCallOrder({
    custom: new Set(tools.flatMap((tool) => (tool.type === "custom" ? tool.custom.name : []))),
    callsMax: vendor.lacks.has("parallel_tool_calls") && settings.parallel_tool_calls === false ? 1 : Infinity,
  });
  const stop = createStopWatch(vendor.lacks.has("stop") ? toStopSequences(settings.stop) : []);
  let finish: Finish | undefined;
  let refuses = false;
  const state = new PartState(vendor.state);
  const say = (event: ModelEvent): void => emit(state.say(event));

  const toEvents = (part: LanguageModelV4StreamPart): ModelEvent[] => {
    if (part.type === "text-delta") {
      return part.delta === "" ? [] : [{ type: refuses ? "refusal-delta" : "text-delta", text: part.delta }];
    }
    if (part.type === "reasoning-delta") {
      return part.delta === "" ? [] : [{ type: "reasoning-delta", text: part.delta }];
    }
    // Tools that the vendor runs itself are never asked for.
    if ("providerExecuted" in part && part.providerExecuted) return [];
    if (part.type === "tool-input-start") return calls.start(part.id, part.toolName);
    if (part.type === "tool-input-delta") return calls.delta(part.id, part.delta);
    if (part.type === "tool-call") return calls.end(part.toolCallId, part.toolName, part.input);
    return [];
  };

  return {
    get done() {
      return stop.stopped || finish !== undefined;
    },
    get stopped() {
      return stop.stopped;
    },
    read(part) {
      if (part.type === "error" && !isUnknownEvent(part.error)) throw toSdkFailure(part.error);
      if (part.type === "raw") refuses = isRefusal(part.rawValue);
      else if (part.type === "finish") finish = part;
      state.read(part);
      for (const event of toEvents(part)) for (const shown of stop.pass(event)) say(shown);
    },
    end() {
      for (const event of [...calls.finish(), ...stop.finish()]) say(event);
      const finishReason = stop.stopped ? "stop" : toFinishReason(finish?.finishReason, calls.count);
      return { finishReason, usage: toUsage(finish?.usage), state: state.finish() };
    },
  };
}

function isRefusal(raw: unknown): boolean {
  return typeof raw === "object" && raw !== null && "type" in raw && raw.type === "response.refusal.delta";
}

function toFinishReason(finish: LanguageModelV4FinishReason | undefined, calls: number): FinishReason {
  switch (finish?.unified) {
    case undefined:
    case "interrupted":
      throw new GatewayError("upstream_error", "The model's answer broke off.");
    case "error":
      throw new GatewayError("upstream_error", "The model provider failed.");
    case "length":
      return "length";
    case "content-filter":
      return "content_filter";
    case "stop":
    case "tool-calls":
    case "other":
      return calls > 0 ? "tool_calls" : "stop";
  }
}

function toUsage(usage: LanguageModelV4Usage | undefined): Usage | undefined {
  const prompt = usage?.inputTokens.total;
  const completion = usage?.outputTokens.total;
  if (prompt === undefined || completion === undefined) return undefined;
  const cached = usage?.inputTokens.cacheRead;
  const reasoning = usage?.outputTokens.reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

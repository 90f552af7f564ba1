import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import type { FinishReason } from "../../base/contract.ts";
import { type Ending, settle, toEnding } from "../finish.ts";
import type { CountedUsage, ModelEnd, ModelEvent, ModelRequest } from "../model.ts";
import type { ReportReason } from "../reason-log.ts";
import { toStopSequences } from "../stop.ts";
import { toCount } from "../usage.ts";
import { PartCalls } from "./part-calls.ts";
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
  /** True if the vendor has said so within its answer. */
  readonly failed: boolean;
  /** What was counted up to now, however the answer ends. */
  readonly usage: CountedUsage | undefined;
  /** Takes the counts of a part, and nothing else. */
  readonly count: (part: LanguageModelV4StreamPart) => void;
  /** Throws `upstream_error` if the vendor has not said that it is done, or has failed. */
  end(): ModelEnd;
}

export function createPartReader(
  { model, tools, settings }: ModelRequest,
  { vendor, reportReason }: { readonly vendor: Vendor; readonly reportReason: ReportReason },
  emit: (event: ModelEvent) => void,
): PartReader {
  const stop = createStopWatch(vendor.lacks.has("stop") ? toStopSequences(settings.stop) : []);
  const state = new PartState(vendor.state);
  const pass = (event: ModelEvent): void => {
    for (const shown of stop.pass(event)) emit(state.say(shown));
  };
  const calls = new PartCalls(pass, {
    custom: new Set(tools.flatMap((tool) => (tool.type === "custom" ? tool.custom.name : []))),
    callsMax: vendor.lacks.has("parallel_tool_calls") && settings.parallel_tool_calls === false ? 1 : Infinity,
  });
  let finish: Finish | undefined;
  let refuses = false;
  let isIncomplete = false;
  let failed = false;
  const say = (part: LanguageModelV4StreamPart): void => {
    if (part.type === "text-delta") {
      if (part.delta !== "") pass({ type: refuses ? "refusal-delta" : "text-delta", text: part.delta });
    } else if (part.type === "reasoning-delta") {
      if (part.delta !== "") pass({ type: "reasoning-delta", text: part.delta });
    } // Tools that the vendor runs itself are never asked for.
    else if ("providerExecuted" in part && part.providerExecuted) return;
    else if (part.type === "tool-input-start") calls.start(part.id, part.toolName);
    else if (part.type === "tool-input-delta") calls.add(part.id, part.delta);
    else if (part.type === "tool-call") calls.finish(part.toolCallId, part.toolName, part.input);
  };
  const settleAll = (): FinishReason => {
    if (stop.stopped) return "stop";
    const word = toPartEnding(finish?.finishReason);
    const ending = isIncomplete && (word === "stop" || word === "unknown") ? "length" : word;
    if (ending === "unknown") reportReason(model, finish?.finishReason.raw ?? "");
    return settle(ending, calls.assembler);
  };

  return {
    get done() {
      return stop.stopped || finish !== undefined;
    },
    get stopped() {
      return stop.stopped;
    },
    get failed() {
      return failed;
    },
    get usage() {
      return toUsage(finish?.usage);
    },
    count(part) {
      if (part.type === "finish") finish = part;
    },
    read(part) {
      if (part.type === "error" && !isUnknownEvent(part.error)) {
        failed = true;
        throw toSdkFailure(part.error);
      }
      if (part.type === "raw") {
        refuses = isOfType(part.rawValue, "response.refusal.delta");
        // It need not say why, and its package then knows of no end but the usual one.
        isIncomplete ||= isOfType(part.rawValue, "response.incomplete");
      } else if (part.type === "finish") finish = part;
      state.read(part);
      say(part);
    },
    end() {
      const finishReason = settleAll();
      for (const event of stop.finish()) emit(state.say(event));
      return { finishReason, usage: toUsage(finish?.usage), state: state.finish() };
    },
  };
}

function isOfType(raw: unknown, type: string): boolean {
  return typeof raw === "object" && raw !== null && "type" in raw && raw.type === type;
}

/** The packages know fewer words than their vendors have, and call `pause_turn` a stop: there the vendor's word counts. */
function toPartEnding(finish: LanguageModelV4FinishReason | undefined): Ending | undefined {
  switch (finish?.unified) {
    case undefined:
    case "interrupted":
      return undefined;
    case "error":
      return "failed";
    case "length":
      return "length";
    case "content-filter":
      return "content_filter";
    case "other":
      return toEnding(finish.raw) ?? "unknown";
    case "stop":
    case "tool-calls":
      return toEnding(finish.raw) ?? "stop";
  }
}

/** Zeros stand where the vendor has counted nothing: every prompt has tokens. */
function toUsage(usage: LanguageModelV4Usage | undefined): CountedUsage | undefined {
  const prompt = toCount(usage?.inputTokens.total);
  const completion = toCount(usage?.outputTokens.total);
  if (!prompt && !completion) return undefined;
  const cached = toCount(usage?.inputTokens.cacheRead);
  const reasoning = toCount(usage?.outputTokens.reasoning);
  return {
    ...(prompt ? { prompt_tokens: prompt } : {}),
    ...(completion === undefined ? {} : { completion_tokens: completion }),
    ...(prompt && completion !== undefined ? { total_tokens: prompt + completion } : {}),
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

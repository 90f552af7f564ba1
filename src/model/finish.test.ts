import { describe, expect, it } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { CallAssembler } from "./call-assembler.ts";
import { type Ending, settle, toEnding } from "./finish.ts";

describe("toEnding", () => {
  it.each<[want: Ending | undefined, reasons: unknown[]]>([
    [
      "stop",
      [
        "stop",
        "STOP",
        "Stop",
        "end_turn",
        "END-TURN",
        "stop_sequence",
        "COMPLETE",
        "eos",
        "eosFound",
        "FINISH_REASON_STOP",
      ],
    ],
    [
      "length",
      [
        "length",
        "MAX_TOKENS",
        "max-tokens",
        "maxTokens",
        "FinishReason.MAX_TOKENS",
        "model_length",
        "pause_turn",
        "CONTINUATION",
      ],
    ],
    [
      "content_filter",
      ["content_filter", "content-filter", "SAFETY", "refusal", "sensitive", "LANGUAGE", "ERROR_TOXIC"],
    ],
    ["tool_calls", ["tool_calls", "tool-calls", "toolCalls", "TOOL_CALL", "tool_use", "function_call"]],
    [
      "failed",
      [
        "error",
        "ERROR",
        "abort",
        "cancelled",
        "USER_CANCEL",
        "insufficient_system_resource",
        "OTHER",
        "UNEXPECTED_TOOL_CALL",
      ],
    ],
    ["unknown", ["because", "constructor", "__proto__", "toString", "x".repeat(1_000), "理由"]],
    [undefined, [undefined, null, "", 5, {}, "null", "FINISH_REASON_UNSPECIFIED", "not_finished", "--"]],
  ])("takes for %s: %j", (want, reasons) => {
    for (const reason of reasons) expect([reason, toEnding(reason)]).toEqual([reason, want]);
  });
});

describe("settle", () => {
  /** A call of these arguments, with or without the words that it is all. */
  const make = (...texts: readonly string[]): CallAssembler => {
    const calls = new CallAssembler(() => undefined);
    for (const text of texts) calls.add(calls.start("function", undefined, "go"), text);
    return calls;
  };

  it.each<[ending: Ending, texts: string[], want: string, count: number]>([
    ["stop", [], "stop", 0],
    ["tool_calls", [], "stop", 0],
    ["unknown", [], "stop", 0],
    ["stop", ["{}"], "tool_calls", 1],
    ["tool_calls", ["{}"], "tool_calls", 1],
    ["unknown", ["{}"], "tool_calls", 1],
    ["unknown", [""], "tool_calls", 1],
    ["unknown", ['{"a'], "length", 0],
    ["length", ['{"a'], "length", 0],
    ["length", [""], "length", 0],
    ["length", ["", '{"a'], "length", 1],
    ["length", ["{}", '{"a'], "length", 1],
    ["content_filter", ['{"a'], "content_filter", 0],
    // What a model has written and ended is its own; whoever runs the call tells it so.
    ["stop", ['{"a'], "tool_calls", 1],
  ])("makes of %s after calls of %j: %s, with %i of them", (ending, texts, want, count) => {
    const calls = make(...texts);
    expect([settle(ending, calls), calls.count]).toEqual([want, count]);
  });

  it.each<Ending | undefined>(["failed", undefined])("throws for %s", (ending) => {
    expect(() => settle(ending, undefined)).toThrow(GatewayError);
  });
});

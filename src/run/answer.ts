import type { AssistantMessage, FinishReason, TokenLogprob, ToolCall, Usage } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { ModelEvent } from "../model/model.ts";
import { createGrowingText, type GrowingText } from "./text.ts";

/** What one model call has given. */
export interface ModelAnswer {
  /** As the transcript keeps it, with all its tool calls. */
  readonly message: AssistantMessage;
  readonly reasoning: string;
  readonly logprobs: readonly TokenLogprob[] | undefined;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

/** Collects the events of one model call. */
export interface AnswerBuilder {
  add(event: ModelEvent): void;
  /** Throws `upstream_error` if the model's stream ended before its `end`. */
  finish(): ModelAnswer;
}

interface CallDraft {
  readonly id: string;
  readonly kind: "function" | "custom";
  readonly name: string;
  readonly text: GrowingText;
}

export function createAnswerBuilder(): AnswerBuilder {
  const text = createGrowingText();
  const reasoning = createGrowingText();
  const refusal = createGrowingText();
  let logprobs: TokenLogprob[] | undefined;
  let end: Extract<ModelEvent, { type: "end" }> | undefined;
  const calls: CallDraft[] = [];

  const add = (event: ModelEvent): void => {
    switch (event.type) {
      case "text-delta":
        text.add(event.text);
        if (event.logprobs !== undefined) (logprobs ??= []).push(...event.logprobs);
        return;
      case "reasoning-delta":
        reasoning.add(event.text);
        return;
      case "refusal-delta":
        refusal.add(event.text);
        return;
      case "tool-call-start":
        calls[event.index] = { id: event.id, kind: event.kind, name: event.name, text: createGrowingText() };
        return;
      case "tool-call-delta": {
        const call = calls[event.index];
        if (call === undefined) throw new GatewayError("upstream_error", "The model sent arguments for no tool call.");
        call.text.add(event.text);
        return;
      }
      case "end":
        end = event;
        return;
      case "start":
        return;
    }
  };

  const finish: AnswerBuilder["finish"] = () => {
    if (end === undefined) throw new GatewayError("upstream_error", "The model's answer broke off.");
    const message = toMessage(text.toString(), refusal.toString(), calls.map(toToolCall));
    return { message, reasoning: reasoning.toString(), logprobs, finishReason: end.finishReason, usage: end.usage };
  };

  return { add, finish };
}

export function toMessage(text: string, refusal: string, calls: readonly ToolCall[]): AssistantMessage {
  const silent = text === "" && (calls.length > 0 || refusal !== "");
  return {
    role: "assistant",
    content: silent ? null : text,
    refusal: refusal === "" ? null : refusal,
    ...(calls.length > 0 ? { tool_calls: [...calls] } : {}),
  };
}

function toToolCall({ id, kind, name, text }: CallDraft): ToolCall {
  return kind === "function"
    ? { id, type: "function", function: { name, arguments: text.toString() } }
    : { id, type: "custom", custom: { name, input: text.toString() } };
}

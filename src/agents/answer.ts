import type { AssistantMessage, FinishReason, ToolCall, Usage } from "../contract.ts";
import { GatewayError } from "../errors.ts";
import type { ModelEvent } from "../providers/provider.ts";

/** Collects the events of one model call into the message that the transcript keeps. */
export interface AnswerBuilder {
  add(event: ModelEvent): void;
  /** Throws `upstream_error` if the model's stream ended before its `end`. */
  finish(): { message: AssistantMessage; finishReason: FinishReason; usage: Usage };
}

interface CallDraft {
  readonly id: string;
  readonly kind: "function" | "custom";
  readonly name: string;
  text: string;
}

export function createAnswerBuilder(): AnswerBuilder {
  let text = "";
  let refusal = "";
  let end: Extract<ModelEvent, { type: "end" }> | undefined;
  const calls: CallDraft[] = [];

  const add = (event: ModelEvent): void => {
    switch (event.type) {
      case "text-delta":
        text += event.text;
        return;
      case "refusal-delta":
        refusal += event.text;
        return;
      case "tool-call-start":
        calls[event.index] = { id: event.id, kind: event.kind, name: event.name, text: "" };
        return;
      case "tool-call-delta": {
        const call = calls[event.index];
        if (call === undefined) throw new GatewayError("upstream_error", "The model sent arguments for no tool call.");
        call.text += event.text;
        return;
      }
      case "end":
        end = event;
        return;
      // Reasoning is shown while it happens, and never fed back to a model.
      case "reasoning-delta":
      case "start":
        return;
    }
  };

  const finish: AnswerBuilder["finish"] = () => {
    if (end === undefined) throw new GatewayError("upstream_error", "The model's answer broke off.");
    const silent = text === "" && (calls.length > 0 || refusal !== "");
    const message: AssistantMessage = {
      role: "assistant",
      content: silent ? null : text,
      refusal: refusal === "" ? null : refusal,
      ...(calls.length > 0 ? { tool_calls: calls.map(toToolCall) } : {}),
    };
    return { message, finishReason: end.finishReason, usage: end.usage };
  };

  return { add, finish };
}

function toToolCall({ id, kind, name, text }: CallDraft): ToolCall {
  return kind === "function"
    ? { id, type: "function", function: { name, arguments: text } }
    : { id, type: "custom", custom: { name, input: text } };
}

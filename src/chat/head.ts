import type { ChatCompletionRequest, FinishReason } from "../contract.ts";
import { createHexId } from "../id.ts";

/** What is the same in every chunk of a stream, and how the client wants its answer. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** As the client sent it. */
  readonly model: string;
  readonly includeUsage: boolean;
  /** The client used the legacy `functions`, so it reads `function_call`. */
  readonly legacy: boolean;
}

export function createHead(body: ChatCompletionRequest): AnswerHead {
  return {
    id: `chatcmpl-${createHexId()}`,
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    includeUsage: body.stream_options?.include_usage === true,
    legacy: body.functions !== undefined,
  };
}

export function toFinishReason(reason: FinishReason, { legacy }: AnswerHead): FinishReason {
  return legacy && reason === "tool_calls" ? "function_call" : reason;
}

import type { Included } from "../../run/agents.ts";
import type { ChatCompletionRequest, Choice, FinishReason, TokenLogprob } from "../../base/contract.ts";
import { createHexId } from "../../base/id.ts";

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
  /** What the client wants to see besides the answer. */
  readonly include: ReadonlySet<Included>;
}

export function createHead(body: ChatCompletionRequest, include: ReadonlySet<Included>): AnswerHead {
  return {
    id: `chatcmpl-${createHexId()}`,
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    includeUsage: body.stream_options?.include_usage === true,
    legacy: body.functions !== undefined,
    include,
  };
}

export function toFinishReason(reason: FinishReason, { legacy }: AnswerHead): FinishReason {
  return legacy && reason === "tool_calls" ? "function_call" : reason;
}

/** Null where none were asked for. */
export function toLogprobs(content: readonly TokenLogprob[] | undefined): Choice["logprobs"] {
  return content === undefined ? null : { content: [...content], refusal: null };
}

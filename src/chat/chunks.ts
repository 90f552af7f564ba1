import type { RunEvent } from "../agents/events.ts";
import type { ChatCompletionChunk, ChunkDelta, FinishReason } from "../contract.ts";
import { type AnswerHead, toFinishReason } from "./head.ts";

/** Run events as chunks. Throws the run's error, after which no chunk follows and none had a finish reason. */
export async function* toChunks(
  events: AsyncIterable<RunEvent>,
  head: AnswerHead,
): AsyncGenerator<ChatCompletionChunk> {
  yield toChunk(head, { role: "assistant", content: "" });
  for await (const event of events) {
    switch (event.type) {
      case "text-delta":
        yield toChunk(head, { content: event.text });
        break;
      case "refusal-delta":
        yield toChunk(head, { refusal: event.text });
        break;
      case "tool-call-start":
        yield toChunk(head, toCallStart(event, head));
        break;
      case "tool-call-delta":
        yield toChunk(head, toCallDelta(event, head));
        break;
      case "run-end":
        yield toChunk(head, {}, toFinishReason(event.finishReason, head));
        if (head.includeUsage) yield { ...toChunk(head, {}), choices: [], usage: event.usage };
        return;
      case "run-error":
        throw event.error;
      case "run-start":
      case "model-start":
      case "reasoning-delta":
        break;
    }
  }
}

/** A chunk that changes nothing, for clients that need to see life. */
export function toIdleChunk(head: AnswerHead): ChatCompletionChunk {
  return toChunk(head, { content: "" });
}

function toChunk(head: AnswerHead, delta: ChunkDelta, finishReason: FinishReason | null = null): ChatCompletionChunk {
  const chunk: ChatCompletionChunk = {
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  };
  if (head.includeUsage) chunk.usage = null;
  return chunk;
}

type CallStart = Extract<RunEvent, { type: "tool-call-start" }>;
type CallDelta = Extract<RunEvent, { type: "tool-call-delta" }>;

function toCallStart({ index, id, kind, name }: CallStart, { legacy }: AnswerHead): ChunkDelta {
  if (legacy) return { function_call: { name, arguments: "" } };
  return {
    tool_calls: [
      kind === "function"
        ? { index, id, type: "function", function: { name, arguments: "" } }
        : { index, id, type: "custom", custom: { name, input: "" } },
    ],
  };
}

/**
 * Later deltas leave `id`, `type` and `name` out: sent again, even as null, they break strict tools in SDK 7.
 */
function toCallDelta({ index, kind, text }: CallDelta, { legacy }: AnswerHead): ChunkDelta {
  if (legacy) return { function_call: { arguments: text } };
  return {
    tool_calls: [kind === "function" ? { index, function: { arguments: text } } : { index, custom: { input: text } }],
  };
}

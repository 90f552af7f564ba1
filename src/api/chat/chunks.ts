import type { RunEvent } from "../../run/run-event.ts";
import type { ChatCompletionChunk, ChunkDelta, FinishReason, TokenLogprob } from "../../base/contract.ts";
import { type AnswerHead, toFinishReason, toLogprobs } from "./head.ts";

/** Run events as chunks. Throws the run's error, after which no chunk follows and none had a finish reason. */
export async function* toChunks(
  events: AsyncIterable<RunEvent>,
  head: AnswerHead,
): AsyncGenerator<ChatCompletionChunk> {
  yield toChunk(head, { role: "assistant", content: "" });
  for await (const event of events) {
    switch (event.type) {
      case "text-delta":
        yield toChunk(head, { content: event.text }, { logprobs: event.logprobs });
        break;
      case "reasoning-delta":
        if (head.include.has("reasoning")) yield toChunk(head, { reasoning_content: event.text });
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
        yield toChunk(head, {}, { finishReason: toFinishReason(event.finishReason, head) });
        if (head.includeUsage) yield { ...toChunk(head, {}), choices: [], usage: event.usage };
        return;
      case "run-error":
        throw event.error;
      case "tool-start":
      case "tool-end":
        if (head.include.has("tools")) yield { ...toChunk(head, {}), x_clawgate: toProgress(event) };
        break;
      case "run-start":
      case "model-start":
        break;
    }
  }
}

/** A chunk that changes nothing, for clients that need to see life. */
export function toIdleChunk(head: AnswerHead): ChatCompletionChunk {
  return toChunk(head, { content: "" });
}

interface ChunkEnds {
  readonly finishReason?: FinishReason;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}

function toChunk(head: AnswerHead, delta: ChunkDelta, { finishReason, logprobs }: ChunkEnds = {}): ChatCompletionChunk {
  const chunk: ChatCompletionChunk = {
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
    choices: [{ index: 0, delta, logprobs: toLogprobs(logprobs), finish_reason: finishReason ?? null }],
  };
  if (head.includeUsage) chunk.usage = null;
  return chunk;
}

type Progress = NonNullable<ChatCompletionChunk["x_clawgate"]>;

function toProgress(event: Extract<RunEvent, { type: "tool-start" | "tool-end" }>): Progress {
  const { type, id, name } = event;
  return type === "tool-start" ? { event: type, id, name } : { event: type, id, name, failed: event.failed };
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

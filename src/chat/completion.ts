import type { RunEvent } from "../agents/events.ts";
import type { AssistantMessage, ChatCompletion } from "../contract.ts";
import { GatewayError } from "../errors.ts";
import { type AnswerHead, toFinishReason } from "./head.ts";

/** Waits for the end of a run and puts it into one answer. Throws the run's error. */
export async function toCompletion(events: AsyncIterable<RunEvent>, head: AnswerHead): Promise<ChatCompletion> {
  for await (const event of events) {
    if (event.type === "run-error") throw event.error;
    if (event.type !== "run-end") continue;
    return {
      id: head.id,
      object: "chat.completion",
      created: head.created,
      model: head.model,
      choices: [
        {
          index: 0,
          message: toMessage(event.message, head),
          logprobs: null,
          finish_reason: toFinishReason(event.finishReason, head),
        },
      ],
      usage: event.usage,
    };
  }
  throw new GatewayError("internal_error", "The run ended without a result.");
}

type AnswerMessage = ChatCompletion["choices"][number]["message"];

function toMessage({ content, refusal, tool_calls: calls }: AssistantMessage, { legacy }: AnswerHead): AnswerMessage {
  const message: AnswerMessage = {
    role: "assistant",
    content: typeof content === "string" ? content : null,
    refusal: refusal ?? null,
  };
  if (calls === undefined) return message;
  const [first] = calls;
  if (legacy && first?.type === "function") return { ...message, function_call: first.function };
  return { ...message, tool_calls: calls };
}

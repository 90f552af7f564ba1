import { type AnswerHead, showsState, toFinishReason, toLogprobs } from "./head.ts";
import type { ChatCompletion } from "../../base/contract.ts";
import { toToldState, withoutExtra } from "../../base/model-state.ts";
import type { RunAnswer } from "../../run/run-event.ts";

/** A whole answer. */
export function toCompletion(answer: RunAnswer, head: AnswerHead): ChatCompletion {
  const { logprobs, finishReason, usage } = answer;
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: [
      {
        index: 0,
        message: toMessage(answer, head),
        logprobs: toLogprobs(logprobs),
        finish_reason: toFinishReason(finishReason, head),
      },
    ],
    usage,
  };
}

type AnswerMessage = ChatCompletion["choices"][number]["message"];

function toMessage({ message: answer, reasoning }: RunAnswer, head: AnswerHead): AnswerMessage {
  const { legacy, include } = head;
  const { content, refusal, tool_calls: calls } = answer;
  const shows = showsState(answer, head);
  const message: AnswerMessage = {
    role: "assistant",
    content: typeof content === "string" ? content : null,
    refusal: refusal ?? null,
    annotations: [],
    ...(shows ? toToldState(answer) : {}),
    ...(include.has("reasoning") && reasoning !== "" ? { reasoning_content: reasoning } : {}),
  };
  if (calls === undefined) return message;
  const [first] = calls;
  if (legacy && first?.type === "function") return { ...message, function_call: first.function };
  return { ...message, tool_calls: shows ? calls : calls.map(withoutExtra) };
}

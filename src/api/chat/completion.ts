import type { RunAnswer, RunEvent } from "../../run/run-event.ts";
import type { ChatCompletion } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { type AnswerHead, toFinishReason, toLogprobs } from "./head.ts";

export interface WholeAnswer {
  /** The model that answered, as `provider/model`. */
  readonly model: string;
  readonly body: ChatCompletion;
}

/** Waits for the end of a run and puts it into one answer. Throws the run's error. */
export async function toCompletion(events: AsyncIterable<RunEvent>, head: AnswerHead): Promise<WholeAnswer> {
  for await (const event of events) {
    if (event.type === "run-error") throw event.error;
    if (event.type === "run-end") return { model: event.model, body: toBody(event, head) };
  }
  throw new GatewayError("internal_error", "The run ended without a result.");
}

function toBody(answer: RunAnswer, head: AnswerHead): ChatCompletion {
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

function toMessage({ message: answer, reasoning }: RunAnswer, { legacy, include }: AnswerHead): AnswerMessage {
  const { content, refusal, tool_calls: calls } = answer;
  const message: AnswerMessage = {
    role: "assistant",
    content: typeof content === "string" ? content : null,
    refusal: refusal ?? null,
    ...(include.has("reasoning") && reasoning !== "" ? { reasoning_content: reasoning } : {}),
  };
  if (calls === undefined) return message;
  const [first] = calls;
  if (legacy && first?.type === "function") return { ...message, function_call: first.function };
  return { ...message, tool_calls: calls };
}

import type { RunMark } from "./run-marks.ts";
import type {
  ChatMessage,
  ContentPart,
  SocketUsage,
  ToolCall,
  Usage,
  UserMessage,
  UserPart,
} from "../base/contract.ts";
import { toNamedCall } from "../base/tool-call.ts";
import type { RunAnswer } from "../run/run-event.ts";
import type { HistoryMessage } from "../session/store.ts";

/** Of one message, where nobody has said another number: what a client is sent it has to parse at once. */
const charactersMaxDefault = 100_000;

/** One message of a transcript as the protocol has it. Instructions are not stored, so there are none. */
export function toChatMessage(
  { sequence, createdAt, message }: HistoryMessage,
  charactersMax = charactersMaxDefault,
  mark?: RunMark,
): ChatMessage {
  const cut = new Cut(charactersMax);
  const shown = toShown(message, cut);
  const about = mark === undefined ? { id: `msg_${sequence}` } : toAbout(mark, shown.role, sequence);
  const whole = { ...about, seq: sequence, ...(cut.isShorter ? { truncated: true } : {}) };
  return { ...shown, timestamp: createdAt, __openclaw: whole };
}

function toAbout({ runId, wasAsked }: RunMark, role: ChatMessage["role"], sequence: number) {
  if (role !== "user") return { id: `msg_${sequence}`, runId };
  return { id: wasAsked ? toAskedId(runId) : `msg_${sequence}`, runId, idempotencyKey: runId };
}

/** By which clients tell a message that comes again. */
export function toMessageId({ __openclaw: about }: ChatMessage): string {
  return about?.id ?? "";
}

function toAskedId(runId: string): string {
  return `${runId}:user`;
}

/** A turn before it is stored; the same id is that of the stored one. */
export function toAskedMessage(runId: string, content: UserMessage["content"]): ChatMessage {
  const parts = toParts(content, new Cut(charactersMaxDefault));
  const about = { id: toAskedId(runId), runId, idempotencyKey: runId };
  return { role: "user", content: parts, timestamp: Date.now(), __openclaw: about };
}

function toShown(message: HistoryMessage["message"], cut: Cut): Omit<ChatMessage, "timestamp"> {
  if (message.role === "tool" || message.role === "function")
    return {
      role: "toolResult",
      content: toParts(message.content, cut),
      ...("tool_call_id" in message ? { toolCallId: message.tool_call_id } : {}),
    };
  if (message.role === "assistant") {
    const said = [...toParts(message.content, cut), ...toParts(message.refusal, cut)];
    return {
      role: "assistant",
      content: [...said, ...(message.tool_calls ?? []).map((call) => toCallPart(call, cut))],
    };
  }
  return { role: "user", content: toParts(message.content, cut) };
}

type Content =
  | string
  | null
  | undefined
  | readonly (UserPart | { readonly type: "refusal"; readonly refusal: string })[];

function toParts(content: Content, cut: Cut): ContentPart[] {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: cut.take(content) }];
  return content.map((part): ContentPart => {
    switch (part.type) {
      case "text":
        return { type: "text", text: cut.take(part.text) };
      case "refusal":
        return { type: "text", text: cut.take(part.refusal) };
      case "image_url":
        return { type: "image", omitted: true };
      case "input_audio":
        return { type: "audio", omitted: true };
      case "file":
        return { type: "file", omitted: true };
    }
  });
}

function toCallPart(call: ToolCall, cut: Cut): ContentPart {
  const { name, text } = toNamedCall(call);
  return { type: "toolCall", id: call.id, name, arguments: toArguments(cut.take(text)) };
}

function toArguments(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What is left of the characters that one message may have. */
class Cut {
  isShorter = false;
  #left: number;

  constructor(charactersMax: number) {
    this.#left = charactersMax;
  }

  take(text: string): string {
    const taken = text.slice(0, this.#left);
    this.#left -= taken.length;
    if (taken.length === text.length) return text;
    this.isShorter = true;
    return taken.toWellFormed();
  }
}

/** What a run has answered, or has said when it was ended. */
export function toAnswerMessage(text: string, answer?: RunAnswer): ChatMessage {
  return {
    role: "assistant",
    content: [{ type: "text", text }],
    timestamp: Date.now(),
    ...(answer === undefined ? {} : { ...toModel(answer.model), usage: toUsage(answer.usage) }),
  };
}

/** All that a run has said, as its events have told it: a refusal is said too. */
export function toText({ message: { content, refusal } }: RunAnswer): string {
  // A run's own answers are texts; parts are what clients tell.
  return `${typeof content === "string" ? content : ""}${refusal ?? ""}`;
}

/** The first slash parts the provider from its model. */
export function toModel(name: string): { readonly provider: string; readonly model: string } {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, Math.max(0, slash)), model: name.slice(slash + 1) };
}

export function toUsage({ prompt_tokens: input, completion_tokens: output, total_tokens: total }: Usage): SocketUsage {
  return { input, output, totalTokens: total };
}
